package bind

import (
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// route resolves all references of a route.
func (b *builder) route(r *Route) {
	for i := range r.Parents {
		b.parent(r, &r.Parents[i])
	}
	for i := range r.Rules {
		b.rule(r, &r.Rules[i])
	}
	countAttached(r)
	b.reportParents(r)
	if r.ours() {
		b.reportBackends(r)
	}
}

// parent resolves one parentRef in the order that the specification has: the object, then listeners by sectionName and
// port, then what each of them allows (SH ParentReference, RouteConditionReason).
func (g *Graph) parent(r *Route, p *Parent) {
	if p.Target.Group != gatewayGroup || p.Target.Kind != kindGateway {
		p.Reason = ForeignParent
		if p.Target.Group == gatewayGroup && p.Target.Kind == kindListenerSet {
			p.Reason = UnsupportedParent
		}
		return
	}
	gw, ours := g.gateways[p.Target]
	if !ours {
		p.Reason = ParentNotFound
		if _, exists := g.set.Get(p.Target); exists {
			p.Reason = ForeignGateway
		}
		return
	}
	p.Gateway = gw
	for _, l := range gw.Listeners {
		if selects(p.Ref, l) {
			p.Bindings = append(p.Bindings, g.bind(r, l))
		}
	}
	p.Reason = parentReason(p.Bindings)
	p.Accepted = p.Reason == ""
}

// selects reports whether a parentRef to the listener's Gateway is for this listener.
func selects(ref gatewayv1.ParentReference, l *Listener) bool {
	return (or(ref.SectionName, "") == "" || *ref.SectionName == l.Spec.Name) && (ref.Port == nil || *ref.Port == l.Spec.Port)
}

// parentReason is that of the furthest step that any listener reached; "" if one of them accepts.
func parentReason(bindings []Binding) string {
	reason := NoMatchingParent
	for _, b := range bindings {
		switch b.Reason() {
		case "":
			return ""
		case NoMatchingListenerHostname:
			reason = NoMatchingListenerHostname
		case NotAllowedByListeners:
			if reason == NoMatchingParent {
				reason = NotAllowedByListeners
			}
		}
	}
	return reason
}

// bind decides whether a listener accepts a route.
func (g *Graph) bind(r *Route, l *Listener) Binding {
	b := Binding{
		Listener:  l,
		kind:      slices.Contains(l.Kinds, r.Object.Ref.Kind),
		namespace: g.allows(l, r.Object.Ref.Namespace),
	}
	b.Hostnames, b.hostname = intersectAll(l.Hostname, r.Hostnames)
	b.Accepted = b.kind && b.namespace && b.hostname
	return b
}

// countAttached counts the route at each listener that accepts it, once.
func countAttached(r *Route) {
	var seen []*Listener
	for _, p := range r.Parents {
		for _, b := range p.Bindings {
			if b.Accepted && !slices.Contains(seen, b.Listener) {
				seen = append(seen, b.Listener)
				b.Listener.AttachedRoutes++
			}
		}
	}
}
