package bind

import (
	"fmt"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// parentChecks tells how far a parentRef got before any listener was asked.
func (c checker) parentChecks(r *Route, p *Parent) []Check {
	kind, name := p.field+".kind", p.field+".name"
	switch p.Reason {
	case UnsupportedParent:
		return []Check{deny(checkKind, p.Reason, r.Object.At(kind), "gwsync does not read ListenerSets yet").in(kind).
			fix("put the listener into a Gateway, and name the Gateway as parent")}
	case ForeignParent:
		return []Check{deny(checkKind, p.Reason, r.Object.At(kind), "kind %s of group %q is not a Gateway",
			p.Target.Kind, p.Target.Group).in(kind)}
	case ParentNotFound:
		return []Check{c.absent(checkExists, p.Reason, r.Object.At(name), p.Target, func() string { return c.otherGateways(p) }).in(name)}
	}
	gateway, _ := c.set.Get(p.Target)
	spec, ok := gateway.Typed.(*gatewayv1.Gateway)
	if !ok {
		return nil
	}
	class := c.class(string(spec.Spec.GatewayClassName))
	checks := []Check{pass(checkExists, gateway.At(""), "the Gateway exists")}
	if p.Reason == ForeignGateway {
		return append(checks, deny(checkClass, ForeignGateway, gateway.At("spec.gatewayClassName"), "%s", class.String()))
	}
	decided := class.object.At("spec.controllerName")
	if !class.known {
		decided = gateway.At("spec.gatewayClassName")
	}
	checks = append(checks, pass(checkClass, decided, "%s", class.String()))
	return append(checks, listenerCheck(r, p)...)
}

// otherGateways says which Gateway may have been meant.
func (c checker) otherGateways(p *Parent) string {
	if spaces := c.names[scope{kind: kindGateway, name: p.Target.Name}]; len(spaces) > 0 {
		return say("there is a Gateway %s in namespace %s: set the parentRef's namespace", p.Target.Name, either(spaces, 3))
	}
	here := c.names[scope{kind: kindGateway, namespace: p.Target.Namespace}]
	if near := c.guess.nearest(p.Target.Name, here); len(near) > 0 {
		return say("did you mean %s", either(near, 3))
	}
	if len(here) > 0 {
		return say("use one of the Gateways of namespace %s: %s", p.Target.Namespace, either(here, 5))
	}
	return say("add the Gateway to the manifests, or name its namespace: there are no Gateways in %s", p.Target.Namespace)
}

// listenerCheck tells which listeners sectionName and port select. A parentRef with neither is for all of them: nothing to tell.
func listenerCheck(r *Route, p *Parent) []Check {
	var wants []string
	field := p.field
	if p.Ref.Port != nil {
		wants, field = append(wants, fmt.Sprintf("the port %d", *p.Ref.Port)), p.field+".port"
	}
	if name := or(p.Ref.SectionName, ""); name != "" {
		wants, field = append(wants, "the name "+string(name)), p.field+".sectionName"
	}
	all, selected := p.Gateway.Listeners, len(p.Bindings)
	pos := r.Object.At(field)
	switch {
	case selected > 0 && len(wants) == 0:
		return nil
	case selected > 0:
		return []Check{pass(checkListener, pos, "selected by %s: %d of %d listeners", listing(wants), selected, len(all))}
	case len(all) == 0:
		return []Check{deny(checkListener, NoMatchingParent, pos, "%s has no listeners", p.Target).in(field)}
	}
	var have []string
	for _, l := range all {
		have = append(have, l.String())
	}
	return []Check{deny(checkListener, NoMatchingParent, pos, "no listener of %s has %s", p.Target, listing(wants)).in(field).
		fix("select one of its listeners: " + either(have, 8))}
}

// bindingChecks tells what a listener has to say about a route. All checks are told even if one fails, so that everything can be set
// right at once.
func (c checker) bindingChecks(r *Route, b *Binding) []Check {
	return []Check{kindCheck(b), c.namespaceCheck(r, b), hostnameCheck(r, b)}
}

func kindCheck(b *Binding) Check {
	l := b.Listener
	field := l.field + ".allowedRoutes.kinds"
	pos := l.Object.At(field)
	possible := slices.Contains(protocolOf(l.Spec.Protocol).kinds, kindHTTPRoute)
	switch {
	case b.kind && len(l.kinds) > 0:
		return pass(checkKind, pos, "kind HTTPRoute is listed in allowedRoutes.kinds")
	case b.kind:
		return pass(checkKind, l.Object.At(l.field+".protocol"), "kind HTTPRoute is among the protocol's kinds")
	case !possible:
		return deny(checkKind, NotAllowedByListeners, l.Object.At(l.field+".protocol"),
			"kind HTTPRoute cannot attach to protocol %s", string(l.Spec.Protocol)).
			fix("attach the route to a listener of protocol HTTP or HTTPS")
	}
	return deny(checkKind, NotAllowedByListeners, pos, "kind HTTPRoute is not listed in allowedRoutes.kinds").
		fix(say("add to allowedRoutes.kinds of listener %s%s:", l.Name(), place(pos)) + "\n  - kind: HTTPRoute")
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
