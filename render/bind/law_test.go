package bind

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/manifest"
)

// FuzzBuild makes manifests out of bytes and holds Build to its laws:
//   - adding a ReferenceGrant unbinds and unresolves nothing; removing one binds and resolves nothing
//   - the order of documents does not matter
//   - the grant that a denial suggests allows what was denied, and changes nothing else
//   - whatever is wrong, there is an explanation of it
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
		g := buildDocs(t, docs)
		all := outcomes(g)

		for i := range docs {
			if strings.Contains(docs[i], "kind: ReferenceGrant") {
				for what, reason := range outcomes(buildDocs(t, without(docs, i))) {
					if reason == "" && all[what] != "" {
						t.Errorf("%s: %s with the grant of document %d, and fine without", what, all[what], i)
					}
				}
			}
		}
		reversed := make([]string, len(docs))
		for i, d := range docs {
			reversed[len(docs)-1-i] = d
		}
		if diff := cmp.Diff(all, outcomes(buildDocs(t, reversed))); diff != "" {
			t.Errorf("documents in another order have another outcome:\n%s", diff)
		}
		checkFixes(t, g, docs, all)
	})
}

// checkFixes applies every ReferenceGrant that an explanation suggests.
func checkFixes(t *testing.T, g *Graph, docs []string, before map[string]string) {
	t.Helper()
	for _, r := range g.Routes {
		if _, ok := g.Explain(r.Object.Ref); !ok {
			t.Errorf("%s is not explained", r.Object.Ref)
		}
		for _, rule := range r.Rules {
			for i := range rule.Backends {
				checkFix(t, g, docs, before, r, &rule.Backends[i])
			}
		}
	}
}

func checkFix(t *testing.T, g *Graph, docs []string, before map[string]string, r *Route, b *Backend) {
	t.Helper()
	c, _ := failed(newChecker(g).backendChecks(r, b))
	_, grant, ok := strings.Cut(c.Fix, "add this ReferenceGrant:\n")
	if !ok {
		return
	}
	after := outcomes(buildDocs(t, append(docs[:len(docs):len(docs)], strings.ReplaceAll("\n"+grant, "\n  ", "\n"))))
	for what, reason := range after {
		asked := strings.HasPrefix(what, "HTTPRoute "+r.Object.Ref.Namespace+"/") && strings.HasSuffix(what, " to "+b.Target.String())
		if asked && reason == RefNotPermitted {
			t.Errorf("%s: still not permitted with\n%s", what, grant)
		}
		if !asked && reason != before[what] {
			t.Errorf("%s was %q, and is %q with\n%s", what, before[what], reason, grant)
		}
	}
}

// outcomes is what became of every reference: "" if it is good, else the reason.
func outcomes(g *Graph) map[string]string {
	out := map[string]string{}
	for _, gw := range g.Gateways {
		for _, l := range gw.Listeners {
			out[fmt.Sprintf("%s listener %s", gw.Object.Ref, l)] = l.Rejected + l.Unresolved
		}
	}
	for _, r := range g.Routes {
		for _, p := range r.Parents {
			out[fmt.Sprintf("%s parent %d", r.Object.Ref, p.Index)] = p.Reason
			for _, b := range p.Bindings {
				out[fmt.Sprintf("%s parent %d listener %s", r.Object.Ref, p.Index, b.Listener)] = b.Reason()
			}
		}
		for _, rule := range r.Rules {
			for _, b := range rule.Backends {
				out[fmt.Sprintf("%s rule %d backend %d to %s", r.Object.Ref, rule.Index, b.Index, b.Target)] = b.Reason
			}
		}
	}
	return out
}

func without(docs []string, i int) []string {
	return append(append([]string{}, docs[:i]...), docs[i+1:]...)
}

func buildDocs(t *testing.T, docs []string) *Graph {
	t.Helper()
	g, _ := Build(loadDocs(t, docs), Options{})
	return g
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

// words deals words out by the bytes of a seed.
type words struct{ seed []byte }

func (w *words) next(from ...string) string {
	if len(w.seed) == 0 {
		return from[0]
	}
	word := from[int(w.seed[0])%len(from)]
	w.seed = w.seed[1:]
	return word
}

func (w *words) namespace() string { return w.next("a", "b", "c") }

// arbitraryManifests makes documents out of few words, so that many of them fit together. No two have one name.
func arbitraryManifests(seed []byte) []string {
	w := &words{seed}
	docs := []string{gatewayDoc(w, 0)}
	for n := 1; len(w.seed) > 0; n++ {
		switch w.next("route", "grant", "service", "gateway", "namespace") {
		case "route":
			docs = append(docs, routeDoc(w, n))
		case "grant":
			docs = append(docs, grantDoc(w, n))
		case "service":
			docs = append(docs, fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {namespace: %s, name: %s%d}\nspec: {ports: [{port: %s}]}",
				w.namespace(), w.next("x", "y"), n%3, w.next("80", "81")))
		case "gateway":
			docs = append(docs, gatewayDoc(w, n))
		case "namespace":
			docs = append(docs, fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {env: %s}}",
				w.namespace(), w.next("dev", "prod")))
		}
	}
	return unique(docs)
}

// unique leaves out documents whose kind, namespace and name are taken.
func unique(docs []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, d := range docs {
		_, rest, _ := strings.Cut(d, "kind: ")
		name, _, _ := strings.Cut(rest, "}")
		name, _, _ = strings.Cut(name, ", labels")
		if !seen[name] {
			seen[name] = true
			out = append(out, d)
		}
	}
	return out
}

func gatewayDoc(w *words, n int) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {namespace: %s, name: g%d}
spec:
  gatewayClassName: kong
  listeners:
  - {name: l0, port: %s, protocol: %s, allowedRoutes: {namespaces: {from: %s, selector: {matchLabels: {env: dev}}}}}
  - {name: l1, port: %s, protocol: HTTP, hostname: "%s", allowedRoutes: {namespaces: {from: All}}}
  - {name: l2, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: s, namespace: %s}]}}`,
		w.namespace(), n, w.next("80", "81"), w.next("HTTP", "TCP", "ODD"), w.next("All", "Same", "Selector"),
		w.next("80", "82"), w.next("*.example.com", "a.example.com"), w.namespace())
}

func routeDoc(w *words, n int) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {namespace: %s, name: r%d}
spec:
  parentRefs: [{name: %s, namespace: %s%s}]
  hostnames: [%s]
  rules:
  - backendRefs:
    - {name: %s, namespace: %s, port: %s}
    - {name: %s, port: 80, kind: %s%s}`,
		w.namespace(), n, w.next("g0", "g0", "g1"), w.namespace(), w.next("", ", sectionName: l0", ", port: 82", ", sectionName: none"),
		w.next("", "a.example.com", "'*.example.com'", "example.net"),
		w.next("x0", "x1", "y2", "y0"), w.namespace(), w.next("80", "81"), w.next("x0", "y1"), w.next("Service", "Bucket"),
		w.next("", ", namespace: b", ", namespace: c"))
}

func grantDoc(w *words, n int) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {namespace: %s, name: g%d}
spec:
  from:
  - {group: gateway.networking.k8s.io, kind: %s, namespace: %s}
  - {group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: %s}
  to:
  - {group: "", kind: %s%s}
  - {group: "%s", kind: Service, name: x0}`,
		w.namespace(), n, w.next("HTTPRoute", "Gateway"), w.namespace(), w.namespace(),
		w.next("Service", "Secret"), w.next("", ", name: x1", ", name: y0", ", name: s"), w.next("", "core"))
}
