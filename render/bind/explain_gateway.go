package bind

// explainGateway tells how a Gateway and its listeners fare.
func (c checker) explainGateway(gw *Gateway) Explanation {
	class := c.class(string(gw.Spec.Spec.GatewayClassName))
	decided := class.object.At("spec.controllerName")
	if !class.known {
		decided = gw.Object.At("spec.gatewayClassName")
	}
	e := Explanation{
		Title: gw.Object.Ref.String(), Pos: gw.Object.At(""), OK: true,
		Checks: []Check{pass(checkClass, decided, "%s", class.String())},
	}
	e.addListeners(c, gw.Listeners)
	return e
}

// explainListenerSet tells how a ListenerSet and its listeners fare.
func (c checker) explainListenerSet(s *ListenerSet) Explanation {
	e := Explanation{Title: s.Object.Ref.String(), Pos: s.Object.At(""), OK: s.Reason == ""}
	e.addListeners(c, s.Listeners)
	return e
}

func (e *Explanation) addListeners(c checker, listeners []*Listener) {
	for _, l := range listeners {
		part := Explanation{Title: "listener " + l.String(), Pos: l.Pos, Checks: c.listenerChecks(l), OK: l.Programmed && l.Unresolved == ""}
		part.Verdict = "programmed, " + count(l.AttachedRoutes, "route") + " attached"
		if !l.Programmed {
			part.Verdict = "not " + part.Verdict
		}
		e.Parts, e.OK = append(e.Parts, part), e.OK && part.OK
	}
}
