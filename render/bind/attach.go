package bind

import (
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// route resolves what a route says by itself: its rules, its references, and which listeners let it attach. Whether it comes first
// there is not known before all routes are.
func (b *builder) route(r *Route) {
	r.cover = r.Hostnames
	if len(r.cover) > 1 {
		r.cover = slices.Compact(slices.Sorted(slices.Values(r.Hostnames)))
	}
	for i := range r.Parents {
		b.parent(r, &r.Parents[i])
	}
	markRepeated(r.Parents)
	for i := range r.Rules {
		r.Rules[i].denials = b.ruleDenials(r, &r.Rules[i])
		r.Rules[i].Dropped = firstReason(r.Rules[i].denials)
		b.rule(r, &r.Rules[i])
	}
}

// decide decides about a route when it is known which routes come first, and reports what is wrong with it.
func (b *builder) decide(r *Route) {
	for i := range r.Parents {
		p := &r.Parents[i]
		if p.Reason == "" {
			p.Reason = parentReason(p.Bindings)
		}
		if p.Reason == "" {
			p.Reason = r.invalid()
		}
		p.Accepted = p.Reason == ""
		countAttached(p)
	}
	b.reportParents(r)
	b.reportWinners(r)
	if r.ours() {
		b.reportRules(r)
		b.reportPluginRefs(r.Object)
		b.reportBackends(r)
	}
}

// invalid returns why no rule of a route can be served: the reason of the first; "" if there are no rules, or one can.
func (r *Route) invalid() string {
	if len(r.Rules) == 0 || slices.ContainsFunc(r.Rules, func(rule Rule) bool { return rule.Dropped == "" }) {
		return ""
	}
	return r.Rules[0].Dropped
}

// parent resolves one parentRef in the order that the specification has: the object, then listeners by sectionName and
// port, then what each of them allows (SH ParentReference, RouteConditionReason). Its Reason stays "" if there are listeners to ask.
func (g *Graph) parent(r *Route, p *Parent) {
	listeners, reason := g.listenersOf(p)
	if p.Reason = reason; reason != "" {
		return
	}
	selected := 0
	for _, l := range listeners {
		if selects(p.Ref, l) {
			selected++
		}
	}
	p.Bindings = make([]Binding, 0, selected)
	for _, l := range listeners {
		if selects(p.Ref, l) {
			p.Bindings = append(p.Bindings, g.bind(r, l))
		}
	}
}

// listenersOf returns the listeners of a parent, and notes which Gateway and which ListenerSet they belong to; or it returns the
// reason why there are none of ours. Listeners of a Gateway are its own: those of its ListenerSets are to be had from
// the ListenerSets alone (LS ListenerSetSpec).
func (g *Graph) listenersOf(p *Parent) (listeners []*Listener, reason string) {
	if p.Target.Group == gatewayGroup && p.Target.Kind == kindListenerSet {
		return g.listenersOfSet(p)
	}
	if p.Target.Group != gatewayGroup || p.Target.Kind != kindGateway {
		return nil, ForeignParent
	}
	gw, ours := g.gateways[p.Target]
	if !ours {
		if _, exists := g.set.Get(p.Target); exists {
			return nil, ForeignGateway
		}
		return nil, ParentNotFound
	}
	p.Gateway = gw
	return gw.Listeners, ""
}

// listenersOfSet does as listenersOf for a ListenerSet. One that a Gateway of ours does not let attach has no listeners.
func (g *Graph) listenersOfSet(p *Parent) (listeners []*Listener, reason string) {
	set, exists := g.sets[p.Target]
	if !exists {
		return nil, ParentNotFound
	}
	p.Set, p.Gateway = set, set.Gateway
	if set.Gateway != nil {
		return set.Listeners, ""
	}
	switch set.Reason {
	case ParentNotFound, ForeignParent, ForeignGateway:
		return nil, set.Reason
	}
	return nil, NoMatchingParent
}

// selects reports whether a parentRef to what holds the listener is for this listener.
func selects(ref *gatewayv1.ParentReference, l *Listener) bool {
	return (or(ref.SectionName, "") == "" || *ref.SectionName == l.Spec.Name) && (ref.Port == nil || *ref.Port == l.Spec.Port)
}

// parentReason is that of the furthest step that any listener reached; "" if one of them accepts.
func parentReason(bindings []Binding) string {
	steps := []string{NoMatchingParent, NotAllowedByListeners, NoMatchingListenerHostname, HostnameConflict}
	furthest := 0
	for i := range bindings {
		reason := bindings[i].Reason()
		if reason == "" {
			return ""
		}
		furthest = max(furthest, slices.Index(steps, reason))
	}
	return steps[furthest]
}

// bind decides whether a listener lets a route attach.
func (g *Graph) bind(r *Route, l *Listener) Binding {
	b := Binding{
		Listener:  l,
		kind:      slices.Contains(l.Kinds, r.Object.Ref.Kind),
		namespace: g.allows(l, r.Object.Ref.Namespace),
	}
	switch {
	case !r.hasHostnames():
		b.hostname = true
	case l.Hostname == "":
		b.Hostnames, b.hostname = r.cover, true
	default:
		b.Hostnames, b.hostname = intersectAll(l.Hostname, r.cover)
	}
	b.Accepted = b.kind && b.namespace && b.hostname
	if b.Accepted && r.hasHostnames() {
		b.Elsewhere = g.elsewhere(l, b.Hostnames)
	}
	return b
}

// markRepeated marks the bindings to listeners that a parentRef before selects too. Only parentRefs to one object can.
func markRepeated(parents []Parent) {
	for i := range parents {
		for j := range parents[:i] {
			if parents[j].Target == parents[i].Target {
				markOverlap(parents[j].Bindings, parents[i].Bindings)
			}
		}
	}
}

// markOverlap marks the bindings of later that are to listeners of earlier. Both are in the order of their listeners.
func markOverlap(earlier, later []Binding) {
	for i := range later {
		l := later[i].Listener
		if _, ok := slices.BinarySearchFunc(earlier, l.Index, func(b Binding, index int) int { return b.Listener.Index - index }); ok {
			later[i].repeated = true
		}
	}
}

// countAttached counts the route at each listener that it is attached to, once, if the parent accepts it.
func countAttached(p *Parent) {
	for i := range p.Bindings {
		if b := &p.Bindings[i]; p.Accepted && b.Accepted && !b.repeated {
			b.Listener.AttachedRoutes++
		}
	}
}
