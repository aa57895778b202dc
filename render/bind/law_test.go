package bind

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	gocmp "github.com/google/go-cmp/cmp"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// FuzzBuild makes manifests out of bytes and holds Build to its laws:
//   - adding a ReferenceGrant unbinds and unresolves nothing; removing one binds and resolves nothing
//   - the order of documents does not matter
//   - the labels of a namespace matter to selectors alone, and only for what is of that namespace
//   - of routes that cannot be at one listener, the first is, and it says so to the others
//   - the grant that a denial suggests allows what was denied, and changes nothing else
//   - whatever there is, there is an explanation of it
func FuzzBuild(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 2, 1, 0, 3, 1, 0, 0, 1, 0, 0})
	f.Add([]byte{3, 1, 0, 0, 0, 1, 0, 2, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 2, 3, 0, 1, 0, 0, 0, 0, 0, 2})
	f.Add([]byte("the quick brown fox jumps over the lazy dog, and then some more of that, since manifests take many bytes"))
	f.Fuzz(func(t *testing.T, seed []byte) {
		if len(seed) > 200 {
			return // enough to say everything
		}
		docs := arbitraryManifests(seed)
		g, findings := buildDocs(t, docs)
		all := outcomes(g)
		checkGrants(t, docs, all)
		checkOrder(t, docs, all, findings)
		checkLabels(t, docs, g, all, []string{"a", "b", "c"}[len(seed)%3])
		checkRivals(t, g)
		checkExplained(t, g)
		checkFixes(t, g, docs, all)
	})
}

// checkGrants removes the grants one by one.
func checkGrants(t *testing.T, docs []string, all map[string]string) {
	t.Helper()
	for i := range docs {
		if !strings.Contains(docs[i], "kind: ReferenceGrant") {
			continue
		}
		less, _ := buildDocs(t, slices.Delete(slices.Clone(docs), i, i+1))
		for what, reason := range outcomes(less) {
			if now, there := all[what]; reason == "" && now != "" {
				t.Errorf("%s: %q (%v) with the grant of document %d, and fine without", what, now, there, i)
			}
		}
	}
}

// checkOrder asks that documents in another order have the same outcome and the same findings.
func checkOrder(t *testing.T, docs []string, all map[string]string, findings diag.List) {
	t.Helper()
	reversed := slices.Clone(docs)
	slices.Reverse(reversed)
	g, other := buildDocs(t, reversed)
	if diff := gocmp.Diff(all, outcomes(g)); diff != "" {
		t.Errorf("documents in another order have another outcome:\n%s", diff)
	}
	if diff := gocmp.Diff(placeless(findings), placeless(other)); diff != "" {
		t.Errorf("documents in another order have other findings:\n%s", diff)
	}
}

var places = regexp.MustCompile(`all\.yaml:\d+:\d+`)

// placeless is what findings say, but for the places.
func placeless(l diag.List) []string {
	var out []string
	for _, f := range l {
		out = append(out, places.ReplaceAllString(fmt.Sprint(f.Severity, f.Code, f.Object, f.Field, f.Message, f.Hint, len(f.Related)), "PLACE"))
	}
	slices.Sort(out)
	return out
}

// checkLabels changes the label of a namespace.
func checkLabels(t *testing.T, docs []string, g *Graph, all map[string]string, name string) {
	t.Helper()
	others := slices.DeleteFunc(slices.Clone(docs), func(d string) bool {
		return strings.Contains(d, "kind: Namespace") && strings.Contains(d, "{name: "+name+",")
	})
	known, _ := g.labels(name)
	env := "dev"
	if known["env"] == env {
		env = "prod"
	}
	after, _ := buildDocs(t, append(others, namespaceDoc(name, env)))
	now, same := admissions(after), true
	for what, a := range admissions(g) {
		b, there := now[what]
		if !there || a.open == b.open {
			continue
		}
		same = false
		if a.namespace != name || a.from != gatewayv1.NamespacesFromSelector {
			t.Errorf("%s: the labels of namespace %s made it %v", what, name, b.open)
		}
	}
	if diff := gocmp.Diff(all, outcomes(after)); same && diff != "" {
		t.Errorf("the labels of namespace %s matter to no selector, and change:\n%s", name, diff)
	}
}

// admission is whether something of a namespace may attach.
type admission struct {
	namespace string
	from      gatewayv1.FromNamespaces
	open      bool
}

// admissions tells which routes and ListenerSets may attach where, as far as their namespaces go.
func admissions(g *Graph) map[string]admission {
	out := map[string]admission{}
	for _, s := range g.ListenerSets {
		if gw, ok := g.Gateway(s.Target); ok {
			out[s.Object.Ref.String()] = admission{s.Object.Ref.Namespace, gw.selector.from, s.Gateway != nil}
		}
	}
	for _, r := range g.Routes {
		for _, p := range r.Parents {
			for _, b := range p.Bindings {
				what := fmt.Sprintf("%s parent %d listener %s of %s", r.Object.Ref, p.Index, b.Listener.Name(), b.Listener.Object.Ref)
				out[what] = admission{r.Object.Ref.Namespace, b.Listener.selector.from, b.namespace}
			}
		}
	}
	return out
}

// bound is a route at a listener that lets it attach.
type bound struct {
	route *Route
	Binding
}

// checkRivals asks of every listener that its routes are told apart as they should be, the slow way.
func checkRivals(t *testing.T, g *Graph) {
	t.Helper()
	at := map[*Listener][]bound{}
	for _, r := range g.Routes {
		for _, p := range r.Parents {
			for _, b := range p.Bindings {
				if r.invalid() == "" && b.kind && b.namespace && b.hostname {
					at[b.Listener] = append(at[b.Listener], bound{r, b})
				}
			}
		}
	}
	for _, routes := range at {
		slices.SortFunc(routes, func(a, b bound) int {
			x, y := a.route.Object.Ref, b.route.Object.Ref
			return cmp.Or(strings.Compare(x.Namespace, y.Namespace), strings.Compare(x.Name, y.Name), strings.Compare(x.Kind, y.Kind))
		})
		for i, b := range routes {
			if want := firstRival(routes[:i], b); b.Winner != want {
				t.Errorf("%s at %s: winner is %v, want %v", b.route.Object.Ref, b.Listener, refOf(b.Winner), refOf(want))
			}
		}
	}
}

// firstRival returns the route among earlier ones that b has to leave the listener to.
func firstRival(earlier []bound, b bound) *Route {
	var taken []*Route
	for _, h := range b.hosts() {
		for _, e := range earlier {
			if !conflicts(e, b, h) {
				continue
			}
			if b.route.Object.Ref.Kind != kindTLSRoute {
				return e.route
			}
			taken = append(taken, e.route)
			break
		}
	}
	if len(taken) == len(b.hosts()) {
		return taken[0]
	}
	return nil
}

// conflicts reports whether an earlier route has what b wants: a hostname, or the listener as a whole.
func conflicts(e, b bound, h string) bool {
	kind := b.route.Object.Ref.Kind
	switch {
	case e.route == b.route:
		return false
	case kind == kindTCPRoute || kind == kindUDPRoute:
		return e.Winner == nil
	case kind == kindTLSRoute:
		return slices.Contains(e.hosts(), h) && !slices.Contains(e.Taken, h)
	}
	return e.Accepted && e.route.Object.Ref.Kind != kind && slices.ContainsFunc(e.hosts(), func(o string) bool {
		return slices.ContainsFunc(b.hosts(), func(h string) bool { _, both := Intersect(o, h); return both })
	})
}

func refOf(r *Route) string {
	if r == nil {
		return "none"
	}
	return r.Object.Ref.String()
}

// checkExplained asks that there is an explanation of everything, in lines.
func checkExplained(t *testing.T, g *Graph) {
	t.Helper()
	for o := range g.set.All() {
		e, ok := g.Explain(o.Ref)
		if text := e.Text(); !ok || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s is not explained: %q", o.Ref, text)
		}
	}
}

// checkFixes applies every ReferenceGrant that an explanation suggests.
func checkFixes(t *testing.T, g *Graph, docs []string, before map[string]string) {
	t.Helper()
	applied := map[string]bool{}
	for _, r := range g.Routes {
		for _, rule := range r.Rules {
			for i := range rule.Backends {
				c, _ := failed(newChecker(g).backendChecks(r, &rule.Backends[i]))
				if _, grant, ok := strings.Cut(c.Fix, "add this ReferenceGrant:\n"); ok && !applied[grant] {
					applied[grant] = true
					checkFix(t, docs, before, r, &rule.Backends[i], grant)
				}
			}
		}
	}
}

func checkFix(t *testing.T, docs []string, before map[string]string, r *Route, b *Backend, grant string) {
	t.Helper()
	after, _ := buildDocs(t, append(docs[:len(docs):len(docs)], strings.ReplaceAll("\n"+grant, "\n  ", "\n")))
	for what, reason := range outcomes(after) {
		asked := strings.HasPrefix(what, r.Object.Ref.Kind+" "+r.Object.Ref.Namespace+"/") && strings.HasSuffix(what, " to "+b.Target.String())
		if asked && reason == RefNotPermitted {
			t.Errorf("%s: still not permitted with\n%s", what, grant)
		}
		if !asked && reason != before[what] {
			t.Errorf("%s was %q, and is %q with\n%s", what, before[what], reason, grant)
		}
	}
}

// outcomes is what became of everything: "" if it is good, else the reason.
func outcomes(g *Graph) map[string]string {
	out := map[string]string{}
	for _, gw := range g.Gateways {
		out[gw.Object.Ref.String()] = gw.Reason
		listenerOutcomes(gw.Listeners, out)
	}
	for _, s := range g.ListenerSets {
		out[s.Object.Ref.String()] = s.Reason
		listenerOutcomes(s.Listeners, out)
	}
	for _, p := range g.Policies {
		out[p.Object.Ref.String()] = p.Reason + p.Unresolved
	}
	for _, r := range g.Routes {
		routeOutcomes(r, out)
	}
	return out
}

func listenerOutcomes(listeners []*Listener, out map[string]string) {
	for _, l := range listeners {
		out[fmt.Sprintf("%s listener %s", l.Object.Ref, l)] = l.Rejected + l.Unresolved
	}
}

func routeOutcomes(r *Route, out map[string]string) {
	for _, p := range r.Parents {
		out[fmt.Sprintf("%s parent %d", r.Object.Ref, p.Index)] = p.Reason
		for _, b := range p.Bindings {
			what := fmt.Sprintf("%s parent %d listener %s of %s", r.Object.Ref, p.Index, b.Listener, b.Listener.Object.Ref)
			out[what] = b.Reason()
			out[what+" first"] = strings.TrimPrefix(refOf(b.Winner), "none")
		}
	}
	for _, rule := range r.Rules {
		out[fmt.Sprintf("%s rule %d", r.Object.Ref, rule.Index)] = rule.Dropped
		filters := rule.Filters
		for _, b := range rule.Backends {
			out[fmt.Sprintf("%s rule %d backend %d to %s", r.Object.Ref, rule.Index, b.Index, b.Target)] = b.Reason
			filters = append(filters[:len(filters):len(filters)], b.Filters...)
		}
		for i, f := range filters {
			if k := f.backend(); k != nil {
				out[fmt.Sprintf("%s rule %d filter %d to %s", r.Object.Ref, rule.Index, i, k.Target)] = f.Reason
			}
		}
	}
}

func buildDocs(t *testing.T, docs []string) (*Graph, diag.List) {
	t.Helper()
	return Build(loadDocs(t, docs), Options{})
}

// loadDocs loads what can be loaded of the documents: of two objects of one name, whichever Load prefers.
func loadDocs(t *testing.T, docs []string) manifest.Set {
	t.Helper()
	files := fstest.MapFS{"all.yaml": &fstest.MapFile{Data: []byte(strings.Join(docs, "\n---\n"))}}
	set, _, err := manifest.Load([]manifest.Input{{FS: files, Path: "."}}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}
