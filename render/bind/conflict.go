package bind

import (
	"cmp"
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
)

// endpoint is what requests are told apart by before any route is looked at.
type endpoint struct {
	portal
	hostname string
}

// portal is a port and a family of protocols: UDP has ports of its own, and of the others one Kong serves one family a port.
type portal struct {
	port   int32
	family string
}

func endpointOf(l *Listener) endpoint {
	return endpoint{portal{l.Spec.Port, protocolOf(l.Spec.Protocol).family}, l.Hostname}
}

// markConflicts rejects the listeners of a Gateway and its ListenerSets that are not distinct. Among listeners of one object none
// wins (GW Listeners, "Handling indistinct Listeners"); those of an object that comes later give way to all that came before,
// whether these can serve or not (LS ListenerSetSpec).
func markConflicts(gw *Gateway) {
	taken := claims{}
	taken.settle(gw.Listeners)
	for _, s := range gw.Sets {
		taken.settle(s.Listeners)
	}
}

// claims are the listeners that others must not be confused with: the first of each endpoint and of each portal. A portal's
// endpoint has the hostname "*", which is no listener's.
type claims map[endpoint]*Listener

func (c claims) settle(listeners []*Listener) {
	var left []*Listener
	for _, l := range listeners {
		e := endpointOf(l)
		first, taken := c[e]
		switch rivals := c.rivals(e.portal); {
		case e.family == "": // takes no part
		case len(rivals) > 0:
			l.conflict(ProtocolConflict, rivals)
		case taken:
			l.conflict(HostnameConflict, []*Listener{first})
		default:
			left = append(left, l)
		}
	}
	markIndistinct(left)
	for _, l := range left {
		c.add(l)
	}
}

func (c claims) add(l *Listener) {
	e := endpointOf(l)
	for _, e := range []endpoint{e, {e.portal, "*"}} {
		if _, taken := c[e]; !taken {
			c[e] = l
		}
	}
}

// rivals returns the first listener of each family that cannot share the port.
func (c claims) rivals(p portal) []*Listener {
	var out []*Listener
	for _, family := range []string{"HTTP", "HTTPS", "TLS", "TCP"} {
		if l, ok := c[endpoint{portal{p.port, family}, "*"}]; ok && p.family != udp && p.family != family {
			out = append(out, l)
		}
	}
	return out
}

// markIndistinct rejects all listeners that are not distinct from each other. There are no more than an object can have.
func markIndistinct(listeners []*Listener) {
	for _, l := range listeners {
		e := endpointOf(l)
		var families, hostnames []*Listener
		for _, o := range listeners {
			switch other := endpointOf(o); {
			case o == l || other.port != e.port || other.family != e.family && (e.family == udp || other.family == udp):
			case other.family != e.family:
				families = append(families, o)
			case other.hostname == e.hostname:
				hostnames = append(hostnames, o)
			}
		}
		switch {
		case len(families) > 0:
			l.conflict(ProtocolConflict, families)
		case len(hostnames) > 0:
			l.conflict(HostnameConflict, hostnames)
		}
	}
}

func (l *Listener) conflict(reason string, rivals []*Listener) {
	l.Rejected, l.conflicts = reason, rivals
}

// markOverlaps notes which listeners of a Gateway terminate TLS for hostnames of another one of the port. A hostname has no more wider
// ones than labels, so that this takes time linear in the listeners.
func markOverlaps(listeners []*Listener) {
	at, rank := map[endpoint]*Listener{}, map[*Listener]int{}
	for i, l := range listeners {
		rank[l] = i
		if l.Rejected == "" && l.TLSMode() == gatewayv1.TLSModeTerminate {
			at[endpointOf(l)] = l
		}
	}
	for _, l := range listeners {
		e := endpointOf(l)
		if at[e] != l {
			continue
		}
		for wider := range widerHostnames(l.Hostname) {
			if o, ok := at[endpoint{e.portal, wider}]; ok {
				l.Overlaps, o.Overlaps = append(l.Overlaps, o), append(o.Overlaps, l)
			}
		}
	}
	for _, l := range listeners {
		slices.SortFunc(l.Overlaps, func(a, b *Listener) int { return cmp.Compare(rank[a], rank[b]) })
	}
}

// reportShared reports listeners of two Gateways that one Kong cannot tell apart. The specification allows to merge Gateways whose
// listeners are distinct, and no others (GW Listeners, "Compatible Listeners").
func (b *builder) reportShared() {
	taken := claims{}
	for _, gw := range b.Gateways {
		all := slices.DeleteFunc(gw.AllListeners(), func(l *Listener) bool { return !l.Distinct() })
		for _, l := range all {
			e := endpointOf(l)
			if rivals := taken.rivals(e.portal); len(rivals) > 0 {
				o := rivals[0]
				b.reportSharing(l, o, say("%s has port %d for protocol %s, and %s for protocol %s: one Kong cannot serve both",
					whole(l), l.Spec.Port, string(l.Spec.Protocol), whole(o), string(o.Spec.Protocol)))
			} else if o, ok := taken[e]; ok {
				b.reportSharing(l, o, say("%s has %s, as has %s: one Kong cannot tell whose a request is", whole(l), l.claim(), whole(o)))
			}
		}
		for _, l := range all {
			taken.add(l)
		}
	}
}

// whole names a listener and its Gateway.
func whole(l *Listener) string {
	if l.Set == nil {
		return say("listener %s of %s", l.Name(), l.Gateway.Object.Ref)
	}
	return say("listener %s of %s for %s", l.Name(), l.Object.Ref, l.Gateway.Object.Ref)
}

// reportSharing reports that a listener cannot be told apart from one of another Gateway.
func (b *builder) reportSharing(l, other *Listener, message string) {
	here, there := l.Gateway.Object.Ref, other.Gateway.Object.Ref
	b.report(diag.Finding{
		Severity: diag.Error, Code: SharedListener, Object: l.Object.Ref.Diag(), Pos: l.Pos, Field: l.field, Message: message,
		Hint: say("give each Gateway a Kong, and gwsync --gateway %s/%s for the one and --gateway %s/%s for the other; "+
			"or give one of the listeners another port or hostname", there.Namespace, there.Name, here.Namespace, here.Name),
		Related: []diag.Pos{other.Pos},
	})
}
