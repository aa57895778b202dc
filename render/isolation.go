package render

import (
	"fmt"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// isolation keeps the requests of each listener from the routes of less specific ones on its port (Gateway.spec.listeners, "General
// Listener behavior"). What such a route has left of its hostnames after [served] are wildcards wider than the listener's hostname. So one
// Route for each listener, with its hostname and all paths, is enough: it comes after the listener's own routes, and before what wider
// hostnames have, by the precedence of hostnames. It answers 404.
type isolation struct {
	doors doors
	// routes are the routes that Kong serves at a door for wildcards and for any host, by hostname.
	routes map[door]map[string][]*rule
	// shut are the hostnames at a door that have such a Route.
	shut map[door]map[string]bool
}

func newIsolation(ds doors, rules []*rule) isolation {
	in := isolation{ds, map[door]map[string][]*rule{}, map[door]map[string]bool{}}
	for _, d := range ds.all {
		in.routes[d], in.shut[d] = map[string][]*rule{}, map[string]bool{}
	}
	for _, r := range rules {
		for _, p := range r.places {
			if !r.first || p.hostname != "" && p.hostname[0] != '*' {
				continue
			}
			for _, d := range p.doors {
				in.routes[d][p.hostname] = append(in.routes[d][p.hostname], r)
			}
		}
	}
	return in
}

// isolate returns a rule for each listener whose requests would else get to a less specific one's routes. Where the target cannot keep it
// from other doors, and it would take requests there, it is left out: see warnOfListeners.
func (t *translator) isolate(in isolation) []*rule {
	var out []*rule
	for _, d := range in.doors.all {
		for _, l := range in.doors.listeners[d] {
			if !l.Distinct() || !in.open(d, l.Hostname) {
				continue
			}
			r := listenerRule(l, d)
			if slices.ContainsFunc(in.doors.all, func(o door) bool { return t.leaks(r.places[0], o) && in.takes(o, l.Hostname) }) {
				continue
			}
			in.shut[d][l.Hostname] = true
			out = append(out, r)
		}
	}
	return out
}

// open reports whether a route answers at a door for a hostname by a wider one alone.
func (in isolation) open(d door, hostname string) bool {
	return in.serves(d, hostname, func(r *rule) bool { return !r.has(d, hostname) })
}

// takes reports whether a Route that answers 404 for a hostname keeps requests at a door from routes that should have them: those with
// wider hostnames, unless it is a listener's own there.
func (in isolation) takes(d door, hostname string) bool {
	own := slices.ContainsFunc(in.doors.listeners[d], func(l *bind.Listener) bool { return l.Hostname == hostname })
	return !own && in.serves(d, hostname, func(*rule) bool { return true })
}

// serves reports whether any route with a wider hostname does, at a door.
func (in isolation) serves(d door, hostname string, does func(*rule) bool) bool {
	if hostname == "" {
		return false
	}
	for _, wider := range append(wildcardsOver(hostname), "") {
		if slices.ContainsFunc(in.routes[d][wider], does) {
			return true
		}
	}
	return false
}

// listenerRule answers 404 for all that a listener's routes do not.
func listenerRule(l *bind.Listener, d door) *rule {
	r := standIn(l, listenerName(l.Object.Ref, string(l.Spec.Name)))
	r.first, r.protocols = true, []string{"http", "https"}
	r.places = []place{{hostname: l.Hostname, doors: []door{d}}}
	r.plugins = []*plugin{{name: "request-termination", config: map[string]any{
		"status_code": 404, "message": "no Route matched with those values", // as Kong itself answers
	}}}
	return r
}

// standIn returns a rule that stands for a listener: its Route has a name of its own, and comes after all others of its hostname.
func standIn(l *bind.Listener, name string) *rule {
	r := &rule{rule: &bind.Rule{Index: l.Index, Pos: l.Pos, HTTP: &gatewayv1.HTTPRouteRule{}}, answers: true, common: &common{
		bound: &bind.Route{Object: l.Object}, tags: objectTags(l.Object.Ref), preserveHost: true,
		name: name, field: fmt.Sprintf("spec.listeners[%d]", l.Index),
	}}
	r.matches = []match{{of: r, last: true}}
	return r
}

// listenerName names the Route of a listener of a Gateway or ListenerSet.
func listenerName(of manifest.Ref, listener string) string {
	kind := "listener"
	if of.Kind == "ListenerSet" {
		kind = "listenerset"
	}
	return strings.Join([]string{"gwsync", kind, of.Namespace, of.Name, listener}, ".")
}

// warnOfListeners says where Kong serves a route on the port of one of its listeners for hosts which that listener does not have, for
// targets that cannot tell them apart.
func (t *translator) warnOfListeners(in isolation, rules []*rule) {
	for _, r := range rules {
		if !r.first {
			continue
		}
		for _, b := range r.bindings {
			if message := t.beyond(in, r, b); message != "" {
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
func (t *translator) beyond(in isolation, r *rule, b bind.Binding) string {
	d, ok := r.doorOf(b)
	if !ok {
		return ""
	}
	for _, p := range r.places {
		if t.leaks(p, d) {
			return fmt.Sprintf("Kong serves the route for %s on port %d as on its other ports, though listener %s has other hostnames",
				anyHost(p.hostname), d.port, b.Listener.Spec.Name)
		}
	}
	for _, e := range b.Elsewhere {
		if !r.has(d, e) && !in.shut[d][e] {
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
