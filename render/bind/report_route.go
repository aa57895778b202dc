package bind

import (
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// reportParents reports what is wrong with a route's parentRefs and hostnames.
func (b *builder) reportParents(r *Route) {
	if len(r.Parents) == 0 {
		b.report(diag.Finding{
			Severity: diag.Warning, Code: NoParentRefs, Object: r.Object.Ref.Diag(), Pos: r.Object.At("spec.parentRefs"), Field: "spec.parentRefs",
			Message: "the route names no parent, so no Gateway serves it",
			Hint:    "add the Gateway to spec.parentRefs, or remove the route",
		})
		return
	}
	for i := range r.Parents {
		if p := &r.Parents[i]; !p.Accepted {
			b.reportParent(r, p)
		}
	}
	if r.Accepted() {
		b.reportUnserved(r)
	}
}

func (b *builder) reportParent(r *Route, p *Parent) {
	f := diag.Finding{Severity: diag.Error, Code: p.Reason, Object: r.Object.Ref.Diag(), Pos: p.Pos, Field: p.field}
	if p.foreign() {
		f.Severity = diag.Info
	}
	if c, ok := failed(b.parentChecks(r, p)); ok {
		f.Message, f.Hint = say("%s: ", p.Target)+c.Detail, c.Fix
		if strings.Contains(c.Detail, p.Target.String()) {
			f.Message = c.Detail
		}
		if c.field != "" {
			f.Pos, f.Field = c.Pos, c.field
		} else if !c.Pos.IsZero() {
			f.Related = []diag.Pos{c.Pos}
		}
	} else {
		b.describeDenial(r, p, &f)
	}
	b.report(f)
}

// describeDenial says what the listeners that a parentRef selects have against the route; the first few of them, if there are
// many. The hint is that of the one which got furthest.
func (b *builder) describeDenial(r *Route, p *Parent, f *diag.Finding) {
	const most = 3
	var against []string
	for i := range p.Bindings[:min(most, len(p.Bindings))] {
		l := p.Bindings[i].Listener
		c, _ := failed(b.bindingChecks(r, &p.Bindings[i]))
		against = append(against, say("listener %s: ", l.Name())+c.Detail)
		if !slices.Contains(f.Related, c.Pos) {
			f.Related = append(f.Related, c.Pos)
		}
		if len(p.Bindings) == 1 {
			f.Message = say("listener %s of %s does not accept the route: ", l.Name(), p.Target) + c.Detail
		}
	}
	if len(p.Bindings) > 1 {
		f.Message = say("no listener of %s accepts the route; ", p.Target) + strings.Join(against, "; ")
	}
	if more := len(p.Bindings) - most; more > 0 {
		f.Message += say("; and %d more", more)
	}
	c, _ := failed(b.bindingChecks(r, nearestBinding(p)))
	f.Hint = c.Fix
	if p.Reason == NoMatchingListenerHostname {
		f.Field = "spec.hostnames"
		f.Pos = r.Object.At(f.Field)
	}
}

// nearestBinding returns the first binding among those that passed most checks in order.
func nearestBinding(p *Parent) *Binding {
	steps := func(b *Binding) int {
		switch {
		case !b.kind:
			return 0
		case !b.namespace:
			return 1
		}
		return 2
	}
	best := &p.Bindings[0]
	for i := range p.Bindings {
		if b := &p.Bindings[i]; steps(b) > steps(best) {
			best = b
		}
	}
	return best
}

// reportUnserved warns of hostnames of an attached route that none of its listeners covers (HR Hostnames: they are ignored).
func (b *builder) reportUnserved(r *Route) {
	for i, h := range r.Hostnames {
		served := slices.ContainsFunc(r.Parents, func(p Parent) bool {
			return slices.ContainsFunc(p.Bindings, func(bd Binding) bool {
				_, ok := Intersect(h, bd.Listener.Hostname)
				return bd.Accepted && ok
			})
		})
		if served {
			continue
		}
		field := say("spec.hostnames[%d]", i)
		b.report(diag.Finding{
			Severity: diag.Warning, Code: UnservedHostname, Object: r.Object.Ref.Diag(), Pos: r.Object.At(field), Field: field,
			Message: say("hostname %s is within none of the listeners that the route is attached to: requests for it are not served", h),
			Hint:    "remove the hostname, or attach the route to a listener that covers it",
		})
	}
}
