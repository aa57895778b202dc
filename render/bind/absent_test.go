package bind

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gwsync/gwsync/render/manifest"
)

// TestAbsentOrInvalid asks that what is among the manifests, with an error of its own, is not said to be missing.
func TestAbsentOrInvalid(t *testing.T) {
	const manifests = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong}
spec:
  gatewayClassName: kong
  listeners:
  - {name: tls, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: broken}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: echo}
spec:
  parentRefs: [{name: kong}, {name: broken}]
  rules:
  - backendRefs: [{name: broken, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: broken}
spec: {gatewayClassName: kong}
---
apiVersion: v1
kind: Service
metadata: {name: broken}
spec: {ports: [{port: 0}]}
---
apiVersion: v1
kind: Secret
metadata: {name: broken}
type: kubernetes.io/tls
`
	files := fstest.MapFS{"all.yaml": {Data: []byte(manifests)}}
	set, own, err := manifest.Load([]manifest.Input{{FS: files, Path: "."}}, manifest.Options{})
	if err != nil || !own.HasErrors() {
		t.Fatalf("want errors of the objects' own, got %v\n%s", err, describe(own))
	}
	_, findings := Build(set, Options{})
	for _, want := range []string{"Gateway default/broken", "Service default/broken", "Secret default/broken"} {
		if !strings.Contains(describe(findings), want+" has errors of its own") {
			t.Errorf("nothing says so of %s:\n%s", want, describe(findings))
		}
	}
	if strings.Contains(describe(findings), "not among the manifests") {
		t.Errorf("an object that is there is called missing:\n%s", describe(findings))
	}
}
