package routetest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// gateways have listeners that overlap by hostname and by port.
const gateways = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: kong
  listeners:
  - {name: any, port: 80, protocol: HTTP}
  - {name: shop, port: 80, protocol: HTTP, hostname: shop.example.com}
  - {name: inner, port: 8080, protocol: HTTP, hostname: "*.example.com"}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: any}
spec:
  parentRefs: [{name: edge, sectionName: any}]
  rules: [{matches: [{path: {value: /any}}], backendRefs: [{name: any, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: edge, sectionName: shop}]
  rules: [{matches: [{path: {value: /shop}}], backendRefs: [{name: shop, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: inner}
spec:
  parentRefs: [{name: edge, sectionName: inner}]
  rules: [{backendRefs: [{name: inner, port: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: any}
spec: {selector: {app: any}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: inner}
spec: {selector: {app: inner}, ports: [{port: 80}]}
`

// TestListeners asks a Kong that remembers what it answered. Each request gets to the routes of its listener only: the one of the port that
// the client connected to with the most specific hostname, whatever port the client's Host header names, and whatever it says itself.
func TestListeners(t *testing.T) {
	target := render.Target{Flavor: kong.Expressions}
	files := fstest.MapFS{"all.yaml": {Data: []byte(gateways)}}
	r, err := render.Render([]manifest.Input{{FS: files, Path: "."}}, render.Options{Target: target})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		t.Errorf("%s: %s", f.Pos, f.Message)
	}
	kong := proxy.New(func() (kong.State, uint64) { return r.State, 1 }, target.Flavor, proxy.Options{})
	const none = "404"
	for _, c := range []struct{ url, host, header, want string }{
		{url: "http://x.org/any", want: "any.default.svc"},
		{url: "http://x.org:8080/any", want: none},
		{url: "http://x.org/any", host: "x.org:8080", want: "any.default.svc"},
		{url: "http://x.org/any", host: "x.org:9999", want: "any.default.svc"},
		{url: "http://a.example.com:8080/any", want: "inner.default.svc"},
		{url: "http://a.example.com:8080/any", host: "a.example.com:80", want: "inner.default.svc"},
		{url: "http://a.example.com:8080/any", header: "GwsyncPort: 80", want: "inner.default.svc"},
		{url: "http://a.example.com:8080/any", header: "Gwsync_Port: 80", want: "inner.default.svc"},
		{url: "http://a.example.com/any", header: "gwsyncport: 8080", want: "any.default.svc"},
		{url: "http://a.example.com/other", host: "a.example.com:8080", want: none},
		{url: "http://shop.example.com/shop", want: "shop.default.svc"},
		{url: "http://shop.example.com/any", want: none},
		{url: "http://SHOP.example.com/any", want: none},
		{url: "http://shop.example.com:8080/any", want: "inner.default.svc"},
		{url: "http://x.org/any", want: "any.default.svc"},
	} {
		header := http.Header{}
		if name, value, ok := strings.Cut(c.header, ": "); ok {
			header.Set(name, value)
		}
		if c.host != "" {
			header.Set("Host", c.host)
		}
		request, err := proxy.Request{URL: c.url, Header: header}.HTTP(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		answer := httptest.NewRecorder()
		kong.ServeHTTP(answer, request)
		got := none
		if answer.Code != http.StatusNotFound {
			got = answer.Body.String()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s with Host %q and %q: got %s, want %s", c.url, c.host, c.header, got, c.want)
		}
	}

	// Nobody's route answers what only the listener does.
	out, err := NewOffline(r, target).Ask(t.Context(), Request{URL: "http://shop.example.com/any"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Outcome{Status: 404, Routed: new(bool), Route: new(string), Sent: &Sent{}}, Outcome{
		Status: out.Status, Routed: out.Routed, Route: out.Route, Sent: out.Sent,
	}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
