package routetest

import (
	"context"
	"net/http"
	"strings"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// Offline is an embedded Kong with a rendered configuration.
type Offline struct {
	proxy    *proxy.Proxy
	backends map[string][]render.Backend
}

// NewOffline returns a Kong that holds what was rendered for a target, and lets Lua load what that takes.
func NewOffline(r render.Result, target render.Target) Offline {
	flavor := target.Flavor
	if flavor == "" {
		flavor = kong.TraditionalCompatible
	}
	state := r.State
	return Offline{
		proxy:    proxy.New(func() (kong.State, uint64) { return state, 1 }, flavor, proxy.Options{SandboxRequires: render.Modules(state)}),
		backends: render.Backends(r.Graph, target),
	}
}

// Ask returns what becomes of a request. The error is for a request that cannot be made.
func (k Offline) Ask(ctx context.Context, r Request) (Outcome, error) {
	req, err := r.proxied().HTTP(ctx)
	if err != nil {
		return Outcome{}, err
	}
	t := k.proxy.Trace(req)
	origin := t.Match.Route.Origin().Object
	routed, route := strings.HasSuffix(origin.Kind, "Route"), "" // a listener's own answers what no route matches
	if routed {
		route = origin.String()
	}
	out := Outcome{
		Status: t.Status, Header: t.Header, Routed: &routed, Route: &route, Sent: &Sent{}, Echoed: len(t.Sent) > 0,
	}
	for _, last := range t.Sent {
		if last.Copy {
			continue
		}
		out.Sent = &Sent{Path: last.Target, Host: last.Host, Header: last.Header, Backends: names(k.backends, last.Backend)}
	}
	return out, nil
}

// names returns the names of the backends at an address; the address itself, if none is known.
func names(backends map[string][]render.Backend, address string) []string {
	var out []string
	for _, b := range backends[address] {
		out = append(out, b.String())
	}
	if len(out) == 0 {
		return []string{address}
	}
	return out
}

// proxied returns the request as the embedded proxy takes it.
func (r Request) proxied() proxy.Request {
	out := proxy.Request{Method: r.Method, GRPC: r.GRPC, URL: r.URL, Header: http.Header{}, Body: []byte(r.Body)}
	for name, value := range r.Headers {
		out.Header.Set(name, value)
	}
	return out
}
