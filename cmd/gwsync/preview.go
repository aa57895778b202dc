package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync"
)

// preview serves what a source holds, and each change of it.
type preview struct {
	p       process
	box     box
	source  sync.Source
	options render.Options
}

// often is how often a preview looks for changes.
const often = 500 * time.Millisecond

// run serves until ctx ends. What the source holds at first must be fit to be served.
func (v preview) run(ctx context.Context, at addresses, ready func(addresses)) error {
	g, ctx := errgroup.WithContext(ctx)
	served := make(chan addresses, 1)
	g.Go(func() error {
		return v.box.serve(ctx, at, func(at addresses) {
			ready(at)
			served <- at
		})
	})
	g.Go(func() error {
		var at addresses
		select {
		case <-ctx.Done():
			return nil
		case at = <-served:
		}
		ports := fronts{box: v.box, at: at, by: maps.Clone(at.fronts), serve: func(l net.Listener, secure bool) {
			serve := map[bool]serveFunc{true: v.box.proxy.ServeTLS, false: v.box.proxy.Serve}[secure]
			g.Go(func() error { return named("proxy", serve(ctx, l)) })
		}}
		first := true
		return sync.Watch(ctx, v.source, often, func(s sync.Snapshot, err error) error {
			if err == nil {
				err = v.load(ctx, s, &ports, first)
			}
			if first || err == nil {
				first = false
				return err
			}
			printError(v.p.stderr, err)
			fmt.Fprintln(v.p.stderr, "what was served before stays")
			return nil
		})
	})
	return g.Wait()
}

// load renders a snapshot and puts it into the box.
func (v preview) load(ctx context.Context, s sync.Snapshot, ports *fronts, first bool) error {
	result, err := render.Render(s.Inputs, v.options)
	if err != nil {
		return err
	}
	if err := showFindings(v.p.stderr, result); err != nil {
		return err
	}
	if err := v.box.kong.Load(result.State); err != nil {
		return err
	}
	if err := ports.open(ctx, v.p.stderr, result.Graph.Routes); err != nil {
		return err
	}
	if !first {
		fmt.Fprintf(v.p.stderr, "%s took over the change: %s\n", time.Now().Format(time.TimeOnly), plural(result.State.Len(), "entity"))
		return nil
	}
	calls := callsOf(result.Graph.Routes)
	if len(calls) == 0 {
		fmt.Fprintln(v.p.stderr, "no HTTPRoute or GRPCRoute of the manifests is served")
		return nil
	}
	return writeCalls(v.p.stderr, calls, ports.url)
}

// backendMap returns the addresses to dial for backends, from NAMESPACE/NAME:PORT=URL.
func backendMap(flags []string, addresses render.Addresses) (func(host string, port int) (string, bool), error) {
	dial := map[string]string{}
	for _, f := range flags {
		backend, target, ok := strings.Cut(f, "=")
		ref, port, err := parseBackend(backend)
		if !ok || err != nil {
			return nil, fmt.Errorf("--backend %q: want NAMESPACE/NAME:PORT=URL", f)
		}
		address, err := dialAddress(target)
		if err != nil {
			return nil, fmt.Errorf("--backend %s: %w", backend, err)
		}
		host, number, err := addresses.Of(ref, port)
		if err != nil {
			return nil, fmt.Errorf("--backend %s: %w", backend, err)
		}
		dial[net.JoinHostPort(host, strconv.FormatInt(number, 10))] = address
	}
	return func(host string, port int) (string, bool) {
		address, ok := dial[net.JoinHostPort(host, strconv.Itoa(port))]
		return address, ok
	}, nil
}

// parseBackend reads NAMESPACE/NAME:PORT.
func parseBackend(s string) (manifest.Ref, int32, error) {
	namespace, rest, _ := strings.Cut(s, "/")
	name, number, _ := strings.Cut(rest, ":")
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil || namespace == "" || name == "" || port == 0 {
		return manifest.Ref{}, 0, errors.New("want NAMESPACE/NAME:PORT")
	}
	return manifest.Ref{Kind: "Service", Namespace: namespace, Name: name}, int32(port), nil
}

// dialAddress returns HOST:PORT of a URL. How a backend is spoken to is the rendered service's business, so that the URL has nothing
// but an address.
func dialAddress(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "", fmt.Errorf("%q is not a URL", s)
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.Path != "" && u.Path != "/", u.RawQuery != "", u.User != nil:
		return "", fmt.Errorf("%q: want http://HOST:PORT or https://HOST:PORT", s)
	case u.Port() != "":
		return u.Host, nil
	case u.Scheme == "https":
		return net.JoinHostPort(u.Hostname(), "443"), nil
	}
	return net.JoinHostPort(u.Hostname(), "80"), nil
}
