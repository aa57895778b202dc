package render_test

import (
	"fmt"
	"io"
	"testing"
	"testing/fstest"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// manyRoutes is a repository of n HTTPRoutes, a file each, with one backend and two matches, and what they need.
func manyRoutes(n int) fstest.MapFS {
	fs := fstest.MapFS{"gateway.yaml": {Data: []byte(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong, namespace: default}
spec:
  gatewayClassName: kong
  listeners:
  - name: proxy
    port: 80
    protocol: HTTP
    allowedRoutes: {namespaces: {from: All}}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: routes, namespace: services}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: routes}]
  to: [{group: "", kind: Service}]
`)}}
	for i := range n {
		fs[fmt.Sprintf("routes/route-%05d.yaml", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: route-%05[1]d
  namespace: routes
spec:
  parentRefs:
  - name: kong
    namespace: default
  hostnames:
  - host-%05[1]d.example.com
  rules:
  - matches:
    - path:
        type: PathPrefix
        value: /api
    - path:
        type: Exact
        value: /healthz
      method: GET
    backendRefs:
    - name: service-%05[1]d
      namespace: services
      port: 80
`, i)}
		fs[fmt.Sprintf("services/service-%05d.yaml", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, `apiVersion: v1
kind: Service
metadata:
  name: service-%05d
  namespace: services
spec:
  ports:
  - port: 80
`, i)}
	}
	return fs
}

// BenchmarkRender reads, binds, renders and encodes repositories of 1,000 and 10,000 routes: time and memory grow with their number.
func BenchmarkRender(b *testing.B) {
	for _, flavor := range []kong.Flavor{kong.TraditionalCompatible, kong.Expressions} {
		for _, n := range []int{1000, 10000} {
			b.Run(fmt.Sprintf("%s/%d", flavor, n), func(b *testing.B) {
				fs := manyRoutes(n)
				b.ReportAllocs()
				for b.Loop() {
					result, err := render.Render([]manifest.Input{{FS: fs, Path: "."}}, render.Options{Target: render.Target{Flavor: flavor}})
					if err != nil {
						b.Fatal(err)
					}
					if len(result.Findings) > 0 || result.State.Len() != 3*n {
						b.Fatalf("%d entities, findings %v", result.State.Len(), result.Findings)
					}
					if err := result.State.Encode(io.Discard); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
