package render_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

func three(status int) map[string]http.HandlerFunc {
	out := map[string]http.HandlerFunc{}
	for _, name := range []string{"a.default.svc", "b.default.svc", "c.default.svc"} {
		out[name] = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Own", "backend")
			w.WriteHeader(status)
		}
	}
	return out
}

// Requests go to backends in proportion to their weights, with what the filters of that backend do and no other's, and those of
// backends that are not there are answered 500 in the same proportion.
func TestBackendFilters(t *testing.T) {
	const rules = `  - filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-rule, value: rule}, {name: x-both, value: rule}]}}
    backendRefs:
    - name: a
      port: 80
      weight: 5
      filters:
      - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-both, value: "a\"]]"}], add: [{name: x-add, value: $(a)}], remove: [x-gone]}}
      - {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-own, value: a}], add: [{name: x-more, value: a}]}}
    - name: b
      port: 80
      weight: 3
      filters:
      - {type: RequestHeaderModifier, requestHeaderModifier: {remove: [x-rule]}}
      - {type: URLRewrite, urlRewrite: {hostname: b.example.com, path: {type: ReplaceFullPath, replaceFullPath: /b}}}
    - {name: c, port: 80}
    - {name: missing, port: 80}
    - {name: c, port: 80, weight: 0}
`
	eachFlavor(t, func(t *testing.T, f kong.Flavor) {
		k := startBacked(t, f, routeWith(rules), three(200))
		count := map[string]int{}
		const n = 400
		for range n {
			resp, _ := k.ask(t, "GET", "/path?x=1", "", map[string]string{"X-Gone": "1", "X-Add": "own"})
			backend := resp.Header.Get("X-Backend")
			count[backend]++
			got := k.arrivals()
			if backend == "" {
				if resp.StatusCode != 500 || len(got) != 0 {
					t.Fatalf("got %d, and backends got %v", resp.StatusCode, got)
				}
				continue
			}
			a, h := got[0], got[0].header
			sent := []string{a.host, a.target, h.Get("X-Rule"), h.Get("X-Both"), h.Get("X-Gone"), resp.Header.Get("X-Own"), resp.Header.Get("X-More")}
			want := map[string][]string{
				"a.default.svc": {"example.org", "/path?x=1", "rule", `a"]]`, "", "a", "a"},
				"b.default.svc": {"b.example.com", "/b?x=1", "", "rule", "1", "backend", ""},
				"c.default.svc": {"example.org", "/path?x=1", "rule", "rule", "1", "backend", ""},
			}[backend]
			if diff := cmp.Diff(want, sent); diff != "" {
				t.Fatalf("at %s (-want +got):\n%s", backend, diff)
			}
			if want := map[bool][]string{true: {"own", "$(a)"}, false: {"own"}}[backend == "a.default.svc"]; !cmp.Equal(want, h.Values("X-Add")) {
				t.Fatalf("%s got X-Add %q", backend, h.Values("X-Add"))
			}
		}
		// Six standard deviations.
		for backend, share := range map[string][2]int{
			"a.default.svc": {140, 260}, "b.default.svc": {65, 175}, "c.default.svc": {4, 76}, "": {4, 76},
		} {
			if c := count[backend]; c < share[0] || c > share[1] {
				t.Errorf("%q got %d of %d, want %d to %d", backend, c, n, share[0], share[1])
			}
		}
	})
}

// Copies for the filter of a backend are of the requests that it gets.
func TestBackendMirror(t *testing.T) {
	const rules = `  - backendRefs:
    - {name: a, port: 80, filters: [{type: RequestMirror, requestMirror: {backendRef: {name: c, port: 80}}}]}
    - {name: b, port: 80}
`
	k := startBacked(t, kong.Expressions, routeWith(rules), three(200))
	var want []string
	for _, target := range []string{"/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8"} {
		if resp, _ := k.ask(t, "GET", target, "", nil); resp.Header.Get("X-Backend") == "a.default.svc" {
			want = append(want, target)
		}
	}
	got := map[string]bool{}
	for _, a := range k.copies(t, 8+len(want))["c.default.svc"] {
		got[a.target] = true
	}
	for _, target := range want {
		if !got[target] || len(got) != len(want) {
			t.Fatalf("copied %v, want %v", got, want)
		}
	}
}

// The only backend's filters are as good as the rule's.
func TestOnlyBackendFilters(t *testing.T) {
	const rules = `  - backendRefs:
    - name: a
      port: 80
      filters:
      - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-set, value: "1"}]}}
      - {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-own, value: filter}]}}
`
	eachFlavor(t, func(t *testing.T, f kong.Flavor) {
		k := startBacked(t, f, routeWith(rules), three(200))
		resp, _ := k.ask(t, "GET", "/", "", nil)
		if got := k.arrivals(); got[0].header.Get("X-Set") != "1" || resp.Header.Get("X-Own") != "filter" {
			t.Errorf("the backend got %v, the client %v", got[0].header, resp.Header)
		}
	})
}

// The choice of a backend and the attempts to get an answer of it work together.
func TestBackendFiltersWithRetry(t *testing.T) {
	const rules = `  - retry: {codes: [503], attempts: 2}
    backendRefs:
    - {name: a, port: 80, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-set, value: a}]}}]}
    - {name: b, port: 80, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-set, value: b}]}}]}
`
	k := startBacked(t, kong.Expressions, routeWith(rules), three(503))
	for range 20 {
		resp, _ := k.ask(t, "GET", "/", "", nil)
		got := k.arrivals()
		if resp.StatusCode != 503 || len(got) != 3 {
			t.Fatalf("got %d after %d requests", resp.StatusCode, len(got))
		}
		for _, a := range got {
			if a.backend != got[0].backend || a.header.Get("X-Set") != a.backend[:1] {
				t.Fatalf("%s got X-Set %s after %s", a.backend, a.header.Get("X-Set"), got[0].backend)
			}
		}
	}
}
