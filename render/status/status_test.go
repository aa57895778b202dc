package status_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/status"
)

func inline(manifests string) *txtar.Archive {
	return &txtar.Archive{Files: []txtar.File{{Name: "all.yaml", Data: []byte(manifests)}}}
}

func text(t *testing.T, write func(*strings.Builder) error) string {
	t.Helper()
	var b strings.Builder
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A policy's status has room for 16 Gateways, and no CRD lets in more (SH PolicyStatus.Ancestors).
func TestAncestorsFit(t *testing.T) {
	var manifests, parents strings.Builder
	for i := range 20 {
		fmt.Fprintf(&manifests, `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong-%02d}
spec: {gatewayClassName: kong, listeners: [{name: http, port: %d, protocol: HTTP}]}
---`, i, 80+i)
		fmt.Fprintf(&parents, "{name: kong-%02d}, ", i)
	}
	fmt.Fprintf(&manifests, `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route}
spec: {parentRefs: [%s], rules: [{backendRefs: [{name: echo, port: 443}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: echo}
spec: {selector: {app: echo}, ports: [{port: 443}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: policy}
spec:
  targetRefs: [{group: "", kind: Service, name: echo}]
  validation: {hostname: echo.example.com, wellKnownCACertificates: System}
`, strings.TrimSuffix(parents.String(), ", "))
	objects := statuses(t, inline(manifests.String()))
	policy, ok := objects[len(objects)-1].Typed.(*gatewayv1.BackendTLSPolicy)
	if !ok || len(policy.Status.Ancestors) != 16 {
		t.Fatalf("got %T with %d ancestors, want 16", objects[len(objects)-1].Typed, len(policy.Status.Ancestors))
	}
	if last := policy.Status.Ancestors[15].AncestorRef.Name; last != "kong-15" {
		t.Errorf("the last one is %s, want kong-15", last)
	}
}

// What Of returns is the caller's: its parts share nothing with each other or with the manifests.
func TestObjectsAreCopies(t *testing.T) {
	for file, archive := range archives(t) {
		for _, o := range statuses(t, archive) {
			switch o := o.Typed.(type) {
			case *gatewayv1.HTTPRoute:
				for i := range o.Status.Parents {
					*o.Status.Parents[i].ParentRef.Kind = "Changed"
				}
				for _, p := range o.Spec.ParentRefs {
					if *p.Kind == "Changed" {
						t.Errorf("%s: HTTPRoute %s: the status shares its parentRefs with the spec", file, o.Name)
					}
				}
			case *gatewayv1.BackendTLSPolicy:
				for i, a := range o.Status.Ancestors {
					if a.Conditions[0].Message == "changed" {
						t.Errorf("%s: BackendTLSPolicy %s: ancestor %d shares its conditions with another", file, o.Name, i)
					}
					a.Conditions[0].Message = "changed"
				}
			}
		}
	}
}

func TestTableIsPrintable(t *testing.T) {
	o := status.Object{
		Ref:   manifest.Ref{Kind: "GatewayClass", Name: "a\x1b[31m\nb\u202e"},
		Typed: &gatewayv1.GatewayClass{Spec: gatewayv1.GatewayClassSpec{ControllerName: "c\td"}},
	}
	got := text(t, func(b *strings.Builder) error { return status.Table(b, []status.Object{o}) })
	want := "GATEWAYCLASS        CONTROLLER  ACCEPTED  REASON  MESSAGE\n" +
		`a\x1b[31m\nb\u202e  c\td` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNothing(t *testing.T) {
	yaml := text(t, func(b *strings.Builder) error { return status.YAML(b, nil) })
	json := text(t, func(b *strings.Builder) error { return status.JSON(b, nil) })
	table := text(t, func(b *strings.Builder) error { return status.Table(b, nil) })
	if yaml != "apiVersion: v1\nitems: []\nkind: List\n" || table != "" {
		t.Errorf("got YAML %q and table %q", yaml, table)
	}
	if !strings.Contains(json, `"items": []`) {
		t.Errorf("got JSON %s", json)
	}
}
