package bind

import (
	"slices"

	"github.com/gwsync/gwsync/render/diag"
)

// endpoint is what requests are told apart by before any route is looked at.
type endpoint struct {
	port     int32
	family   string
	hostname string
}

func endpointOf(l *Listener) endpoint {
	return endpoint{l.Spec.Port, protocolOf(l.Spec.Protocol).family, l.Hostname}
}

// markConflicts rejects all listeners of a Gateway that are not distinct (GW Listeners, "Handling indistinct
// Listeners"): none of them wins. TCP, cleartext HTTP and TLS (which HTTPS is) cannot share a port; UDP has ports of its own.
// Listeners of unknown protocols take no part.
func markConflicts(listeners []*Listener) {
	byPort := map[int32][]*Listener{}
	byEndpoint := map[endpoint][]*Listener{}
	for _, l := range listeners {
		e := endpointOf(l)
		if e.family == "" {
			continue
		}
		byEndpoint[e] = append(byEndpoint[e], l)
		if e.family != "UDP" {
			byPort[e.port] = append(byPort[e.port], l)
		}
	}
	for _, l := range listeners {
		e := endpointOf(l)
		others := func(o *Listener) bool { return endpointOf(o).family == e.family }
		switch rivals := slices.DeleteFunc(slices.Clone(byPort[e.port]), others); {
		case e.family == "":
		case e.family != "UDP" && len(rivals) > 0:
			l.conflict(ProtocolConflict, rivals)
		case len(byEndpoint[e]) > 1:
			l.conflict(HostnameConflict, slices.DeleteFunc(slices.Clone(byEndpoint[e]), func(o *Listener) bool { return o == l }))
		}
	}
}

func (l *Listener) conflict(reason string, rivals []*Listener) {
	l.Rejected, l.conflicts = reason, rivals
}

// reportShared warns of listeners of two Gateways that one Kong cannot tell apart. The specification allows to merge Gateways whose
// listeners are distinct (GW Listeners, "Compatible Listeners").
func (b *builder) reportShared() {
	first := map[endpoint]*Listener{}
	for _, gw := range b.Gateways {
		for _, l := range gw.Listeners {
			e := endpointOf(l)
			o, taken := first[e]
			switch {
			case l.Rejected != "":
			case !taken:
				first[e] = l
			case o.Gateway != gw:
				b.report(diag.Finding{
					Severity: diag.Warning, Code: SharedListener, Object: gw.Object.Ref.Diag(), Pos: l.Pos, Field: l.field,
					Message: say("listener %s has the port and hostname of listener %s of %s: one Kong serves the routes of both on either",
						l.Name(), o.Name(), o.Gateway.Object.Ref),
					Hint:    "give one of them another port or hostname, or give the Gateways a Kong each",
					Related: []diag.Pos{o.Pos},
				})
			}
		}
	}
}
