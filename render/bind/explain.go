package bind

import (
	"fmt"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// Explanation tells how one thing was resolved, check by check: a route, and within it parentRefs, listeners, rules and
// backendRefs; or a Gateway and its listeners.
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

// Explain tells how the references of an HTTPRoute or of a Gateway of ours were resolved, and what would allow those that
// were denied. It reports false if the Graph has no such object.
func (g *Graph) Explain(ref manifest.Ref) (Explanation, bool) { return newChecker(g).explain(ref) }

// Brief is Explain without guesses at what was meant, so that all objects of a Graph are explained in time linear in its size.
func (g *Graph) Brief(ref manifest.Ref) (Explanation, bool) {
	return checker{g, &guesser{}}.explain(ref)
}

func (c checker) explain(ref manifest.Ref) (Explanation, bool) {
	g := c.Graph
	if r, ok := g.Route(ref); ok {
		return c.explainRoute(r), true
	}
	if gw, ok := g.Gateway(ref); ok {
		return c.explainGateway(gw), true
	}
	if set, ok := g.ListenerSet(ref); ok {
		return c.explainListenerSet(set), true
	}
	return Explanation{}, false
}

func (c checker) explainRoute(r *Route) Explanation {
	e := Explanation{Title: r.Object.Ref.String(), Pos: r.Object.At(""), OK: len(r.Bindings()) > 0 || len(r.Parents) > 0 && !r.ours()}
	for i := range r.Parents {
		e.Parts = append(e.Parts, c.explainParent(r, &r.Parents[i]))
	}
	for i := range r.Rules {
		e.Parts = append(e.Parts, c.explainRule(r, &r.Rules[i]))
	}
	for _, p := range e.Parts {
		e.OK = e.OK && p.OK
	}
	switch served := len(r.Bindings()); {
	case len(r.Parents) == 0:
		e.Verdict = "not attached: there are no parentRefs"
	case !r.ours():
		e.Verdict = "not ours: none of its parents is"
	case !r.Accepted():
		e.Verdict = "not attached: no request reaches this route"
	case served == 0:
		e.Verdict = "attached, but not served: none of its listeners is programmed"
	case e.OK:
		e.Verdict = "served by " + count(served, "listener")
	default:
		e.Verdict = "served by " + count(served, "listener") + ", but not everything resolves"
	}
	return e
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
	case !p.Accepted:
		e.Verdict = "not attached: " + p.Reason
	}
	return e
}

func (c checker) explainBinding(r *Route, b *Binding) Explanation {
	l := b.Listener
	e := Explanation{Title: "listener " + l.String(), Pos: l.Pos, Checks: c.bindingChecks(r, b), OK: b.Accepted, Verdict: "attached"}
	if !b.Accepted {
		e.Verdict = "not attached: " + b.Reason()
		return e
	}
	if !l.Programmed {
		e.OK, e.Verdict = false, "attached, but the listener is not programmed"
		for _, check := range c.listenerChecks(l) {
			if !check.Passed {
				e.Checks = append(e.Checks, check)
			}
		}
	}
	return e
}

func (c checker) explainRule(r *Route, rule *Rule) Explanation {
	e := Explanation{Title: fmt.Sprintf("rule %d", rule.Index), Pos: rule.Pos, OK: true}
	if rule.Name != "" {
		e.Title += " (" + rule.Name + ")"
	}
	for i := range rule.Backends {
		part := c.explainBackend(r, &rule.Backends[i])
		e.Parts, e.OK = append(e.Parts, part), e.OK && part.OK
	}
	if len(rule.Backends) == 0 {
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
