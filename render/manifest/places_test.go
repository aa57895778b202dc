package manifest

import (
	"testing"
)

func TestAt(t *testing.T) {
	set, findings := loadBytes(t, []byte(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: a
  annotations:
    konghq.com/strip-path: "true"
    plain: x
spec:
  rules:
  - matches:
    - path:
        value: /a
    - method: GET
    backendRefs: [{name: b, port: 80}]
  -
    backendRefs: &refs
    - name: c
      port: 81
  - backendRefs: *refs
---
apiVersion: v1
kind: Secret
metadata: {name: a}
data: {b: Yg==}
stringData:
  tls.crt: x
`))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	route, _ := set.Get(Ref{gatewayGroup, "HTTPRoute", "default", "a"})
	secret, _ := set.Get(Ref{"", "Secret", "default", "a"})
	for _, tt := range []struct {
		object Object
		field  string
		want   string
	}{
		{route, "", "a.yaml:1:1"},
		{route, "kind", "a.yaml:2:1"},
		{route, "metadata.name", "a.yaml:4:3"},
		{route, "metadata.namespace", "a.yaml:3:1"},
		{route, "metadata.annotations[konghq.com/strip-path]", "a.yaml:6:5"},
		{route, "metadata.annotations[konghq.com/other]", "a.yaml:5:3"},
		{route, "metadata.annotations.plain", "a.yaml:7:5"},
		{route, "spec", "a.yaml:8:1"},
		{route, "spec.rules", "a.yaml:9:3"},
		{route, "spec.rules[0]", "a.yaml:10:5"},
		{route, "spec.rules[0].matches[0].path.value", "a.yaml:12:9"},
		{route, "spec.rules[0].matches[0].path.type", "a.yaml:11:7"},
		{route, "spec.rules[0].matches[1]", "a.yaml:13:7"},
		{route, "spec.rules[0].matches[2]", "a.yaml:10:5"},
		{route, "spec.rules[0].matches[-1]", "a.yaml:10:5"},
		{route, "spec.rules[0].matches[x]", "a.yaml:10:5"},
		{route, "spec.rules[0].backendRefs[0].port", "a.yaml:14:29"},
		{route, "spec.rules[1].backendRefs[0].port", "a.yaml:18:7"},
		{route, "spec.rules[2].backendRefs", "a.yaml:19:5"},
		{route, "spec.rules[2].backendRefs[0].port", "a.yaml:18:7"},
		{route, "spec.rules[3].backendRefs[0].port", "a.yaml:9:3"},
		{route, "spec.parentRefs[0].name", "a.yaml:8:1"},
		{route, "status.parents", "a.yaml:1:1"},
		{route, "spec..rules[", "a.yaml:8:1"},
		{secret, "data[b]", "a.yaml:24:8"},
		{secret, "data[tls.crt]", "a.yaml:26:3"},
		{secret, "data[tls.key]", "a.yaml:24:1"},
		{Object{}, "spec", ""},
	} {
		if got := tt.object.At(tt.field).String(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.field, got, tt.want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { route.At("spec.rules[0].backendRefs[0].port") }); n > 0 {
		t.Errorf("At allocates %v times", n)
	}
}
