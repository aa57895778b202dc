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
      - type: RequestHeaderModifier
        requestHeaderModifier: {set: [{name: x-both, value: "a\"]]"}], add: [{name: x-add, value: $(a)}], remove: [x-gone]}
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
			sent := []string{a.host, a.target, h.Get("X-Rule"), h.Get("X-Both"), h.Get("X-Gone"),
				resp.Header.Get("X-Own"), resp.Header.Get("X-More")}
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

// Where some backends speak TLS and others do not, each gets what it speaks.
func TestBackendsOfTwoSchemes(t *testing.T) {
	const manifests = `  - backendRefs: [{name: a, port: 80}, {name: tls, port: 443}]
---
apiVersion: v1
kind: Service
metadata: {name: tls, namespace: default}
spec: {selector: {app: tls}, ports: [{port: 443, appProtocol: https}]}
`
	backends := three(200)
	backends["tls.default.svc"] = answering(200)
	eachFlavor(t, func(t *testing.T, f kong.Flavor) {
		k := startBacked(t, f, routeWith(manifests), backends)
		count := map[string]int{}
		for range 60 {
			resp, _ := k.ask(t, "GET", "/", "", nil)
			count[resp.Header.Get("X-Backend")]++
		}
		if count["a.default.svc"] < 8 || count["tls.default.svc"] < 8 || len(count) != 2 {
			t.Errorf("got %v", count)
		}
	})
}

// A redirect of one backend is for its share of the requests, and so is a policy on cross-origin requests.
func TestBackendRedirectAndCORS(t *testing.T) {
	const rules = `  - matches: [{path: {value: /old}}]
    backendRefs:
    - name: a
      port: 80
      filters:
      - {type: RequestRedirect, requestRedirect: {hostname: new.example.com, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}
      - {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-own, value: moved}]}}
    - name: b
      port: 80
      filters:
      - {type: CORS, cors: {allowOrigins: ["http://ok.example"], allowMethods: [GET]}}
      - {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-own, value: shared}]}}
    - {name: c, port: 80}
  - matches: [{path: {value: /all}}]
    backendRefs:
    - {name: a, port: 80, filters: [{type: RequestRedirect, requestRedirect: {statusCode: 301, hostname: new.example.com}}]}
`
	eachFlavor(t, func(t *testing.T, f kong.Flavor) {
		k := startBacked(t, f, routeWith(rules), three(200))
		seen := map[string]bool{}
		for i := range 150 {
			method := map[bool]string{true: "OPTIONS", false: "GET"}[i%2 == 0]
			resp, _ := k.ask(t, method, "/old/x?y=1", "", map[string]string{"Origin": "http://ok.example", "Access-Control-Request-Method": "GET"})
			h := resp.Header
			got := []string{resp.Status, h.Get("Location"), h.Get("X-Own"),
				h.Get("Access-Control-Allow-Origin"), h.Get("Access-Control-Allow-Methods")}
			kind := h.Get("X-Backend")
			if kind == "" {
				kind = resp.Status
			}
			want := map[string][]string{
				"302 Found":      {"302 Found", "http://new.example.com/new/x?y=1", "moved", "", ""},
				"204 No Content": {"204 No Content", "", "shared", "http://ok.example", "GET"},
				"b.default.svc":  {"200 OK", "", "shared", "http://ok.example", ""},
				"c.default.svc":  {"200 OK", "", "backend", "", ""},
			}[kind]
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s %s (-want +got):\n%s", method, kind, diff)
			}
			seen[kind] = true
		}
		if len(seen) != 4 {
			t.Errorf("saw %v", seen)
		}
		if resp, _ := k.ask(t, "GET", "/all/x", "", nil); resp.StatusCode != 301 ||
			resp.Header.Get("Location") != "http://new.example.com/all/x" {
			t.Errorf("got %s to %q", resp.Status, resp.Header.Get("Location"))
		}
	})
}
