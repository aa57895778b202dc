package manifest

import (
	"encoding/json"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// FuzzTerse holds what [Options.Terse] leaves of objects to what they are without it: all is found that is wrong with them, all is where it
// is, and nothing is missing but what its comment says.
func FuzzTerse(f *testing.F) {
	for name, data := range goldenInputs(f) {
		if !isRules(name) {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, findings := loadBytes(t, data)
		terse, other, err := Load([]Input{{FS: fstest.MapFS{"a.yaml": {Data: data}}, Path: "."}}, Options{Terse: true})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(findings, other); diff != "" {
			t.Error(diff)
		}
		if terse.Len() != whole.Len() {
			t.Fatalf("%d objects instead of %d", terse.Len(), whole.Len())
		}
		for o := range whole.All() {
			got, ok := terse.Get(o.Ref)
			if !ok || got.Version != o.Version || got.At("metadata.labels") != o.At("metadata.labels") {
				t.Errorf("%v %v is at %v", got.Ref, got.Version, got.At("metadata.labels"))
			}
			if diff := cmp.Diff(asJSON(t, shorten(o.Typed)), asJSON(t, got.Typed)); diff != "" {
				t.Errorf("%v\n%s", o.Ref, diff)
			}
		}
	})
}

// shorten returns an object without what a terse one does not have.
func shorten(typed any) any {
	switch typed.(type) {
	case *gatewayv1.HTTPRoute, *gatewayv1.GRPCRoute, *gatewayv1.TLSRoute, *gatewayv1.TCPRoute, *gatewayv1.UDPRoute, *corev1.Service:
	default:
		return typed
	}
	out := typed.(runtime.Object).DeepCopyObject()
	meta := out.(metav1.Object)
	meta.SetName("")
	meta.SetNamespace("")
	meta.SetLabels(nil)
	if s, ok := out.(*corev1.Service); ok && len(s.Spec.Selector) > 0 {
		s.Spec.Selector = map[string]string{"": ""}
	}
	return out
}

func asJSON(t *testing.T, v any) string {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTerseIsShared loads objects that differ in what no Kong is told, and in what it is.
func TestTerseIsShared(t *testing.T) {
	const services = `
apiVersion: v1
kind: Service
metadata: {name: a, labels: {app: a}}
spec: {selector: {app: a}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: b, namespace: other, labels: {app: b}}
spec: {selector: {app: b}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: c}
spec: {ports: [{port: 80}]}
`
	set, findings, err := Load([]Input{{FS: fstest.MapFS{"a.yaml": {Data: []byte(services)}}, Path: "."}}, Options{Terse: true})
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	of := map[string]any{}
	for o := range set.All() {
		of[o.Ref.Name] = o.Typed
	}
	if len(of) != 3 || of["a"] != of["b"] {
		t.Errorf("what says the same is there twice: %v", of)
	}
	if of["c"] == of["a"] || len(of["c"].(*corev1.Service).Spec.Selector) != 0 {
		t.Error("a Service without a selector has one")
	}
}
