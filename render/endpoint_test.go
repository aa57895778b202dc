package render

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// TestEndpointsAreShared has many routes lead to one Service of many endpoints: Kong gets the endpoints once.
func TestEndpointsAreShared(t *testing.T) {
	const n = 20
	var b strings.Builder
	b.WriteString(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong}
spec:
  gatewayClassName: kong
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: v1
kind: Service
metadata: {name: many}
spec: {ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: many, labels: {kubernetes.io/service-name: many}}
addressType: IPv4
ports: [{port: 8080}]
endpoints:
`)
	for i := range n {
		fmt.Fprintf(&b, "- addresses: [10.0.0.%d]\n", i)
	}
	for i := range n {
		fmt.Fprintf(&b, `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r%d}
spec:
  parentRefs: [{name: kong}]
  rules: [{matches: [{path: {value: /r%[1]d}}], backendRefs: [{name: many, port: 80, weight: %d}]}]
`, i, i+1)
	}
	files := fstest.MapFS{"all.yaml": {Data: []byte(b.String())}}
	r, err := Render([]manifest.Input{{FS: files, Path: "."}}, Options{})
	if err != nil || len(r.Findings) > 0 {
		t.Fatal(err, r.Findings)
	}
	count := map[kong.Kind]int{}
	for e := range r.State.All() {
		count[e.Kind()]++
	}
	if count[kong.Services] != n || count[kong.Upstreams] != 1 || count[kong.Targets] != n {
		t.Errorf("%d services, %d upstreams, %d targets; want %[4]d, 1 and %[4]d",
			count[kong.Services], count[kong.Upstreams], count[kong.Targets], n)
	}
}
