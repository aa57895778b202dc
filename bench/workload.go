package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// workload is a made-up repository: applications of one HTTPRoute with two matches, one Service, and key-auth on the Service.
type workload struct {
	apps int
	// upstreams gives each Service a policy that takes an upstream with a target in Kong, as decK's users have it; without, a Service
	// is a host and a port.
	upstreams bool
}

// entities returns how many entities the repository comes to in Kong.
func (w workload) entities() int {
	if w.upstreams {
		return 6 * w.apps
	}
	return 4 * w.apps
}

// write writes the repository to a directory, a file an application. Of changed, those have other paths and another port.
func (w workload) write(dir string, changed func(app int) bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	common := gateway
	if w.upstreams {
		common += upstreamPolicy
	}
	if err := os.WriteFile(filepath.Join(dir, "gateway.yaml"), []byte(common), 0o600); err != nil {
		return err
	}
	for i := range w.apps {
		name := filepath.Join(dir, fmt.Sprintf("app-%05d.yaml", i))
		if err := os.WriteFile(name, w.app(i, changed(i)), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// app returns the manifests of one application.
func (w workload) app(i int, changed bool) []byte {
	path, port, policy := "/api", 8080, ""
	if changed {
		path, port = "/v2", 8081
	}
	if w.upstreams {
		policy = "\n    konghq.com/upstream-policy: fair"
	}
	return fmt.Appendf(nil, application, i, path, port, policy)
}

const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: kong
  namespace: shop
spec:
  gatewayClassName: kong
  listeners:
  - name: proxy
    port: 80
    protocol: HTTP
---
apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata:
  name: keys
  namespace: shop
plugin: key-auth
config:
  key_names:
  - apikey
`

const upstreamPolicy = `---
apiVersion: configuration.konghq.com/v1beta1
kind: KongUpstreamPolicy
metadata:
  name: fair
  namespace: shop
spec:
  algorithm: least-connections
`

const application = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: app-%05[1]d
  namespace: shop
  labels:
    app.kubernetes.io/name: app-%05[1]d
spec:
  parentRefs:
  - name: kong
  hostnames:
  - app-%05[1]d.example.com
  rules:
  - matches:
    - path:
        type: PathPrefix
        value: %[2]s
    - path:
        type: Exact
        value: /healthz
      method: GET
    backendRefs:
    - name: app-%05[1]d
      port: %[3]d
---
apiVersion: v1
kind: Service
metadata:
  name: app-%05[1]d
  namespace: shop
  annotations:
    konghq.com/plugins: keys%[4]s
spec:
  selector:
    app.kubernetes.io/name: app-%05[1]d
  ports:
  - name: http
    port: %[3]d
    targetPort: http
`
