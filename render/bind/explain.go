package bind

import (
	"fmt"
	"slices"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// Explanation tells how one thing was resolved, check by check, and its parts likewise: of a route, parentRefs, listeners, rules,
// filters and backendRefs; of a Gateway, its listeners; of a Service, the references to it.
type Explanation struct {
	// Title names the thing: "backendRef 0: Service test-destination/echo port 1027".
	Title string
	Pos   diag.Pos
	// Checks are in the order in which they were made.
	Checks []Check
	// Parts are explained likewise, after the checks.
	Parts []Explanation
	// Verdict says what came of it, "" where the parts say it all. OK reports whether it is what the manifests ask for.
	Verdict string
	OK      bool
}

// Explain tells how an object was resolved, and what would allow what was denied: a route of any kind, a Gateway, a ListenerSet, a
// GatewayClass or a BackendTLSPolicy with its references; a Service, Secret, ConfigMap, EndpointSlice, Namespace, ReferenceGrant
// or one of the Ingress Controller's kinds with the references to it, and what it names itself. It reports false if the manifests do not
// hold the object; a Namespace is explained if they hold anything in it.
func (g *Graph) Explain(ref manifest.Ref) (Explanation, bool) { return newChecker(g).explain(ref) }

// Brief is Explain without guesses at what was meant, so that all routes, Gateways, ListenerSets, GatewayClasses and policies of a
// Graph are explained in time linear in its size. For other kinds, each explanation takes time linear in the size of the Graph.
func (g *Graph) Brief(ref manifest.Ref) (Explanation, bool) {
	return checker{g, &guesser{}}.explain(ref)
}

func (c checker) explain(ref manifest.Ref) (Explanation, bool) {
	if r, ok := c.Route(ref); ok {
		return c.explainRoute(r), true
	}
	if gw, ok := c.Gateway(ref); ok {
		return c.explainGateway(gw), true
	}
	if set, ok := c.ListenerSet(ref); ok {
		return c.explainListenerSet(set), true
	}
	if class, ok := find(c.Classes, ref, func(c *GatewayClass) manifest.Object { return c.Object }); ok {
		return c.explainClass(class), true
	}
	if policy, ok := find(c.Policies, ref, func(p *BackendTLSPolicy) manifest.Object { return p.Object }); ok {
		return c.explainPolicy(policy), true
	}
	if p, ok := c.Plugin(ref); ok {
		return c.explainPlugin(p), true
	}
	return c.explainReferred(ref)
}

// find looks an object up among those sorted by name.
func find[T any](sorted []*T, ref manifest.Ref, object func(*T) manifest.Object) (*T, bool) {
	i, ok := slices.BinarySearchFunc(sorted, ref, func(t *T, ref manifest.Ref) int { return object(t).Ref.Compare(ref) })
	if !ok {
		return nil, false
	}
	return sorted[i], true
}

func (c checker) explainRoute(r *Route) Explanation {
	e := Explanation{Title: r.Object.Ref.String(), Pos: r.Object.At("")}
	for i := range r.Parents {
		e.Parts = append(e.Parts, c.explainParent(r, &r.Parents[i]))
	}
	for i := range r.Rules {
		e.Parts = append(e.Parts, c.explainRule(r, &r.Rules[i]))
	}
	e.Parts = append(e.Parts, c.explainPlugins(r.Object)...)
	served := len(r.Bindings())
	e.OK = served > 0 || len(r.Parents) > 0 && !r.ours()
	for _, p := range e.Parts {
		e.OK = e.OK && p.OK
	}
	e.Verdict = routeVerdict(r, served, e.OK)
	return e
}

func routeVerdict(r *Route, served int, all bool) string {
	switch {
	case len(r.Parents) == 0:
		return "not attached: there are no parentRefs"
	case !r.ours():
		return "not ours: none of its parents is"
	case r.invalid() != "":
		return "not accepted: all of its rules are invalid"
	case !r.Accepted():
		return "not attached: no request reaches this route"
	case served == 0 && r.yields():
		return "attached, but not served: other routes come first"
	case served == 0:
		return "attached, but not served: none of its listeners is programmed"
	case all:
		return "served by " + count(served, "listener")
	case r.PartiallyInvalid():
		return "served by " + count(served, "listener") + ", but for the rules that are dropped"
	}
	return "served by " + count(served, "listener") + ", but not everything resolves"
}

// yields reports whether another route has a listener of the route that is programmed.
func (r *Route) yields() bool {
	return slices.ContainsFunc(r.Parents, func(p Parent) bool {
		return slices.ContainsFunc(p.Bindings, func(b Binding) bool { return b.Winner != nil && b.Listener.Programmed })
	})
}

func (c checker) explainParent(r *Route, p *Parent) Explanation {
	e := Explanation{
		Title: fmt.Sprintf("parentRef %d: %s", p.Index, p.Target), Pos: p.Pos,
		Checks: c.parentChecks(r, p), OK: p.Accepted || p.foreign(),
	}
	for i := range p.Bindings {
		e.Parts = append(e.Parts, c.explainBinding(r, &p.Bindings[i]))
	}
	switch {
	case p.foreign():
		e.Verdict = "not ours: " + p.Reason
	case r.invalid() != "" && p.Reason == r.invalid():
		e.Verdict = "not accepted: " + p.Reason
	case !p.Accepted:
		e.Verdict = "not attached: " + p.Reason
	}
	return e
}

func (c checker) explainBinding(r *Route, b *Binding) Explanation {
	l := b.Listener
	e := Explanation{Title: "listener " + l.String(), Pos: l.Pos, Checks: c.bindingChecks(r, b), OK: b.Accepted && b.rival == nil}
	switch {
	case !b.Accepted:
		e.Verdict = "not attached: " + b.Reason()
	case !l.Programmed:
		e.OK, e.Verdict = false, "attached, but the listener is not programmed"
		for _, check := range c.listenerChecks(l) {
			if !check.Passed {
				e.Checks = append(e.Checks, check)
			}
		}
	case b.Winner != nil:
		e.Verdict = say("attached, but %s gets what comes here", b.Winner.Object.Ref)
	default:
		e.Verdict = "attached"
	}
	return e
}

func (c checker) explainRule(r *Route, rule *Rule) Explanation {
	e := Explanation{Title: "rule " + rule.String(), Pos: rule.Pos, Checks: rule.denials}
	e.Parts = c.explainFilters(r, rule.Filters)
	for i := range rule.Backends {
		e.Parts = append(e.Parts, c.explainBackend(r, &rule.Backends[i]))
		e.Parts = append(e.Parts, c.explainFilters(r, rule.Backends[i].Filters)...)
	}
	e.OK = rule.Dropped == ""
	for _, p := range e.Parts {
		e.OK = e.OK && p.OK
	}
	switch {
	case rule.Dropped != "":
		e.Verdict = "dropped: " + rule.Dropped
	case len(rule.Backends) == 0:
		e.Verdict = "no backendRefs: 500, unless a filter answers"
	}
	return e
}

func (c checker) explainBackend(r *Route, b *Backend) Explanation {
	e := Explanation{
		Title: fmt.Sprintf("backendRef %d: %s", b.Index, b.Target), Pos: b.Pos,
		Checks: c.backendChecks(r, b), OK: b.Reason == "", Verdict: "resolved",
	}
	if b.Port != 0 {
		e.Title += fmt.Sprintf(" port %d", b.Port)
	}
	switch {
	case b.Reason != "":
		e.Verdict = "not resolved: " + b.Reason
	case b.Weight == 0:
		e.Verdict = "resolved, but its weight is 0: it gets no requests"
	}
	return e
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
