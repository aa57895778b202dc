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
		switch p := &r.Parents[i]; p.Reason {
		case "", HostnameConflict, UnsupportedValue, IncompatibleFilters: // what is wrong has findings of its own
		default:
			b.reportParent(r, p)
		}
	}
	if r.Accepted() {
		b.reportUnserved(r)
	}
}

func (b *builder) reportParent(r *Route, p *Parent) {
	f := diag.Finding{Severity: diag.Error, Code: p.Reason, Object: r.Object.Ref.Diag(), Pos: p.Pos, Field: p.field}
	if c, ok := failed(b.parentChecks(r, p)); ok {
		if p.foreign() {
			f.Severity = foreignSeverity(c)
		}
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

// foreignSeverity is that of a reference to a parent that is not ours: nobody's business but for one that was probably meant to be.
func foreignSeverity(c Check) diag.Severity {
	if c.Reason == ForeignParent && c.Fix != "" {
		return diag.Warning
	}
	return diag.Info
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

// reportUnserved warns of hostnames of an attached route that none of its listeners covers (HR Hostnames: they are ignored), or that
// belong to other listeners (GW Listeners, listener isolation).
func (b *builder) reportUnserved(r *Route) {
	for i, h := range r.Hostnames {
		field := r.hostnameField(i)
		f := diag.Finding{
			Severity: diag.Warning, Object: r.Object.Ref.Diag(), Pos: r.Object.At(field), Field: field,
		}
		switch covered, served := r.serves(h); {
		case served:
			continue
		case covered:
			f.Code = IsolatedHostname
			f.Message = say("requests for hostname %s belong to a listener with a more specific hostname, which the route is not attached to", h)
			f.Hint = "attach the route to that listener too, or remove the hostname"
		default:
			f.Code = UnservedHostname
			f.Message = say("hostname %s is within none of the listeners that the route is attached to: requests for it are not served", h)
			f.Hint = "remove the hostname, or attach the route to a listener that covers it"
		}
		b.report(f)
	}
}

// serves reports whether a listener that the route is attached to covers any of a hostname of the route, and whether requests for it
// belong to such a listener.
func (r *Route) serves(hostname string) (covered, served bool) {
	for i := range r.Parents {
		for j := range r.Parents[i].Bindings {
			b := &r.Parents[i].Bindings[j]
			if both, ok := Intersect(hostname, b.Listener.Hostname); b.Accepted && ok {
				covered = true
				elsewhere := func(other string) bool { return within(both, other) }
				served = served || !slices.ContainsFunc(b.Elsewhere, elsewhere)
			}
		}
	}
	return covered, served
}
