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

// refuseOtherPorts reports the routes that Kong would also serve on ports of listeners that they are not attached to. A Kong route
// does not know ports: what Kong takes for one in an expression is the port that the client wrote into its Host header.
// Listeners that serve nothing count too: what stays shut must not be open by way of another.
func (t *translator) refuseOtherPorts(g *bind.Graph, rules []*rule) {
	behind := map[door]*hostSet{}
	first := map[door]*bind.Listener{}
	for _, gateway := range g.Gateways {
		for _, l := range gateway.Listeners {
			d, ok := doorOf(l)
			if !ok {
				continue
			}
			if first[d] == nil {
				first[d], behind[d] = l, &hostSet{}
			}
			behind[d].add(l.Hostname)
		}
	}
	doors := slices.SortedFunc(maps.Keys(first), func(a, b door) int {
		return cmp.Or(cmp.Compare(a.port, b.port), cmp.Compare(a.protocol, b.protocol))
	})
	for _, r := range rules {
		if r.rule.Index > 0 {
			continue
		}
		for _, d := range doors {
			if r.beside(d) && slices.ContainsFunc(r.hostnames(), behind[d].overlaps) {
				t.report(t.otherPort(r, first[d]))
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

func (t *translator) otherPort(r *rule, l *bind.Listener) diag.Finding {
	f := unsupported(r.bound.Object, "spec.parentRefs", fmt.Sprintf(
		"Kong would serve the route on port %d too, for listener %s of %s: gwsync cannot tell listeners apart by port yet",
		l.Spec.Port, l.Spec.Name, l.Gateway.Object.Ref))
	f.Related = []diag.Pos{l.Pos}
	f.Hint = "attach the route to that listener as well, or give the listeners hostnames that have nothing in common"
	return f
}
