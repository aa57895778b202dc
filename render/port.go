package render

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/lua"
	"github.com/gwsync/gwsync/render/route"
)

// PortHeader is a header that a rendered Kong sets itself on each request, if its expressions have to tell listeners apart by port: to the
// port that the client connected to, as the listeners have it (port_maps in kong.conf). Backends get it too.
//
// Its name has no "-": Kong's router also finds a header that was sent with "_" for each, and prefers it, which would be the client's word
// (kong/router/fields.lua; underscores_in_headers in kong/templates/nginx_kong.lua).
const PortHeader = "GwsyncPort"

// portFunction sets [PortHeader] before the router looks at the request.
//
// Kong's own field, net.dst.port, is the port of the client's Host header where that has one: a client could choose a listener, and
// "Host: example.com:1234" would find none (kong/router/atc.lua, matching). Headers of the request are looked up for the key of the
// router's cache and for the expressions alike, so that neither can differ from what is set here. The other way would be to take the
// port off the Host header and to put it back later. It needs two internals of Kong instead of one, its cache of the headers and the
// phase after the router, which a function of the route's own takes away from a global one.
//
// Without ctx.host_port it is the port that Kong itself listens on, and without the header (of more than 100 the router sees the first 100)
// no listener's route matches: either way a request finds less than it should, never more.
//
// Source: Kong 3.9.3, kong/runloop/handler.lua (rewrite), kong/router/fields.lua.
func portFunction() lua.Chunk {
	return lua.New(`ngx.req.set_header(@header, ngx.ctx.host_port or ngx.var.server_port)`, lua.Values{"header": PortHeader})
}

// expression tells the requests for the place from others, as far as that is needed.
func (p place) expression() (route.Expr, error) {
	switch p.apart {
	case withoutTLS, withTLS:
		return p.serverName()
	case byPort:
		header, err := route.HTTPHeader(PortHeader)
		if err != nil {
			return nil, err
		}
		var any []route.Expr
		for _, d := range p.doors {
			any = append(any, header.Equal(strconv.Itoa(int(d.port))))
		}
		return route.Any(any...), nil
	case anyDoor:
	}
	return nil, nil
}

// separatePorts says of each route where Kong serves it on ports of listeners that it is not attached to, for targets that cannot tell
// ports apart: an error where it mixes with the routes there, else a warning.
func (t *translator) separatePorts(ds doors, rules []*rule) {
	routes := map[door]*hostSet{}
	for _, d := range ds.all {
		routes[d] = &hostSet{}
	}
	for _, r := range rules {
		for _, p := range r.places {
			for _, d := range p.doors {
				if r.first {
					routes[d].add(p.hostname)
				}
			}
		}
	}
	for _, r := range rules {
		for _, d := range ds.all {
			hostnames := t.beside(r, d)
			if r.first && len(hostnames) > 0 {
				t.report(t.otherPort(r, ds.listeners[d][0], slices.ContainsFunc(hostnames, routes[d].overlaps)))
			}
		}
	}
}

// beside returns the hostnames for which Kong serves a rule at a door that it is not attached to, though by the protocol of another one.
func (t *translator) beside(r *rule, d door) []string {
	var out []string
	for _, p := range r.places {
		if slices.Contains(p.doors, d) {
			return nil
		}
		if p.speaks(d.protocol) && t.leaks(p, d) {
			out = append(out, p.hostname)
		}
	}
	return out
}

// otherPort says that a route is served on the port of another listener. Mixed means that other routes are, too.
func (t *translator) otherPort(r *rule, l *bind.Listener, mixed bool) diag.Finding {
	why := "router flavor traditional_compatible cannot tell listeners apart by port"
	hint := "attach the route to that listener as well, or use a Kong with router_flavor = expressions"
	if t.target.Flavor == kong.Expressions {
		why = "profile declarative cannot tell listeners apart by port"
		hint = "attach the route to that listener as well, or render with --profile full"
	}
	f := unsupported(r.bound.Object, "spec.parentRefs", fmt.Sprintf(
		"Kong serves the route on port %d too, for listener %s of %s: %s", l.Spec.Port, l.Spec.Name, l.Object.Ref, why))
	f.Related, f.Hint = []diag.Pos{l.Pos}, hint
	if !mixed {
		f.Severity, f.Code = diag.Warning, ServedElsewhere
	}
	return f
}
