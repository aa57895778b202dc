package bind

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/manifest"
)

func TestOptions(t *testing.T) {
	const class = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: %s}\nspec: {controllerName: %s}\n---\n"
	const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec: {gatewayClassName: %s, listeners: [{name: l, port: 80, protocol: HTTP}]}
`
	tests := []struct {
		name, class, controller, of string
		options                     Options
		ours                        bool
	}{
		{"the controller's", "edge", "konghq.com/kic-gateway-controller", "edge", Options{}, true},
		{"our own", "edge", "gwsync.dev/gateway-controller", "edge", Options{}, true},
		{"the operator's", "edge", "konghq.com/gateway-operator", "edge", Options{}, true},
		{"another's", "edge", "example.com/other", "edge", Options{}, false},
		{"another's by our name", "kong", "example.com/other", "kong", Options{}, false},
		{"by name", "", "", "kong", Options{}, true},
		{"not by name", "", "", "edge", Options{}, false},
		{"given controller", "edge", "example.com/other", "edge", Options{Controllers: []string{"example.com/other"}}, true},
		{"it replaces the default", "edge", "konghq.com/gateway-operator", "edge", Options{Controllers: []string{"example.com/other"}}, false},
		{"given name", "", "", "edge", Options{ClassName: "edge"}, true},
		{"given name replaces kong", "", "", "kong", Options{ClassName: "edge"}, false},
	}
	for _, tt := range tests {
		manifests := fmt.Sprintf(gateway, tt.of)
		if tt.class != "" {
			manifests = fmt.Sprintf(class, tt.class, tt.controller) + manifests
		}
		g, _ := Build(loadString(t, manifests), tt.options)
		if got := len(g.Gateways) == 1; got != tt.ours {
			t.Errorf("%s: ours is %v, want %v", tt.name, got, tt.ours)
		}
	}
}

// TestBindings holds Bindings to what has to be rendered: no listener twice, none that is not programmed.
func TestBindings(t *testing.T) {
	g, _ := Build(loadString(t, `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: one}
spec:
  gatewayClassName: kong
  listeners:
  - {name: a, port: 80, protocol: HTTP}
  - {name: b, port: 81, protocol: HTTP, hostname: "*.example.com"}
  - {name: c, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: missing}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: two}
spec:
  gatewayClassName: kong
  listeners:
  - {name: d, port: 82, protocol: HTTP, hostname: other.example.net}
  - {name: e, port: 83, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  hostnames: [www.example.com]
  parentRefs: [{name: two}, {name: one}]
`), Options{})
	type served struct {
		Listener  string
		Hostnames []string
	}
	var got []served
	for _, b := range g.Routes[0].Bindings() {
		got = append(got, served{b.Listener.String(), b.Hostnames})
	}
	www := []string{"www.example.com"}
	want := []served{{"e (HTTP :83)", www}, {"a (HTTP :80)", www}, {"b (HTTP :81 *.example.com)", www}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bindings (-want +got):\n%s", diff)
	}
	if c := g.Gateways[0].Listeners[2]; c.Programmed || c.AttachedRoutes != 1 {
		t.Errorf("listener c: programmed %v with %d routes, want not programmed with 1 route", c.Programmed, c.AttachedRoutes)
	}
}

// TestFixAllowedRoutes writes the two ways that a denial offers into the listener.
func TestFixAllowedRoutes(t *testing.T) {
	const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong, namespace: edge}
spec:
  gatewayClassName: kong
  listeners:
  - name: proxy
    port: 80
    protocol: HTTP
    allowedRoutes:
`
	const route = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: %q}
spec: {parentRefs: [{name: kong, namespace: edge}]}
`
	build := func(namespaces string) *Graph {
		g, _ := Build(loadString(t, gateway+indent(namespaces, 2)+fmt.Sprintf(route, "edge")+fmt.Sprintf(route, "1e3")), Options{})
		return g
	}
	g := build("  namespaces: {from: Same}")
	e, _ := g.Explain(manifest.Ref{Group: gatewayGroup, Kind: "HTTPRoute", Namespace: "1e3", Name: "r"})
	denial, ok := failed(e.Parts[0].Parts[0].Checks)
	if !ok || denial.Reason != NotAllowedByListeners {
		t.Fatalf("the route is not denied: %v", denial)
	}
	_, fix, _ := strings.Cut(denial.Fix, "\n")
	narrow, wide, _ := strings.Cut(fix, "\nor to allow every namespace:\n")
	for _, fix := range []string{narrow, wide} {
		for _, r := range build(fix).Routes {
			if !r.Accepted() {
				t.Errorf("%s is not accepted with\n%s", r.Object.Ref, fix)
			}
		}
	}
}

// TestDenialTellsNothing holds a denial to the same words whether the target exists or not.
func TestDenialTellsNothing(t *testing.T) {
	const route = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: src}
spec: {parentRefs: [{name: kong}], rules: [{backendRefs: [{name: echo, namespace: dst, port: 80}]}]}
`
	const service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: %s, namespace: dst}\nspec: {ports: [{port: 80}]}\n"
	tell := func(manifests string) string {
		g, findings := Build(loadString(t, manifests), Options{})
		e, _ := g.Explain(g.Routes[0].Object.Ref)
		if b := g.Routes[0].Rules[0].Backends[0]; b.Reason != RefNotPermitted || b.Service != nil || b.Object != nil {
			t.Errorf("the backend is %v, with Service %v", b.Reason, b.Service)
		}
		return describe(findings) + e.Text()
	}
	without := tell(route)
	for _, name := range []string{"echo", "ecoh"} {
		if diff := cmp.Diff(without, tell(route+fmt.Sprintf(service, name))); diff != "" {
			t.Errorf("with Service %s it says (-without +with):\n%s", name, diff)
		}
	}
}

func TestExplainUnknown(t *testing.T) {
	g, _ := Build(manifest.Set{}, Options{})
	if e, ok := g.Explain(manifest.Ref{Group: gatewayGroup, Kind: "HTTPRoute", Namespace: "a", Name: "b"}); ok {
		t.Errorf("a route that is not there is explained: %v", e)
	}
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		set := manyRoutes(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if g, _ := Build(set, Options{}); len(g.Routes) != n {
					b.Fatalf("%d routes", len(g.Routes))
				}
			}
		})
	}
}

// BenchmarkBuildDenied is the worst case: every reference is denied or misspelt, and has a hint.
func BenchmarkBuildDenied(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		set := manyRoutes(b, n, "from: All", "from: Same", "[{name: echo", "[{name: ecoh")
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, findings := Build(set, Options{}); len(findings) < n {
					b.Fatalf("%d findings", len(findings))
				}
			}
		})
	}
}

// manyRoutes makes n routes in ten namespaces to n Services in an eleventh, by way of one Gateway with two listeners.
func manyRoutes(b *testing.B, n int, replace ...string) manifest.Set {
	b.Helper()
	var m strings.Builder
	m.WriteString(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong, namespace: default}
spec:
  gatewayClassName: kong
  listeners:
  - {name: a, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - {name: b, port: 81, protocol: HTTP, hostname: "*.example.com", allowedRoutes: {namespaces: {from: All}}}
`)
	for i := range 10 {
		fmt.Fprintf(&m, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {name: g%d, namespace: dst}\n"+
			"spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: src%d}], to: [{group: \"\", kind: Service}]}\n", i, i)
	}
	for i := range n {
		fmt.Fprintf(&m, "---\napiVersion: v1\nkind: Service\nmetadata: {name: echo%d, namespace: dst}\nspec: {ports: [{port: 80}]}\n", i)
		fmt.Fprintf(&m, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r%d, namespace: src%d}\n"+
			"spec:\n  parentRefs: [{name: kong, namespace: default}]\n  hostnames: [h%d.example.com]\n"+
			"  rules: [{backendRefs: [{name: echo%d, namespace: dst, port: 80}]}]\n", i, i%10, i, i)
	}
	text := m.String()
	if len(replace) > 0 {
		text = strings.NewReplacer(replace...).Replace(text)
	}
	files := fstest.MapFS{"all.yaml": &fstest.MapFile{Data: []byte(text)}}
	set, _, err := manifest.Load([]manifest.Input{{FS: files, Path: "."}}, manifest.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return set
}
