package render_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// TestErrorBeforeAll asks a route whose plugin cannot be used, and one whose filter cannot, beside a plugin for all requests that answers
// by itself, and long before request-termination.
func TestErrorBeforeAll(t *testing.T) {
	manifests := gatewayWith(`
  - matches: [{path: {value: /plugin}}]
    filters: [{type: ExtensionRef, extensionRef: {group: configuration.konghq.com, kind: KongPlugin, name: gone}}]
    backendRefs: [{name: a, port: 8080}]
  - matches: [{path: {value: /filter}}]
    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-A, value: "a\nb"}]}}]
    backendRefs: [{name: a, port: 8080}]
  - matches: [{path: {value: /served}}]
    backendRefs: [{name: a, port: 8080}]`) + `
---
apiVersion: configuration.konghq.com/v1
kind: KongClusterPlugin
metadata: {name: everywhere, labels: {global: "true"}}
plugin: redirect
config: {location: "https://secret.example.com/", status_code: 302}
`
	in := fstest.MapFS{"all.yaml": &fstest.MapFile{Data: []byte(manifests)}}
	for _, flavor := range []kong.Flavor{kong.TraditionalCompatible, kong.Expressions} {
		result, err := render.Render([]manifest.Input{{FS: in, Path: "."}}, render.Options{
			Target: render.Target{Flavor: flavor, AllowUnresolved: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		k := proxy.New(func() (kong.State, uint64) { return result.State, 1 }, flavor, proxy.Options{})
		for path, want := range map[string]int{"/plugin": 500, "/filter": 500, "/served": 302} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = "example.com"
			if got := k.Trace(r); got.Status != want {
				t.Errorf("%s: %s is answered %d, want %d\n%s", flavor, path, got.Status, want, lines(result.Findings))
			}
		}
	}
}
