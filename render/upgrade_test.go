package render_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// upgraded is a route on a Gateway's HTTP listener that sends all to HTTPS, and two on its HTTPS listener.
func upgraded(t *testing.T, plainHosts string) string {
	t.Helper()
	return listeners(t) + strings.ReplaceAll(`
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {selector: {app: a}, ports: [{port: 8080}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a-upgrade}
spec:
  parentRefs: [{name: kong, sectionName: http}, {name: kong, sectionName: other}]
  hostnames: HOSTS
  rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: exact}
spec:
  parentRefs: [{name: kong, sectionName: https}]
  hostnames: [www.example.com]
  rules: [{backendRefs: [{name: a, port: 8080}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: wildcard}
spec:
  parentRefs: [{name: kong, sectionName: https}]
  hostnames: ["*.example.com"]
  rules:
  - matches: [{path: {value: /app}, method: GET}]
    backendRefs: [{name: a, port: 8080}]`, "HOSTS", plainHosts)
}

// TestUpgradeBesideHTTPS asks for the usual pair of routes: the one sends plain requests to HTTPS, the others serve HTTPS. No flavor needs
// to tell them apart but for that.
func TestUpgradeBesideHTTPS(t *testing.T) {
	inBothFlavors(t, upgraded(t, `["*.example.com", "*.example.org"]`), func(t *testing.T, k traffic) {
		for _, c := range []struct {
			host, target  string
			plain, secure int
		}{
			{"www.example.com", "/x", 301, 200},
			{"other.example.com", "/app/x", 301, 200},
			{"other.example.com", "/x", 301, 404},
			{"www.example.org", "/", 301, 404},
			{"www.example.net", "/", 404, 404},
		} {
			for _, q := range []request{{port: 80}, {port: 8080}, {port: 443, tls: true}} {
				q.host, q.target = c.host, c.target
				want := c.plain
				if q.tls {
					want = c.secure
				}
				got, _ := k.ask(t, q)
				if got.StatusCode != want {
					t.Errorf("port %d: %s%s is answered %d, want %d", q.port, q.host, q.target, got.StatusCode, want)
				}
				if l := got.Header.Get("Location"); want == http.StatusMovedPermanently && l != "https://"+c.host+c.target {
					t.Errorf("port %d: %s%s leads to %s", q.port, q.host, q.target, l)
				}
			}
		}
	})
}

// TestUpgradeOfNarrowerHost holds that traditional_compatible refuses a redirect that would keep requests from a route for HTTPS of a wider
// hostname.
func TestUpgradeOfNarrowerHost(t *testing.T) {
	in := fstest.MapFS{"all.yaml": &fstest.MapFile{Data: []byte(upgraded(t, `[www.example.com]`))}}
	result, err := render.Render([]manifest.Input{{FS: in, Path: "."}},
		render.Options{Target: render.Target{Flavor: kong.TraditionalCompatible}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Findings {
		if f.Code == bind.UnsupportedValue && f.Object.Name == "a-upgrade" {
			return
		}
	}
	t.Errorf("no error for the route:\n%s", lines(result.Findings))
}
