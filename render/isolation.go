package render

import (
	"fmt"
	"slices"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
)

// warnOfListeners says where Kong serves a route on the port of one of its listeners for hosts which that listener does not have: a Kong
// route has one set of hostnames for all ports, and those of more specific listeners are not cut out of it.
func (t *translator) warnOfListeners(rules []*rule) {
	for _, r := range rules {
		if !r.first {
			continue
		}
		for _, b := range r.bindings {
			if message := r.beyond(b); message != "" {
				f := unsupported(r.bound.Object, "spec.parentRefs", message)
				f.Severity, f.Code = diag.Warning, ServedElsewhere
				f.Related = []diag.Pos{b.Listener.Pos}
				f.Hint = "give the route hostnames that are the same on all of its ports, or attach it to the other listeners as well"
				t.report(f)
				break
			}
		}
	}
}

// beyond says which hosts Kong serves the rule for on the port of a binding though no listener that the rule is bound to has them there;
// "" if there are none.
func (r *rule) beyond(b bind.Binding) string {
	d, ok := doorOf(b.Listener)
	if !ok {
		return ""
	}
	var own []string
	for _, o := range r.bindings {
		if at, _ := doorOf(o.Listener); at == d {
			own = append(own, hostnamesOf(o)...)
		}
	}
	for _, h := range r.hostnames() {
		if !slices.Contains(own, h) {
			return fmt.Sprintf("Kong serves the route for %s on port %d as on its other ports, though listener %s has other hostnames",
				anyHost(h), d.port, b.Listener.Spec.Name)
		}
	}
	for _, e := range b.Elsewhere {
		if !slices.Contains(own, e) {
			return fmt.Sprintf("Kong serves the route for %s on port %d too, where a more specific listener has no route for a request", e, d.port)
		}
	}
	return ""
}

func anyHost(h string) string {
	if h == "" {
		return "any host"
	}
	return h
}

// within reports whether a hostname is one of a list, or covered by one.
func within(h string, list []string) bool {
	return slices.ContainsFunc(list, func(e string) bool {
		return e == h || e == "" || slices.Contains(wildcardsOver(h), e)
	})
}
