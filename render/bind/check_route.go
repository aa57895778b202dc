package bind

import (
	"fmt"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// parentChecks tells how far a parentRef got before any listener was asked.
func (c checker) parentChecks(r *Route, p *Parent) []Check {
	kind, name := p.field+".kind", p.field+".name"
	switch {
	case p.Reason == ForeignParent && p.Set == nil:
		return []Check{deny(checkKind, p.Reason, r.Object.At(kind),
			"kind %s of group %q is neither the Gateway API's Gateway nor its ListenerSet", p.Target.Kind, p.Target.Group).
			in(kind).fix(meantParent(p.Target, kindGateway, kindListenerSet))}
	case p.Reason == ParentNotFound && p.Set == nil:
		return []Check{c.absent(checkExists, p.Reason, r.Object.At(name), p.Target, func() string { return c.otherParents(p) }).in(name)}
	case p.Set != nil:
		return append(c.parentSetChecks(r, p), listenerCheck(r, p)...)
	}
	gateway, _ := c.set.Get(p.Target)
	return append(c.gatewayChecks(gateway), listenerCheck(r, p)...)
}

// gatewayChecks tells whose a Gateway is that exists.
func (c checker) gatewayChecks(gateway manifest.Object) []Check {
	spec, ok := gateway.Typed.(*gatewayv1.Gateway)
	if !ok {
		return nil
	}
	class := c.owner(gateway.Ref, spec)
	checks := []Check{pass(checkExists, gateway.At(""), "the Gateway exists")}
	if !class.ours {
		return append(checks, deny(checkClass, ForeignGateway, gateway.At("spec.gatewayClassName"), "%s", class.String()))
	}
	return append(checks, pass(checkClass, class.decided(gateway), "%s", class.String()))
}

// parentSetChecks tells whether the ListenerSet that a parentRef names belongs to a Gateway of ours. Why it does not is for its own
// explanation to say.
func (c checker) parentSetChecks(r *Route, p *Parent) []Check {
	s := p.Set
	checks := []Check{pass(checkExists, s.Object.At(""), "the ListenerSet exists")}
	if s.Gateway != nil {
		return append(checks, pass(checkAttached, s.Object.At("spec.parentRef"), "it is attached to %s", s.Target))
	}
	field := p.field + ".name"
	check := deny(checkAttached, p.Reason, r.Object.At(field), "%s is not attached to %s: %s", p.Target, s.Target, s.Reason).in(field)
	switch p.Reason {
	case ForeignParent, ForeignGateway:
		check.Detail = say("%s belongs to %s, which is not ours", p.Target, s.Target)
		return append(checks, check)
	}
	return append(checks, check.fix(say("have the Gateway accept the ListenerSet first: gwsync explain listenerset/%s/%s says how",
		p.Target.Namespace, p.Target.Name)))
}

// meantParent says how to name one of the kinds, if that is what a reference to another one looks like: with its name in another group,
// such as Istio's Gateway, or nearly its name, such as XListenerSet.
func meantParent(target manifest.Ref, kinds ...string) string {
	const near, longest = 2, 63 // letters
	for _, kind := range kinds {
		if len(target.Kind) <= longest && diag.Distance(target.Kind, kind) <= near {
			return say("for a %s of the Gateway API, write kind: %s and leave out group", kind, kind)
		}
	}
	return ""
}

// otherParents says which Gateway or ListenerSet may have been meant.
func (c checker) otherParents(p *Parent) string {
	kind := p.Target.Kind
	if spaces := c.names()[scope{kind: kind, name: p.Target.Name}]; len(spaces) > 0 {
		return say("there is a %s %s in namespace %s: set the parentRef's namespace", kind, p.Target.Name, either(spaces, 3))
	}
	here := c.names()[scope{kind: kind, namespace: p.Target.Namespace}]
	if near := c.guess.nearest(p.Target.Name, here); len(near) > 0 {
		return say("did you mean %s?", either(near, 3))
	}
	if other := otherKind(kind); slices.Contains(c.names()[scope{kind: other, namespace: p.Target.Namespace}], p.Target.Name) {
		return say("there is a %s of that name: set the parentRef's kind", other)
	}
	if len(here) > 0 {
		return say("use one of the %ss of namespace %s: %s", kind, p.Target.Namespace, either(here, 5))
	}
	return say("add the %s to the manifests, or name its namespace: there are no %ss in %s", kind, kind, p.Target.Namespace)
}

func otherKind(kind string) string {
	if kind == kindGateway {
		return kindListenerSet
	}
	return kindGateway
}

// listenerCheck tells which listeners sectionName and port select. A parentRef with neither is for all of them: nothing to tell.
func listenerCheck(r *Route, p *Parent) []Check {
	if p.Gateway == nil {
		return nil
	}
	var wants []string
	field := p.field
	if p.Ref.Port != nil {
		wants, field = append(wants, fmt.Sprintf("the port %d", *p.Ref.Port)), p.field+".port"
	}
	if name := or(p.Ref.SectionName, ""); name != "" {
		wants, field = append(wants, "the name "+string(name)), p.field+".sectionName"
	}
	all, selected := p.listeners(), len(p.Bindings)
	pos := r.Object.At(field)
	switch {
	case selected > 0 && len(wants) == 0:
		return nil
	case selected > 0:
		return []Check{pass(checkListener, pos, "selected by %s: %d of %d listeners", listing(wants), selected, len(all))}
	case len(all) == 0:
		return []Check{deny(checkListener, NoMatchingParent, pos, "%s has no listeners", p.Target).in(field)}
	}
	check := deny(checkListener, NoMatchingParent, pos, "no listener of %s has %s", p.Target, listing(wants)).in(field)
	if s, ok := p.setWithListener(); ok {
		return []Check{check.fix(say("%s has such a listener: name that as the parent, with kind: ListenerSet", s.Object.Ref))}
	}
	var have []string
	for _, l := range all {
		have = append(have, l.String())
	}
	return []Check{check.fix("select one of its listeners: " + either(have, 8))}
}

// setWithListener returns a ListenerSet of the parent, a Gateway, with a listener that the parentRef would select.
func (p *Parent) setWithListener() (*ListenerSet, bool) {
	if p.Set != nil {
		return nil, false
	}
	i := slices.IndexFunc(p.Gateway.Sets, func(s *ListenerSet) bool {
		return slices.ContainsFunc(s.Listeners, func(l *Listener) bool { return selects(p.Ref, l) })
	})
	if i < 0 {
		return nil, false
	}
	return p.Gateway.Sets[i], true
}

// listeners are those that the parentRef could select.
func (p *Parent) listeners() []*Listener {
	if p.Set != nil {
		return p.Set.Listeners
	}
	return p.Gateway.Listeners
}

// bindingChecks tells what a listener has to say about a route. All checks are told even if one fails, so that everything can be set
// right at once.
func (c checker) bindingChecks(r *Route, b *Binding) []Check {
	checks := []Check{kindCheck(r, b), c.namespaceCheck(r, b)}
	if r.hasHostnames() {
		checks = append(checks, hostnameCheck(r, b))
	}
	if b.rival != nil {
		checks = append(checks, rivalCheck(r, b))
	}
	if len(b.Elsewhere) > 0 {
		checks = append(checks, Check{Name: checkElsewhere, Passed: true, Detail: say(
			"without %s: more specific listeners have them", some(b.Elsewhere, 4))})
	}
	return checks
}

func kindCheck(r *Route, b *Binding) Check {
	l, kind := b.Listener, r.Object.Ref.Kind
	field := l.field + ".allowedRoutes.kinds"
	pos := l.Object.At(field)
	possible := slices.Contains(protocolOf(l.Spec.Protocol).kinds, kind)
	switch {
	case b.kind && len(l.kinds) > 0:
		return pass(checkKind, pos, "kind %s is listed in allowedRoutes.kinds", kind)
	case b.kind:
		return pass(checkKind, l.Object.At(l.field+".protocol"), "kind %s is among the protocol's kinds", kind)
	case !possible:
		return deny(checkKind, NotAllowedByListeners, l.Object.At(l.field+".protocol"),
			"kind %s cannot attach to protocol %s", kind, string(l.Spec.Protocol)).
			fix("attach the route to a listener of protocol " + either(carriers(kind), 3))
	}
	return deny(checkKind, NotAllowedByListeners, pos, "kind %s is not listed in allowedRoutes.kinds", kind).
		fix(say("add to allowedRoutes.kinds of listener %s%s:", l.Name(), place(pos)) + "\n  - kind: " + kind)
}

// carriers are the protocols whose listeners take routes of a kind.
func carriers(kind string) []string {
	var out []string
	for _, p := range []gatewayv1.ProtocolType{
		gatewayv1.HTTPProtocolType, gatewayv1.HTTPSProtocolType, gatewayv1.TLSProtocolType, gatewayv1.TCPProtocolType, gatewayv1.UDPProtocolType,
	} {
		if slices.Contains(protocolOf(p).kinds, kind) {
			out = append(out, string(p))
		}
	}
	return out
}

// rivalCheck tells which route comes first at a listener.
func rivalCheck(r *Route, b *Binding) Check {
	const age = "; the older one comes first, else the first by name"
	first := b.rival.Object
	at := first.At("")
	switch r.Object.Ref.Kind {
	case kindHTTPRoute, kindGRPCRoute:
		return deny(checkRival, HostnameConflict, at, "%s comes first, which is of another kind and has hosts in common: %s",
			first.Ref, common(b)).fix("give one of the two routes another hostname or listener" + age)
	case kindTLSRoute:
		detail := "%s comes first, and has all connections for %s"
		if !b.takenByOne() {
			detail = "%s and others come first, and have all connections for %s"
		}
		return deny(checkRival, ShadowedRoute, at, detail, first.Ref, some(b.Taken, 4)).
			fix("remove the hostname from one of the two routes" + age)
	}
	return deny(checkRival, ShadowedRoute, at, "%s comes first, and has all connections to port %d", first.Ref, b.Listener.Spec.Port).
		fix("give one of the two routes a listener of its own" + age)
}

// common names the hosts of a binding that the route which comes first has, too.
func common(b *Binding) string {
	theirs := b.rival.cover
	if len(theirs) == 0 {
		theirs = []string{""}
	}
	var both []string
	for _, h := range b.hosts() {
		for _, o := range theirs {
			switch name, ok := Intersect(h, o); {
			case ok && name == "":
				return "any host"
			case ok:
				both = append(both, name)
			}
		}
	}
	slices.Sort(both)
	return some(slices.Compact(both), 4)
}

// takenByOne reports whether the rival has all hostnames that are Taken.
func (b *Binding) takenByOne() bool {
	theirs, _ := intersectAll(b.Listener.Hostname, b.rival.cover)
	return !slices.ContainsFunc(b.Taken, func(h string) bool { return !slices.Contains(theirs, h) })
}

func hostnameCheck(r *Route, b *Binding) Check {
	l := b.Listener
	pos := l.Object.At(l.field + ".hostname")
	switch {
	case b.hostname && len(b.Hostnames) == 0:
		return Check{Name: checkHostname, Passed: true, Detail: "hostnames: any"}
	case b.hostname:
		return pass(checkHostname, pos, "hostnames: %s", some(b.Hostnames, 4))
	}
	fix := say("give the route a hostname that %s covers, or listener %s%s one that covers the route's",
		l.Hostname, l.Name(), place(pos))
	if parent, wild := strings.CutPrefix(l.Hostname, "*."); wild && slices.Contains(r.Hostnames, parent) {
		fix = say("%s does not cover %s itself: give it a listener of its own", l.Hostname, parent)
	}
	return deny(checkHostname, NoMatchingListenerHostname, pos, "hostnames: the listener's %s has nothing in common with %s",
		l.Hostname, some(r.Hostnames, 4)).fix(fix)
}
