package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
)

// front is a port of the Gateways.
type front struct {
	port   int32
	secure bool
}

func (f front) String() string {
	return fmt.Sprintf("port %d (%s)", f.port, map[bool]string{true: "HTTPS", false: "HTTP"}[f.secure])
}

func (f front) compare(o front) int { return cmp.Compare(f.port, o.port) }

// parseFronts reads values of --port-listen: where a box listens for each port.
func parseFronts(flags []string) (map[front]string, error) {
	out := map[front]string{}
	for _, f := range flags {
		port, where, ok := strings.Cut(f, "=")
		address, ssl, more := strings.Cut(strings.TrimSpace(where), " ")
		number, err := strconv.ParseUint(port, 10, 16)
		if !ok || err != nil || number == 0 || more && strings.TrimSpace(ssl) != "ssl" {
			return nil, fmt.Errorf("--port-listen %q: want PORT=ADDRESS [ssl]", f)
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, fmt.Errorf("--port-listen %q: %w", f, err)
		}
		d := front{int32(number), more}
		if out[d] != "" {
			return nil, fmt.Errorf("--port-listen %q: %s has an address already", f, d)
		}
		out[d] = address
	}
	return out, nil
}

func frontOf(b bind.Binding) front {
	return front{b.Listener.Spec.Port, b.Listener.Spec.Protocol == gatewayv1.HTTPSProtocolType}
}

// fronts are the listeners of a preview for Gateways with several ports of a protocol, of which Kong tells requests apart by port: one of
// its own for each port, which port_maps leads to.
type fronts struct {
	box box
	at  addresses
	// serve serves on a listener in the background.
	serve func(l net.Listener, secure bool)
	// by are the URLs of the ports that have a listener.
	by map[front]string
}

// open listens for the ports of the routes that have no listener yet, and says so. The first ports of each protocol are those of the proxy.
func (f *fronts) open(ctx context.Context, w io.Writer, routes []*bind.Route) error {
	var opened []front
	for _, d := range portsOf(routes) {
		if _, ok := f.by[d]; ok {
			continue
		}
		address := f.url(d)
		if slices.Contains(slices.Collect(maps.Values(f.by)), address) {
			var err error
			if address, err = f.listen(ctx, address, d.secure); err != nil {
				return fmt.Errorf("proxy for %s: %w", d, err)
			}
			opened = append(opened, d)
		}
		f.by[d] = address
	}
	f.box.tell(f.at, f.by)
	for _, d := range opened {
		fmt.Fprintf(w, "proxy for %s of the Gateways on %s\n", d, f.by[d])
	}
	return nil
}

// portsOf returns the ports of the listeners that routes for requests are attached to, sorted.
func portsOf(routes []*bind.Route) []front {
	var out []front
	for _, r := range routes {
		for _, b := range r.Bindings() {
			isHTTP := b.Listener.Spec.Protocol == gatewayv1.HTTPProtocolType || b.Listener.Spec.Protocol == gatewayv1.HTTPSProtocolType
			if d := frontOf(b); isHTTP && !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	slices.SortFunc(out, front.compare)
	return out
}

// listen listens on a free port of the same host as an URL, and returns the URL of that.
func (f *fronts) listen(ctx context.Context, beside string, secure bool) (string, error) {
	host, _, err := net.SplitHostPort(bare(beside))
	if err != nil {
		return "", err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	f.serve(l, secure)
	return map[bool]string{true: "https://", false: "http://"}[secure] + l.Addr().String(), nil
}

// url returns where to ask for what comes to a port; that of the proxy unless it has one of its own.
func (f *fronts) url(d front) string {
	if address, ok := f.by[d]; ok {
		return address
	}
	return map[bool]string{true: f.at.secure, false: f.at.proxy}[d.secure]
}
