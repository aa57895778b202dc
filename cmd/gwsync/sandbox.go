package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

func newSandbox(p process) *cobra.Command {
	var from sourceFlags
	var how renderFlags
	var box boxFlags
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve an embedded Kong to try things on, or to preview manifests",
		Long: `Serve an embedded Kong in memory: Admin API and proxy, to try gwsync without a Kong. Requests that a route sends to a
backend are answered by an echo that says which backend it stands for, with the request as the backend would have got it.

With --path, -f or --repo it is a preview: it renders the manifests, serves them, and takes over every change of the files. What
has errors is not taken over: what was served before stays.

It models an open-source Kong 3.9.3 and refuses what it does not model; it holds nothing after it ends.`,
		Example: `  gwsync sandbox --path examples/cross-namespace
  gwsync sandbox -f manifests/ --backend shop/cart:80=http://127.0.0.1:3000`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serveSandbox(cmd, p, from, how, box)
		},
	}
	flags := cmd.Flags()
	box.add(flags)
	from.add(flags)
	how.add(flags)
	return cmd
}

// boxFlags say what the sandbox is and where it listens.
type boxFlags struct {
	at       addresses
	dbLess   bool
	load     string
	backends []string
}

func (f *boxFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.at.admin, "admin-listen", "127.0.0.1:8001", "`ADDRESS` of the Admin API; port 0 takes a free one")
	flags.StringVar(&f.at.proxy, "proxy-listen", "127.0.0.1:8000", "`ADDRESS` of the proxy for HTTP; port 0 takes a free one")
	flags.StringVar(&f.at.secure, "proxy-ssl-listen", "127.0.0.1:8443", "`ADDRESS` of the proxy for HTTPS; port 0 takes a free one")
	flags.BoolVar(&f.dbLess, "db-less", false, "be a Kong without a database, configured by POST /config")
	flags.StringVar(&f.load, "load", "", "begin with the declarative configuration in this `FILE`")
	flags.StringArrayVar(&f.backends, "backend", nil,
		"`NAMESPACE/NAME:PORT=URL` of a real backend to send requests to; may be repeated")
}

// serveSandbox serves until the command is interrupted.
func serveSandbox(cmd *cobra.Command, p process, from sourceFlags, how renderFlags, f boxFlags) error {
	o, err := how.options()
	if err != nil {
		return err
	}
	if o.Target.Flavor == "" {
		o.Target.Flavor = kong.TraditionalCompatible
	}
	mapped, err := backendMap(f.backends, o.Target.Addresses)
	if err != nil {
		return err
	}
	box := newBox(sandbox.Config{Flavor: o.Target.Flavor, DBLess: f.dbLess}, proxy.Options{Backend: mapped})
	if f.load != "" {
		if err := box.load(f.load); err != nil {
			return err
		}
	}
	ready := func(at addresses) {
		fmt.Fprintf(p.stderr, "Kong %s (%s) listens: Admin API on %s, proxy on %s and %s\n",
			sandbox.Version, o.Target.Flavor, at.admin, at.proxy, at.secure)
	}
	if !from.given(cmd.Flags()) {
		return box.serve(cmd.Context(), f.at, ready)
	}
	source, err := from.source(cmd.Flags(), p)
	if err != nil {
		return err
	}
	return preview{p: p, box: box, source: source, options: o}.run(cmd.Context(), f.at, ready)
}

// addresses are where a box listens: HOST:PORT to listen on, and then URLs to ask.
type addresses struct{ admin, proxy, secure string }

// box is an embedded Kong: Admin API and proxy.
type box struct {
	kong  *sandbox.Kong
	proxy *proxy.Proxy
}

func newBox(c sandbox.Config, o proxy.Options) box {
	k := sandbox.New(c)
	o.NodeID = k.NodeID()
	return box{kong: k, proxy: proxy.New(k.State, c.Flavor, o)}
}

// load puts a declarative configuration into the box.
func (b box) load(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	state, err := kong.Decode(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := b.kong.Load(state); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// serve listens until ctx ends. It calls ready with the URLs once they can be used.
func (b box) serve(ctx context.Context, at addresses, ready func(addresses)) error {
	g, ctx := errgroup.WithContext(ctx)
	var urls addresses
	for _, s := range []struct {
		name, address string
		handler       http.Handler
		tls           *tls.Config
		url           *string
	}{
		{"Admin API", at.admin, b.kong.Admin(), nil, &urls.admin},
		{"proxy", at.proxy, b.proxy, nil, &urls.proxy},
		{"proxy for HTTPS", at.secure, b.proxy, &tls.Config{GetCertificate: b.proxy.GetCertificate, MinVersion: tls.VersionTLS12}, &urls.secure},
	} {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.address)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		server := &http.Server{Handler: s.handler, ReadHeaderTimeout: time.Minute, DisableGeneralOptionsHandler: true, TLSConfig: s.tls}
		serve := func() error { return server.Serve(l) }
		*s.url = "http://" + l.Addr().String()
		if s.tls != nil {
			serve = func() error { return server.ServeTLS(l, "", "") }
			*s.url = "https://" + l.Addr().String()
		}
		g.Go(func() error {
			if err := serve(); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			return nil
		})
		g.Go(func() error {
			<-ctx.Done()
			return server.Close()
		})
	}
	ready(urls)
	return g.Wait()
}
