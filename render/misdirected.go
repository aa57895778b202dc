package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// topPriority is Kong's largest for a route of flavor expressions.
//
// Source: Kong 3.9.3, kong/db/schema/entities/routes.lua.
const topPriority = 1<<46 - 1

// misdirected has Kong answer 421 where a client asks on the connection to one HTTPS listener for a host of another one of the port, as by
// HTTP/2 it may if a certificate is for both (RFC 9113, 9.1.2; GW Listener.Hostname, "misdirected requests"): the host decides about the
// routes, the server name of the handshake about the certificate and whether a client had to present one. Clients that name no server pass.
// It takes flavor expressions, and where HTTPS has several ports, that the routes are told apart by port; a finding says where it is not
// to be had.
func (t *translator) misdirected(g *bind.Graph, rules []*rule) {
	ds := doorsOf(g)
	apart, missing := anyDoor, ""
	if len(ds.secure()) > 1 {
		byPorts := func(p place) bool { return p.apart == byPort }
		if apart = byPort; !slices.ContainsFunc(rules, func(r *rule) bool { return slices.ContainsFunc(r.places, byPorts) }) {
			missing = "no route is for one port of HTTPS only, so that Kong looks at none"
		}
	}
	if t.target.Flavor != kong.Expressions {
		missing = "router flavor traditional_compatible has no route for what a request is not for"
	}
	for _, d := range ds.secure() {
		listeners := map[string]*bind.Listener{}
		for _, l := range ds.listeners[d] {
			if l.Distinct() && listeners[l.Hostname] == nil {
				listeners[l.Hostname] = l
			}
		}
		if len(listeners) < 2 {
			continue
		}
		if missing != "" {
			t.warnOfMisdirected(ds.listeners[d], d, missing)
			continue
		}
		within := hostsWithin(listeners)
		for _, l := range ds.listeners[d] {
			if listeners[l.Hostname] == l {
				t.misdirectedAt(l, place{hostname: l.Hostname, doors: []door{d}, apart: apart}, within[l.Hostname])
			}
		}
	}
}

// warnOfMisdirected says that requests are served which are on the connection of another listener of a port, once for the port.
func (t *translator) warnOfMisdirected(listeners []*bind.Listener, d door, why string) {
	l := listeners[0]
	f := unsupported(l.Object, fmt.Sprintf("spec.listeners[%d]", l.Index), fmt.Sprintf(
		"a request for a host of one HTTPS listener of port %d on the connection to another one is served rather than answered 421: %s",
		d.port, why))
	f.Severity, f.Code, f.Pos = diag.Warning, MisdirectedRequest, l.Pos
	for _, other := range listeners[1:min(len(listeners), 4)] {
		f.Related = append(f.Related, other.Pos)
	}
	if t.target.Flavor != kong.Expressions {
		f.Hint = "use a Kong with router_flavor = expressions, or certificates that are for the hostnames of one listener each"
	}
	t.report(f)
}

// hostsWithin returns the hostnames of listeners that are within that of another, sorted.
func hostsWithin(listeners map[string]*bind.Listener) map[string][]string {
	out := map[string][]string{}
	for h := range listeners {
		for _, wider := range append(wildcardsOver(h), "") {
			if h != wider && listeners[wider] != nil {
				out[wider] = append(out[wider], h)
			}
		}
	}
	for _, list := range out {
		slices.Sort(list)
	}
	return out
}

// misdirectedAt adds the Route for the requests whose host is a listener's, and whose server name is none of its.
func (t *translator) misdirectedAt(l *bind.Listener, p place, within []string) {
	door, err := p.expression()
	if err != nil {
		t.report(unsupported(l.Object, fmt.Sprintf("spec.listeners[%d]", l.Index), err.Error()))
		return
	}
	anything, err := route.CompileRegex(".")
	if err != nil {
		return
	}
	host, name := route.HTTPHost().Lower(), route.TLSSNI().Lower()
	r := listenerRule(l, p.doors[0])
	r.name += ".misdirected"
	r.plugins = []*plugin{{name: "request-termination", config: map[string]any{"status_code": 421, "message": "Misdirected Request"}}}
	fields := map[string]any{
		"expression": route.All(among(host, l.Hostname, within), route.TLSSNI().Matches(anything), route.Not(among(name, l.Hostname, within)),
			door).String(),
		"priority": int64(topPriority), "protocols": r.protocols, "strip_path": false, "preserve_host": true,
	}
	t.route(r, r.name, fields, r.matches[0].origin())
}

// among says that a name is a listener's: within its hostname, and none of those within that, which are other listeners'.
func among(name route.TextField, hostname string, within []string) route.Expr {
	var all []route.Expr
	if hostname != "" {
		all = append(all, isHost(name, hostname))
	}
	for _, h := range within {
		all = append(all, route.Not(isHost(name, h)))
	}
	return route.All(all...)
}

// isHost says that a name is a hostname, or is within a wildcard.
func isHost(name route.TextField, hostname string) route.Expr {
	if suffix, ok := strings.CutPrefix(hostname, "*"); ok {
		return name.HasSuffix(suffix)
	}
	return name.Equal(hostname)
}
