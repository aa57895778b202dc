package bind

import (
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// setChecks tells how far a ListenerSet got: parent, class, permission, acceptance.
func (c checker) setChecks(s *ListenerSet) []Check {
	const field = "spec.parentRef"
	kind, name := field+".kind", field+".name"
	switch s.Reason {
	case ForeignParent:
		return []Check{deny(checkKind, s.Reason, s.Object.At(kind), "kind %s of group %q is not the Gateway API's Gateway",
			s.Target.Kind, s.Target.Group).in(kind).fix(meantParent(s.Target, kindGateway))}
	case ParentNotFound:
		meant := func() string { return c.otherGatewaysFor(s.Target) }
		return []Check{c.absent(checkExists, s.Reason, s.Object.At(name), s.Target, meant).in(name)}
	}
	gateway, _ := c.set.Get(s.Target)
	spec, ok := gateway.Typed.(*gatewayv1.Gateway)
	if !ok {
		return nil
	}
	class := c.owner(s.Target, spec)
	checks := []Check{pass(checkExists, gateway.At(""), "%s exists", s.Target)}
	if s.Reason == ForeignGateway {
		return append(checks, deny(checkClass, ForeignGateway, class.decided(gateway), "%s: %s", s.Target, class.String()))
	}
	checks = append(checks, pass(checkClass, class.decided(gateway), "%s", class.String()))
	gw, _ := c.Gateway(s.Target)
	checks = append(checks, c.doorCheck(listenerSetDoor(gw), s.Object.Ref.Namespace))
	switch s.Reason {
	case ParentNotAccepted:
		checks = append(checks, deny(checkAccepted, s.Reason, gateway.At(""), "%s is not accepted: %s", s.Target, gw.notAccepted()).
			fix("correct the Gateway first"))
	case ListenersNotValid:
		checks = append(checks, deny(checkAccepted, s.Reason, s.Object.At("spec.listeners"), "none of its listeners is valid").
			fix("correct the listeners"))
	}
	return checks
}

// notAccepted says why the Gateway is not accepted.
func (g *Gateway) notAccepted() string {
	if g.Reason != "" {
		return g.Reason
	}
	return "none of its own listeners is valid"
}
