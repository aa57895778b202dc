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
	if err := f.tell(); err != nil {
		return err
	}
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

// tell has the Kong know of its ports, and which are in front of them.
func (f *fronts) tell() error {
	maps := map[uint16]uint16{}
	for d, address := range f.by {
		_, port, _ := net.SplitHostPort(bare(address))
		own, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return fmt.Errorf("port of %s: %w", address, err)
		}
		maps[uint16(own)] = uint16(d.port)
	}
	f.box.proxy.MapPorts(maps)
	f.box.report(f.at, f.by)
	return nil
}

// url returns where to ask for what comes to a port; that of the proxy unless it has one of its own.
func (f *fronts) url(d front) string {
	if address, ok := f.by[d]; ok {
		return address
	}
	return map[bool]string{true: f.at.secure, false: f.at.proxy}[d.secure]
}
