package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
)

// door is a port on which requests of one of Kong's protocols come in.
type door struct {
	protocol string
	port     int32
}

func doorOf(l *bind.Listener) (d door, ok bool) {
	switch l.Spec.Protocol {
	case gatewayv1.HTTPProtocolType:
		return door{"http", l.Spec.Port}, true
	case gatewayv1.HTTPSProtocolType:
		return door{"https", l.Spec.Port}, true
	}
	return door{}, false
}

// separatePorts reports the routes that Kong also serves on ports of listeners that they are not attached to: an error where they mix
// with the routes there, else a warning. A Kong route does not know ports: what Kong takes for one in an expression is the port
// that the client wrote into its Host header. Listeners that serve nothing count too: what stays shut is open by way of another.
func (t *translator) separatePorts(g *bind.Graph, rules []*rule) {
	first := map[door]*bind.Listener{}
	listeners, routes := map[door]*hostSet{}, map[door]*hostSet{}
	for _, gateway := range g.Gateways {
		for _, l := range gateway.AllListeners() {
			if d, ok := doorOf(l); ok {
				if first[d] == nil {
					first[d], listeners[d], routes[d] = l, &hostSet{}, &hostSet{}
				}
				listeners[d].add(l.Hostname)
			}
		}
	}
	for _, r := range rules {
		for _, b := range r.bindings {
			if d, ok := doorOf(b.Listener); ok && r.first {
				for _, h := range r.hostnames() {
					routes[d].add(h)
				}
			}
		}
	}
	doors := slices.SortedFunc(maps.Keys(first), func(a, b door) int {
		return cmp.Or(cmp.Compare(a.port, b.port), cmp.Compare(a.protocol, b.protocol))
	})
	for _, r := range rules {
		for _, d := range doors {
			if r.first && r.beside(d) && slices.ContainsFunc(r.hostnames(), listeners[d].overlaps) {
				t.report(otherPort(r, first[d], slices.ContainsFunc(r.hostnames(), routes[d].overlaps)))
			}
		}
	}
}

// beside reports whether a rule is served for the protocol of a door, but through other doors only.
func (r *rule) beside(d door) bool {
	protocol := false
	for _, b := range r.bindings {
		own, _ := doorOf(b.Listener)
		if own == d {
			return false
		}
		protocol = protocol || own.protocol == d.protocol
	}
	return protocol
}

// otherPort says that a route is served on the port of another listener. Mixed means that other routes are, too.
func otherPort(r *rule, l *bind.Listener, mixed bool) diag.Finding {
	f := unsupported(r.bound.Object, "spec.parentRefs", fmt.Sprintf(
		"Kong serves the route on port %d too, for listener %s of %s: gwsync cannot tell listeners apart by port yet",
		l.Spec.Port, l.Spec.Name, l.Object.Ref))
	f.Related = []diag.Pos{l.Pos}
	f.Hint = "attach the route to that listener as well, or give the listeners hostnames that have nothing in common"
	if !mixed {
		f.Severity, f.Code = diag.Warning, ServedElsewhere
	}
	return f
}
