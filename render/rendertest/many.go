// Package rendertest makes up repositories for tests and benchmarks.
package rendertest

import (
	"fmt"
	"testing/fstest"
)

// Many returns a repository of n HTTPRoutes, a file each, with one backend and two matches, and of the n Services that they lead to
// in another namespace. It comes to n Services and 2n Routes of Kong, without findings.
func Many(n int) fstest.MapFS {
	fs := fstest.MapFS{"gateway.yaml": {Data: []byte(gateway)}}
	for i := range n {
		fs[fmt.Sprintf("routes/route-%05d.yaml", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, route, i)}
		fs[fmt.Sprintf("services/service-%05d.yaml", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, service, i)}
	}
	return fs
}

const gateway = `apiVersion: gateway.networking.k8s.io/v1
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
`

// route and service are formats, of the number of both.
const (
	route = `apiVersion: gateway.networking.k8s.io/v1
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
`
	service = `apiVersion: v1
kind: Service
metadata:
  name: service-%05[1]d
  namespace: services
spec:
  selector: {app: service}
  ports:
  - port: 80
`
)
