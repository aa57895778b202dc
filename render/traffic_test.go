package render_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// traffic is an embedded Kong that serves what is rendered from manifests, before a backend that tells what arrived.
type traffic struct {
	*proxy.Proxy
}

// arrived is what a backend got.
type arrived struct {
	Method, Target, Host string
	Header               http.Header
}

// serve renders manifests that have no errors.
func serve(t *testing.T, flavor kong.Flavor, manifests string) traffic {
	t.Helper()
	in := fstest.MapFS{"all.yaml": &fstest.MapFile{Data: []byte(manifests)}}
	result, err := render.Render([]manifest.Input{{FS: in, Path: "."}}, render.Options{Target: render.Target{Flavor: flavor}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Findings {
		if f.Severity == diag.Error {
			t.Fatalf("%s", lines(result.Findings))
		}
	}
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			if name, ok := strings.CutPrefix(name, "Answer-"); ok {
				w.Header()[name] = values
			}
		}
		_ = json.NewEncoder(w).Encode(arrived{r.Method, r.RequestURI, r.Host, r.Header})
	}))
	t.Cleanup(backend.Close)
	return traffic{proxy.New(func() (kong.State, uint64) { return result.State, 1 }, flavor, proxy.Options{
		Backend: func(string, int) (string, bool) { return backend.Listener.Addr().String(), true },
	})}
}

// request is one to a Kong, GET unless it says otherwise.
type request struct {
	method, target, host string
	// port is where it comes in, 80 for 0; tls says that it does so by TLS.
	port   int
	tls    bool
	header http.Header
}

// ask returns the answer to a request, and what arrived at the backend.
func (k traffic) ask(t *testing.T, q request) (*http.Response, arrived) {
	t.Helper()
	if q.method == "" {
		q.method = http.MethodGet
	}
	r := httptest.NewRequest(q.method, "/", nil)
	r.RequestURI, r.Host = q.target, q.host
	if q.host == "" {
		r.Host = "example.com"
	}
	if q.header != nil {
		r.Header = q.header
	}
	if q.port == 0 {
		q.port = 80
	}
	if q.tls {
		r.TLS = &tls.ConnectionState{ServerName: r.Host}
	}
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: q.port}
	w := httptest.NewRecorder()
	k.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, at)))
	got := w.Result()
	var a arrived
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
			t.Fatalf("%s: %v", w.Body, err)
		}
	}
	return got, a
}

// joined returns the lines of headers as one each, for names that are of interest; "" for those that are not there.
func joined(h http.Header, want map[string]string) map[string]string {
	out := map[string]string{}
	for name := range want {
		out[name] = strings.Join(h.Values(name), ",")
	}
	return out
}

// inBothFlavors runs a test on manifests rendered in each flavor.
func inBothFlavors(t *testing.T, manifests string, test func(t *testing.T, k traffic)) {
	t.Helper()
	for _, flavor := range []kong.Flavor{kong.TraditionalCompatible, kong.Expressions} {
		t.Run(string(flavor), func(t *testing.T) { test(t, serve(t, flavor, manifests)) })
	}
}

// gatewayWith returns a Gateway with an HTTP listener on port 80, two Services, and an HTTPRoute with the rules.
func gatewayWith(rules string) string {
	return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong}
spec:
  gatewayClassName: kong
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {selector: {app: a}, ports: [{port: 8080}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  parentRefs: [{name: kong}]
  rules:` + rules
}

// TestRewritePath asks what the specification's table says (HTTPPathModifier.replacePrefixMatch), and what it leaves open: escapes, empty
// segments, queries.
func TestRewritePath(t *testing.T) {
	for _, c := range []struct{ prefix, replacement, target, want string }{
		{"/foo", "/xyz", "/foo/bar", "/xyz/bar"},
		{"/foo", "/xyz/", "/foo/bar", "/xyz/bar"},
		{"/foo/", "/xyz", "/foo/bar", "/xyz/bar"},
		{"/foo/", "/xyz/", "/foo/bar", "/xyz/bar"},
		{"/foo", "/xyz", "/foo", "/xyz"},
		{"/foo", "/xyz", "/foo/", "/xyz/"},
		{"/foo", "", "/foo/bar", "/bar"},
		{"/foo", "", "/foo/", "/"},
		{"/foo", "", "/foo", "/"},
		{"/foo", "/", "/foo/", "/"},
		{"/foo", "/", "/foo", "/"},

		{"/", "/xyz", "/", "/xyz"},
		{"/", "/xyz", "/a", "/xyz/a"},
		{"/foo", "/xyz", "/foo/a%20b%2Fc?q=%2F&r", "/xyz/a%20b%2Fc?q=%2F&r"},
		{"/foo", "/x%20y", "/foo/b", "/x%20y/b"},
		{"/foo", "/xyz", "/foo?", "/xyz?"},
		{"/foo", "/xyz", "//foo//bar", "/xyz/bar"},
		{"/foo", "/xyz", "/%66oo/./%C3%A4", "/xyz/%C3%A4"},
		{"/a.b", "/$(1+1)'", "/a.b/c", "/$(1+1)'/c"},
	} {
		rules := `
  - matches: [{path: {type: PathPrefix, value: "` + c.prefix + `"}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: "` + c.replacement + `"}}}]
    backendRefs: [{name: a, port: 8080}]`
		inBothFlavors(t, gatewayWith(rules), func(t *testing.T, k traffic) {
			if _, got := k.ask(t, request{target: c.target}); got.Target != c.want {
				t.Errorf("%s for %s, %s arrives as %s, want %s", c.replacement, c.prefix, c.target, got.Target, c.want)
			}
		})
	}
}

// TestRewrite asks what the conformance tests HTTPRouteRewritePath and HTTPRouteRewriteHost do.
func TestRewrite(t *testing.T) {
	rules := `
  - matches: [{path: {value: /full/one}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /one}}}]
    backendRefs: [{name: a, port: 8080}]
  - matches: [{path: {value: /empty}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: ""}}}]
    backendRefs: [{name: a, port: 8080}]
  - matches: [{path: {value: /template}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: "/$(headers.evil)%20"}}}]
    backendRefs: [{name: a, port: 8080}]
  - matches: [{path: {value: /full/and-headers}}]
    filters:
    - {type: URLRewrite, urlRewrite: {hostname: test.example.org, path: {type: ReplaceFullPath, replaceFullPath: /test}}}
    - &headers
      type: RequestHeaderModifier
      requestHeaderModifier:
        set: [{name: X-Header-Set, value: set-overwrites-values}]
        add: [{name: X-Header-Add, value: header-val-1}, {name: X-Header-Add-Append, value: header-val-2}]
        remove: [X-Header-Remove]
    backendRefs: [{name: a, port: 8080}]
  - matches: [{path: {value: /prefix/and-headers}}]
    filters:
    - {type: URLRewrite, urlRewrite: {hostname: one.example.org, path: {type: ReplacePrefixMatch, replacePrefixMatch: /prefix}}}
    - *headers
    backendRefs: [{name: a, port: 8080}]`
	modified := map[string]string{
		"X-Header-Add": "header-val-1", "X-Header-Add-Append": "append-val-1,header-val-2", "X-Header-Set": "set-overwrites-values",
		"X-Header-Remove": "",
	}
	inBothFlavors(t, gatewayWith(rules), func(t *testing.T, k traffic) {
		for _, c := range []struct {
			target, want, host string
			header             map[string]string
		}{
			{"/full/one/two?x=1", "/one?x=1", "example.com", nil},
			{"/empty/two?", "/?", "example.com", nil},
			{"/template", "/$(headers.evil)%20", "example.com", nil},
			{"/full/and-headers/test", "/test", "test.example.org", modified},
			{"/prefix/and-headers/one", "/prefix/one", "one.example.org", modified},
		} {
			_, got := k.ask(t, request{target: c.target, header: http.Header{
				"Evil": {"x"}, "X-Header-Remove": {"remove-val"}, "X-Header-Add-Append": {"append-val-1"}, "X-Header-Set": {"set-val"},
			}})
			if got.Target != c.want || got.Host != c.host {
				t.Errorf("%s arrives as %s for %s, want %s for %s", c.target, got.Target, got.Host, c.want, c.host)
			}
			if diff := cmp.Diff(c.header, joined(got.Header, c.header)); c.header != nil && diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.target, diff)
			}
		}
	})
}

// TestHeaderModifiers asks what the conformance tests HTTPRouteRequestHeaderModifier and HTTPRouteResponseHeaderModifier do, of the request
// that arrives and of the answer, and what only Lua can do: odd names, templates, values with colons, headers that Kong writes itself.
func TestHeaderModifiers(t *testing.T) {
	modifier := `{set: [{name: X-Set-1, value: s1}, {name: X-Set-2, value: s2},
          {name: "x.odd!", value: "$(x) \"q\" \\ ]]"}, {name: X-C, value: "::1"}],
        add: [{name: X-Add-1, value: a1}, {name: X-Add-2, value: "a2, a3"}, {name: x-lower-ADD, value: a4}],
        remove: [X-Remove-1, x-remove-2, "x.gone"]}`
	rules := `
  - filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: ` + modifier + `}
    - {type: ResponseHeaderModifier, responseHeaderModifier: ` + modifier + `}
    backendRefs: [{name: a, port: 8080}]`
	before := map[string][]string{
		"X-Set-2": {"old"}, "X-Add-2": {"old1", "old2"}, "X-Remove-1": {"old"}, "X-Remove-2": {"old"}, "X.gone": {"old"}, "X-Other": {"kept"},
	}
	want := map[string]string{
		"X-Set-1": "s1", "X-Set-2": "s2", "X.odd!": `$(x) "q" \ ]]`, "X-C": "::1", "X-Add-1": "a1", "X-Add-2": "old1,old2,a2, a3",
		"X-Lower-Add": "a4", "X-Remove-1": "", "X-Remove-2": "", "X.gone": "", "X-Other": "kept",
	}
	inBothFlavors(t, gatewayWith(rules), func(t *testing.T, k traffic) {
		header := http.Header{}
		for name, values := range before {
			header[name], header["Answer-"+name] = values, values
		}
		answer, got := k.ask(t, request{target: "/", header: header})
		if diff := cmp.Diff(want, joined(got.Header, want)); diff != "" {
			t.Errorf("what arrives (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, joined(answer.Header, want)); diff != "" {
			t.Errorf("the answer (-want +got):\n%s", diff)
		}
	})
}

// TestForwardedHeaders asks for the headers that nginx writes out of variables, whatever the request's own are.
func TestForwardedHeaders(t *testing.T) {
	rules := `
  - filters:
    - type: RequestHeaderModifier
      requestHeaderModifier:
        set: [{name: X-Forwarded-Proto, value: https}, {name: Host, value: "other.example:8080"}]
        add: [{name: x-forwarded-for, value: 10.0.0.1}, {name: X-Forwarded-Prefix, value: /p}]
        remove: [X-Forwarded-Port, VIA]
    backendRefs: [{name: a, port: 8080}]`
	want := map[string]string{
		"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1, 10.0.0.1", "X-Forwarded-Prefix": "/p", "X-Forwarded-Port": "", "Via": "",
	}
	inBothFlavors(t, gatewayWith(rules), func(t *testing.T, k traffic) {
		_, got := k.ask(t, request{target: "/"})
		if diff := cmp.Diff(want, joined(got.Header, want)); diff != "" || got.Host != "other.example:8080" {
			t.Errorf("Host %s (-want +got):\n%s", got.Host, diff)
		}
	})
}
