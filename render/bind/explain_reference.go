package bind

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/manifest"
)

// explainReferred explains an object that others refer to, or that says who may.
func (c checker) explainReferred(ref manifest.Ref) (Explanation, bool) {
	o, exists := c.set.Get(ref)
	if ref.Kind == kindNamespace && ref.Group == "" && (exists || c.inhabited(ref.Name)) {
		return c.explainNamespace(o, ref.Name), true
	}
	if !exists {
		return Explanation{}, false
	}
	switch t := o.Typed.(type) {
	case *corev1.Service:
		return c.explainService(o, t), true
	case *discoveryv1.EndpointSlice:
		return c.explainEndpointSlice(o, t), true
	case *gatewayv1.ReferenceGrant:
		return c.explainGrant(o, t), true
	case *gatewayv1.Gateway:
		return Explanation{
			Title: ref.String(), Pos: o.At(""), Checks: c.gatewayChecks(o), OK: true, Verdict: "not ours: nothing is served for it",
		}, true
	case *gatewayv1.GatewayClass:
		class := c.class(ref.Name)
		return Explanation{
			Title: ref.String(), Pos: o.At(""), OK: true, Verdict: "not ours: nothing is served for its Gateways",
			Checks: []Check{deny(checkClass, ForeignGateway, class.decided(o), "%s", class.String())},
		}, true
	}
	if e, ok := c.explainKong(o); ok {
		return e, true
	}
	return c.explainTarget(o), true
}

// explainTarget tells who refers to an object, and who may.
func (c checker) explainTarget(o manifest.Object) Explanation {
	e := Explanation{Title: o.Ref.String(), Pos: o.At(""), OK: true}
	denied := 0
	for r := range c.references() {
		if r.target != o.Ref {
			continue
		}
		part := c.explainReference(r)
		if !part.OK {
			denied++
		}
		e.Parts, e.OK = append(e.Parts, part), e.OK && part.OK
	}
	e.Parts = append(e.Parts, c.namedBy(o.Ref)...)
	switch n := len(e.Parts); {
	case n == 0:
		e.Verdict = "of no interest: nothing that gwsync reads refers to it"
	case denied == 0:
		e.Verdict = count(n, "reference") + " to it"
	default:
		e.Verdict = say("%s to it, of which %d not resolved", count(n, "reference"), denied)
	}
	for g, spec := range manifest.Of[gatewayv1.ReferenceGrant](c.set) {
		if g.Ref.Namespace == o.Ref.Namespace && offers(spec, o.Ref) {
			e.Checks = append(e.Checks, pass(checkGrant, g.At(""), "%s lets %s refer to it", g.Ref, trusted(spec)))
		}
	}
	return e
}

// explainReference tells what came of one reference.
func (c checker) explainReference(r reference) Explanation {
	e := Explanation{
		Title: say("%s %s", r.object.Ref, r.field), Pos: r.object.At(r.field), OK: r.reason == "", Verdict: "resolved",
		Checks: []Check{c.grantCheck(r.from, r.target, r.grant)},
	}
	if r.reason != "" {
		e.Verdict = "not resolved: " + r.reason
	}
	return e
}

// offers reports whether a grant allows anybody to refer to an object of its namespace.
func offers(spec *gatewayv1.ReferenceGrant, to manifest.Ref) bool {
	at := targets(to)
	for _, t := range spec.Spec.To {
		if grantTarget(t) == at[0] || grantTarget(t) == at[1] {
			return true
		}
	}
	return false
}

// trusted names whom a grant trusts: "HTTPRoutes of namespace a and Gateways of namespace b".
func trusted(spec *gatewayv1.ReferenceGrant) string {
	var whom []string
	for _, f := range spec.Spec.From {
		whom = append(whom, say("%ss of namespace %s", string(f.Kind), string(f.Namespace)))
	}
	return some(whom, 4)
}

// offered names what a grant lets others refer to: "Service echo and all Secrets".
func offered(spec *gatewayv1.ReferenceGrant) string {
	var what []string
	for _, t := range spec.Spec.To {
		if t.Name == nil {
			what = append(what, say("all %ss", string(t.Kind)))
		} else {
			what = append(what, say("%s %s", string(t.Kind), string(*t.Name)))
		}
	}
	return some(what, 4)
}

// explainService is explainTarget with what else says how to get to a Service.
func (c checker) explainService(o manifest.Object, s *corev1.Service) Explanation {
	e := c.explainTarget(o)
	for n := range namings(o) {
		part := c.explainNaming(n)
		e.Parts, e.OK = append(e.Parts, part), e.OK && part.OK
	}
	for _, part := range c.explainPlugins(o) {
		e.Parts, e.OK = append(e.Parts, part), e.OK && part.OK
	}
	for _, p := range c.Policies {
		for i := range p.Targets {
			t := &p.Targets[i]
			if t.Target != o.Ref {
				continue
			}
			part := Explanation{
				Title: say("%s %s", p.Object.Ref, t.field), Pos: t.Pos, Checks: c.targetChecks(p, t),
				OK: t.Reason == "" && p.Reason == "", Verdict: "it says how to speak TLS to the Service",
			}
			switch {
			case t.Reason != "":
				part.Verdict = "it does not count: " + t.Reason
			case p.Reason != "":
				part.Verdict = "it counts, and is not accepted: " + p.Reason
			}
			e.Parts, e.OK = append(e.Parts, part), e.OK && part.OK
		}
	}
	for slice, t := range manifest.Of[discoveryv1.EndpointSlice](c.set) {
		if serviceOf(slice, t) == o.Ref {
			e.Checks = append(e.Checks, sliceCheck(slice, t, s))
		}
	}
	return e
}

func (c checker) explainEndpointSlice(o manifest.Object, t *discoveryv1.EndpointSlice) Explanation {
	e := Explanation{Title: o.Ref.String(), Pos: o.At(""), OK: true}
	to := serviceOf(o, t)
	service, _ := c.set.Get(to)
	s, ok := service.Typed.(*corev1.Service)
	switch {
	case to.Name == "":
		e.Verdict = "of no interest: it has no label " + discoveryv1.LabelServiceName
	case !ok:
		e.Verdict = say("of no interest: %s is not among the manifests", to)
	default:
		e.Checks = []Check{sliceCheck(o, t, s)}
		e.Verdict = say("it is of %s", to)
	}
	return e
}

// serviceOf returns the Service that an EndpointSlice is of; the zero Ref if it is of none.
func serviceOf(o manifest.Object, t *discoveryv1.EndpointSlice) manifest.Ref {
	name := t.Labels[discoveryv1.LabelServiceName]
	if name == "" {
		return manifest.Ref{}
	}
	return manifest.Ref{Kind: kindService, Namespace: o.Ref.Namespace, Name: name}
}

// sliceCheck tells whether an EndpointSlice says where its Service leads.
func sliceCheck(o manifest.Object, t *discoveryv1.EndpointSlice, s *corev1.Service) Check {
	if !selectorless(s) {
		return pass(checkEndpoints, o.At(""), "%s is not read: the Service is not one without a selector", o.Ref)
	}
	n := 0
	for i := range s.Spec.Ports {
		n += len(endpointsOf(t, &s.Spec.Ports[i]))
	}
	return pass(checkEndpoints, o.At(""), "%s has %s", o.Ref, count(n, "endpoint"))
}

// inhabited reports whether the manifests hold an object of a namespace.
func (c checker) inhabited(namespace string) bool {
	for o := range c.set.All() {
		if o.Ref.Namespace == namespace && namespace != "" {
			return true
		}
	}
	return false
}

// explainNamespace tells which Gateways let routes or ListenerSets of a namespace attach, and what its grants allow.
func (c checker) explainNamespace(o manifest.Object, name string) Explanation {
	known, _ := c.labels(name)
	e := Explanation{
		Title: "Namespace " + name, Pos: o.At(""), OK: true,
		Checks: []Check{pass(checkNamespace, o.At("metadata.labels"), "its labels are %s", known.String())},
	}
	for g, spec := range manifest.Of[gatewayv1.ReferenceGrant](c.set) {
		if g.Ref.Namespace == name {
			e.Checks = append(e.Checks, pass(checkGrant, g.At(""), "%s lets %s refer to %s", g.Ref, trusted(spec), offered(spec)))
		}
	}
	open, all := 0, 0
	add := func(title string, part Explanation, listeners []*Listener) {
		part.Title = title
		for _, l := range listeners {
			check := c.doorCheck(routeDoor(l), name)
			if all++; check.Passed {
				open++
				check.Detail = "routes to listener " + l.String() + ": " + check.Detail
				part.Checks = append(part.Checks, check)
			}
		}
		if len(part.Checks) > 0 {
			e.Parts = append(e.Parts, part)
		}
	}
	for _, gw := range c.Gateways {
		part := Explanation{Pos: gw.Object.At(""), OK: true}
		if check := c.doorCheck(listenerSetDoor(gw), name); check.Passed {
			check.Detail = "ListenerSets: " + check.Detail
			part.Checks = append(part.Checks, check)
		}
		add(gw.Object.Ref.String(), part, gw.Listeners)
	}
	for _, s := range c.ListenerSets {
		add(s.Object.Ref.String(), Explanation{Pos: s.Object.At(""), OK: true}, s.Listeners)
	}
	e.Verdict = say("%d of %s let routes of the namespace attach", open, count(all, "listener"))
	return e
}

// explainGrant tells which references a ReferenceGrant allows, whether or not another one allows them too.
func (c checker) explainGrant(o manifest.Object, spec *gatewayv1.ReferenceGrant) Explanation {
	e := Explanation{
		Title: o.Ref.String(), Pos: o.At(""), OK: true,
		Checks: []Check{pass(checkGrant, o.At("spec"), "lets %s refer to %s of namespace %s", trusted(spec), offered(spec), o.Ref.Namespace)},
	}
	for r := range c.references() {
		if !permits(o.Ref, spec, r) {
			continue
		}
		part := Explanation{Title: say("%s %s to %s", r.object.Ref, r.field, r.target), Pos: r.object.At(r.field), OK: true, Verdict: "allowed"}
		switch {
		case r.grant != o.Ref && r.grant != manifest.Ref{}:
			part.Verdict += say("; by %s, too", r.grant)
		case r.reason != "":
			part.OK, part.Verdict = false, "allowed, but not resolved: "+r.reason
		}
		e.Parts = append(e.Parts, part)
	}
	e.Verdict = "allows " + count(len(e.Parts), "reference")
	if len(e.Parts) == 0 {
		e.Verdict = "allows no reference that the manifests make"
	}
	return e
}
