package render_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// corsRules are those of the conformance test HTTPRouteCORS, and some for what it leaves open.
const corsRules = `
  - matches: [{path: {value: /cors-1}}]
    filters:
    - type: CORS
      cors:
        allowOrigins: ["https://www.foo.com", "https://*.bar.com"]
        allowMethods: [GET, OPTIONS]
        allowHeaders: [x-header-1, x-header-2]
        exposeHeaders: [x-header-3, x-header-4]
        allowCredentials: true
        maxAge: 3600
    backendRefs: [{name: a, port: 8080}]
  - matches: [{path: {value: /cors-2}}]
    filters: [{type: CORS, cors: {allowOrigins: ["https://www.foo.com"], allowMethods: ["*"]}}]
    backendRefs: [{name: a, port: 8080}]
  - matches: [{path: {value: /cors-wildcard-origin}}]
    filters: [{type: CORS, cors: {allowOrigins: ["*"], allowMethods: [PUT], allowCredentials: false}}]
    backendRefs: [{name: a, port: 8080}]
  - matches: [{path: {value: /cors-wildcards}}]
    filters:
    - {type: CORS, cors: {allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"], exposeHeaders: ["*"], allowCredentials: true}}
    backendRefs: [{name: a, port: 8080}]
  - matches: [{path: {value: /cors-ports}}]
    filters:
    - type: CORS
      cors: {allowOrigins: ["http://a.example:8080", "https://b.example:443", "http://*:81", "https://*.c.example:8443"],
        exposeHeaders: ["*"]}
    backendRefs: [{name: a, port: 8080}]
  - matches: [{path: {value: /cors-none}}]
    filters: [{type: CORS, cors: {allowMethods: [GET]}}]
    backendRefs: [{name: a, port: 8080}]
  - matches: [{path: {value: /cors-redirect}}]
    filters:
    - {type: RequestRedirect, requestRedirect: {hostname: example.org}}
    - {type: CORS, cors: {allowOrigins: ["*"]}}`

// crossOrigin is a request and the headers of its answer, without "access-control-"; what it does not name must not be there.
type crossOrigin struct {
	path, origin      string
	preflight, header string // Access-Control-Request-Method and -Headers
	method            string
	status            int
	want              map[string]string
}

func TestCORS(t *testing.T) {
	first := map[string]string{"Allow-Credentials": "true", "Expose-Headers": "x-header-3, x-header-4"}
	with := func(base map[string]string, pairs ...string) map[string]string {
		out := map[string]string{}
		for k, v := range base {
			out[k] = v
		}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i]] = pairs[i+1]
		}
		return out
	}
	preflight := with(first, "Allow-Methods", "GET, OPTIONS", "Allow-Headers", "x-header-1, x-header-2", "Max-Age", "3600")
	backends := map[string]string{"Allow-Origin": "*", "Allow-Methods": "HACK"} // what the backend says itself
	cases := []crossOrigin{
		{"/cors-1", "https://www.foo.com", "GET", "x-header-1", "OPTIONS", 204, with(preflight, "Allow-Origin", "https://www.foo.com")},
		{"/cors-1", "https://www.bar.com", "GET", "x-header-1", "OPTIONS", 204, with(preflight, "Allow-Origin", "https://www.bar.com")},
		{"/cors-1", "https://xpto.www.bar.com", "PUT", "", "OPTIONS", 204, with(preflight, "Allow-Origin", "https://xpto.www.bar.com")},
		{"/cors-1", "HTTPS://WWW.bar.com:443", "GET", "", "OPTIONS", 204, with(preflight, "Allow-Origin", "HTTPS://WWW.bar.com:443")},
		{"/cors-1", "https://www.foo.com", "GET", "x", "GET", 200, with(first, "Allow-Origin", "https://www.foo.com")},
		{"/cors-1", "https://www.bar.com", "", "", "OPTIONS", 200, with(first, "Allow-Origin", "https://www.bar.com")},
		{"/cors-1", "", "GET", "", "OPTIONS", 200, backends},
		{"/cors-2", "https://www.foo.com", "POST", "x-a", "OPTIONS", 204,
			map[string]string{"Allow-Origin": "https://www.foo.com", "Allow-Methods": "POST", "Max-Age": "5"}},
		{"/cors-wildcard-origin", "https://foobar.com:12345", "PUT", "", "OPTIONS", 204,
			map[string]string{"Allow-Origin": "*", "Allow-Methods": "PUT", "Max-Age": "5"}},
		{"/cors-wildcard-origin", "null", "", "", "PUT", 200, map[string]string{"Allow-Origin": "*"}},
		{"/cors-wildcards", "https://other.foo.com", "PUT", "x-header-1, x-header-2", "OPTIONS", 204, map[string]string{
			"Allow-Origin": "https://other.foo.com", "Allow-Methods": "PUT", "Allow-Headers": "x-header-1, x-header-2",
			"Allow-Credentials": "true", "Max-Age": "5"}},
		{"/cors-wildcards", "null", "PUT", "", "OPTIONS", 204, map[string]string{
			"Allow-Origin": "null", "Allow-Methods": "PUT", "Allow-Credentials": "true", "Max-Age": "5"}},
		{"/cors-ports", "http://a.example:8080", "", "", "GET", 200,
			map[string]string{"Allow-Origin": "http://a.example:8080", "Expose-Headers": "*"}},
		{"/cors-ports", "https://b.example", "", "", "GET", 200, map[string]string{"Allow-Origin": "https://b.example", "Expose-Headers": "*"}},
		{"/cors-ports", "http://any:81", "", "", "GET", 200, map[string]string{"Allow-Origin": "http://any:81", "Expose-Headers": "*"}},
		{"/cors-ports", "https://x.c.example:8443", "", "", "GET", 200,
			map[string]string{"Allow-Origin": "https://x.c.example:8443", "Expose-Headers": "*"}},
		{"/cors-redirect", "https://x.example", "GET", "", "OPTIONS", 204, map[string]string{"Allow-Origin": "*", "Max-Age": "5"}},
		{"/cors-redirect", "https://x.example", "", "", "GET", 302, map[string]string{"Allow-Origin": "*"}},
	}
	for path, origins := range map[string][]string{
		"/cors-1": {"https://foobar.com", "http://www.foo.com", "https://www.foo.com:8443", "https://bar.com", "https://.bar.com",
			"https://www.foo.com.evil.example", "https://evil-bar.com", "https://evil.example/.bar.com", "https://x@www.foo.com", "null", ""},
		"/cors-ports": {"http://a.example", "https://b.example:80", "http://any", "https://x.c.example", "https://any:81"},
		"/cors-none":  {"https://www.foo.com"},
	} {
		for _, o := range origins {
			if o != "" {
				cases = append(cases, crossOrigin{path, o, "GET", "", "OPTIONS", 204, map[string]string{}},
					crossOrigin{path, o, "", "", "GET", 200, map[string]string{}})
			}
		}
	}
	inBothFlavors(t, gatewayWith(corsRules), func(t *testing.T, k traffic) {
		for _, c := range cases {
			checkCORS(t, k, c)
		}
	})
}

func checkCORS(t *testing.T, k traffic, c crossOrigin) {
	t.Helper()
	h := http.Header{"Answer-Access-Control-Allow-Origin": {"*"}, "Answer-Access-Control-Allow-Methods": {"HACK"}, "Answer-Vary": {"Accept"}}
	for name, v := range map[string]string{
		"Origin": c.origin, "Access-Control-Request-Method": c.preflight, "Access-Control-Request-Headers": c.header,
	} {
		if v != "" {
			h.Set(name, v)
		}
	}
	answer, _ := k.ask(t, request{method: c.method, target: c.path, header: h})
	got := map[string]string{}
	for _, name := range []string{"Allow-Origin", "Allow-Credentials", "Allow-Methods", "Allow-Headers", "Expose-Headers", "Max-Age"} {
		if v := answer.Header.Values("Access-Control-" + name); len(v) > 0 {
			got[name] = v[0]
		}
	}
	if diff := cmp.Diff(c.want, got); diff != "" || answer.StatusCode != c.status {
		t.Errorf("%s %s from %q is answered %d, want %d (-want +got):\n%s", c.method, c.path, c.origin, answer.StatusCode, c.status, diff)
	}
	vary := answer.Header.Values("Vary")
	if len(vary) == 0 || vary[len(vary)-1] != "Origin" {
		t.Errorf("%s %s from %q: the answer varies by %q", c.method, c.path, c.origin, vary)
	}
}

// TestCORSExposesAll asks for a header that exposes all: with credentials a "*" would be a name.
func TestCORSExposesAll(t *testing.T) {
	inBothFlavors(t, gatewayWith(corsRules), func(t *testing.T, k traffic) {
		got, _ := k.ask(t, request{target: "/cors-wildcards", header: http.Header{"Origin": {"https://x.example"}, "Answer-X-Mine": {"1"}}})
		want := "access-control-allow-credentials, access-control-allow-origin, connection, content-length, content-type, date, server, " +
			"vary, via, x-kong-proxy-latency, x-kong-request-id, x-kong-response-latency, x-kong-upstream-latency, x-mine"
		if e := got.Header.Get("Access-Control-Expose-Headers"); e != want {
			t.Errorf("exposes %q, want %q", e, want)
		}
	})
}

// TestCORSBeforeAuthentication asks a route with a plugin that wants credentials: browsers send none with a preflight request, and a page
// must be able to read that its request was refused.
func TestCORSBeforeAuthentication(t *testing.T) {
	const annotated = "metadata: {name: r, annotations: {konghq.com/plugins: auth}}"
	manifests := strings.Replace(gatewayWith(corsRules), "metadata: {name: r}", annotated, 1) + `
---
apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata: {name: auth}
plugin: key-auth`
	inBothFlavors(t, manifests, func(t *testing.T, k traffic) {
		allowed := map[string]string{"Allow-Origin": "https://www.foo.com", "Allow-Methods": "PUT", "Max-Age": "5"}
		checkCORS(t, k, crossOrigin{"/cors-2", "https://www.foo.com", "PUT", "", "OPTIONS", 204, allowed})
		checkCORS(t, k, crossOrigin{"/cors-2", "https://www.foo.com", "", "", "GET", 401,
			map[string]string{"Allow-Origin": "https://www.foo.com"}})
		checkCORS(t, k, crossOrigin{"/cors-2", "https://evil.example", "", "", "GET", 401, map[string]string{}})
	})
}

// TestPreflightOfMethod asks for what browsers may send to rules that are for one method: the answer comes from the rule that would get
// the request. A rule that names OPTIONS gets all of them, whichever comes first.
func TestPreflightOfMethod(t *testing.T) {
	manifests := gatewayWith(`
  - matches: [{path: {value: /a}, method: GET}, {path: {value: /a}, method: PUT, headers: [{name: x-team, value: blue}]}]
    filters: [{type: CORS, cors: {allowOrigins: ["http://get.example"], allowMethods: [GET]}}]
    backendRefs:
    - {name: a, port: 8080, filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}]}
  - matches: [{path: {value: /a}, method: POST}]
    filters: [{type: CORS, cors: {allowOrigins: ["http://post.example"], allowMethods: [POST]}}]
    backendRefs:
    - {name: a, port: 8080, filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}]}
  - matches: [{path: {value: /own}, method: GET}]
    filters: [{type: CORS, cors: {allowOrigins: ["*"]}}]
    backendRefs: [{name: a, port: 8080}]
  - matches: [{path: {value: /own}, method: OPTIONS}]
    backendRefs: [{name: a, port: 8080}]
`) + `
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: host}
spec:
  parentRefs: [{name: kong}]
  hostnames: [host.example.com]
  rules:
  - matches: [{method: GET}]
    filters: [{type: CORS, cors: {allowOrigins: ["http://host.example"]}}]
    backendRefs: [{name: a, port: 8080}]`
	inBothFlavors(t, manifests, func(t *testing.T, k traffic) {
		for _, c := range []struct {
			host, path, origin, method, team string
			status                           int
			allowed                          string
		}{
			{path: "/a/b", origin: "http://get.example", method: "GET", status: 204, allowed: "http://get.example"},
			{path: "/a", origin: "http://post.example", method: "GET", status: 204},
			{path: "/a", origin: "http://post.example", method: "POST", status: 204, allowed: "http://post.example"},
			{path: "/a", origin: "http://get.example", method: "DELETE", status: 404},
			{path: "/a", method: "GET", status: 404},
			{path: "/a", origin: "http://get.example", status: 404},
			{path: "/a", origin: "http://get.example", method: "PUT", status: 404},
			{path: "/a", origin: "http://get.example", method: "PUT", team: "blue", status: 204, allowed: "http://get.example"},
			{path: "/own", origin: "http://get.example", method: "GET", status: 200},
			{path: "/", origin: "http://host.example", method: "GET", status: 404},
			{host: "host.example.com", path: "/", origin: "http://host.example", method: "GET", status: 204, allowed: "http://host.example"},
			{host: "host.example.com", path: "/", origin: "http://host.example", method: "POST", status: 404},
		} {
			q := request{method: http.MethodOptions, target: c.path, host: c.host, header: http.Header{}}
			for name, v := range map[string]string{"Origin": c.origin, "Access-Control-Request-Method": c.method, "X-Team": c.team} {
				if v != "" {
					q.header.Set(name, v)
				}
			}
			got, _ := k.ask(t, q)
			if allowed := got.Header.Get("Access-Control-Allow-Origin"); got.StatusCode != c.status || allowed != c.allowed {
				t.Errorf("preflight %+v: got %d, allowed %q", c, got.StatusCode, allowed)
			}
		}
	})
}
