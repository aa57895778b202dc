package bind

// explainClass tells how a GatewayClass of ours fares.
func (c checker) explainClass(gc *GatewayClass) Explanation {
	e := Explanation{Title: gc.Object.Ref.String(), Pos: gc.Object.At(""), Checks: c.classChecks(gc), OK: gc.Reason == "", Verdict: "accepted"}
	if gc.Reason != "" {
		e.Verdict = "not accepted: " + gc.Reason
	}
	return e
}

// explainGateway tells how a Gateway and its own listeners fare, and which ListenerSets are attached to it.
func (c checker) explainGateway(gw *Gateway) Explanation {
	e := Explanation{Title: gw.Object.Ref.String(), Pos: gw.Object.At(""), OK: gw.Reason == "", Checks: c.acceptedChecks(gw)}
	if _, denied := failed(e.Checks); denied {
		e.OK = false
	}
	e.addListeners(c, gw.Listeners)
	for _, s := range gw.Sets {
		part := Explanation{Title: s.Object.Ref.String(), Pos: s.Object.At(""), OK: s.Reason == "", Verdict: s.verdict()}
		e.Parts, e.OK = append(e.Parts, part), e.OK && part.OK
	}
	if gw.Reason != "" {
		e.Verdict = "not accepted: " + gw.Reason
	}
	return e
}

// explainListenerSet tells how a ListenerSet and its listeners fare.
func (c checker) explainListenerSet(s *ListenerSet) Explanation {
	e := Explanation{
		Title: s.Object.Ref.String(), Pos: s.Object.At(""), OK: s.Reason == "" || s.foreign(), Checks: c.setChecks(s), Verdict: s.verdict(),
	}
	if !s.foreign() {
		e.addListeners(c, s.Listeners)
	}
	return e
}

func (s *ListenerSet) verdict() string {
	switch {
	case s.foreign():
		return "not ours: " + s.Reason
	case s.Reason != "":
		return "not accepted: " + s.Reason
	}
	return "attached with " + count(len(s.Listeners), "listener")
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
