package bind

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gwsync/gwsync/render/manifest"
)

const twoGateways = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: one, namespace: edge}
spec:
  gatewayClassName: kong
  allowedListeners: {namespaces: {from: All}}
  listeners: [{name: web, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: two, namespace: edge}
spec: {gatewayClassName: kong, listeners: [{name: web, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: istio, namespace: edge}
spec: {gatewayClassName: istio, listeners: [{name: web, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: more, namespace: edge}
spec: {parentRef: {name: two}, listeners: [{name: web, port: 81, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: edge}
spec: {parentRefs: [{name: one}, {name: two}]}
`

// TestSelectedGateways limits a run to some Gateways: the others are somebody else's business.
func TestSelectedGateways(t *testing.T) {
	tests := []struct {
		name     string
		selected []string
		ours     []string
		findings string // the codes with their severities and objects
	}{
		{"none is all", nil, []string{"one", "two"}, "error NotAllowed edge/more, info ForeignGateway edge/istio, error SharedListener edge/two"},
		{"one of two", []string{"edge/one"}, []string{"one"},
			"info ForeignGateway edge/istio, info ForeignGateway edge/more, info ForeignGateway edge/two, info ForeignGateway edge/web"},
		{"a name twice", []string{"edge/two", "edge/two"}, []string{"two"},
			"error NotAllowed edge/more, info ForeignGateway edge/istio, info ForeignGateway edge/one, info ForeignGateway edge/web"},
		{"not ours", []string{"edge/one", "edge/two", "edge/istio"}, []string{"one", "two"},
			"error NotAllowed edge/more, error SharedListener edge/two, error UnknownGateway edge/istio, info ForeignGateway edge/istio"},
		{"not there", []string{"edge/one", "edge/tow"}, []string{"one"}, "error UnknownGateway edge/tow, info ForeignGateway edge/istio, " +
			"info ForeignGateway edge/more, info ForeignGateway edge/two, info ForeignGateway edge/web"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var o Options
			for _, s := range tt.selected {
				namespace, name, _ := strings.Cut(s, "/")
				o.Gateways = append(o.Gateways, types.NamespacedName{Namespace: namespace, Name: name})
			}
			g, findings := Build(loadString(t, twoGateways), o)
			var ours, got []string
			for _, gw := range g.Gateways {
				ours = append(ours, gw.Object.Ref.Name)
			}
			if diff := cmp.Diff(tt.ours, ours); diff != "" {
				t.Errorf("Gateways (-want +got):\n%s", diff)
			}
			for _, f := range findings {
				got = append(got, fmt.Sprintf("%s %s %s/%s", f.Severity, f.Code, f.Object.Namespace, f.Object.Name))
			}
			want := strings.Split(tt.findings, ", ")
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnknownGateway holds the words to what was probably meant.
func TestUnknownGateway(t *testing.T) {
	_, findings := Build(loadString(t, twoGateways), Options{Gateways: []types.NamespacedName{
		{Namespace: "edge", Name: "twoo"}, {Namespace: "web", Name: "one"}, {Namespace: "edge", Name: "istio"},
	}})
	var got []string
	for _, f := range findings.Sorted() {
		if f.Code == UnknownGateway {
			got = append(got, f.Pos.String()+": "+f.Message+"\n"+f.Hint)
		}
	}
	want := []string{
		"all.yaml:17:8: it is asked for by --gateway, and not ours: GatewayClass istio is not ours by name, and the manifests do not hold it\n" +
			"leave it out of --gateway, or say with --gateway-class or --controller-name that its class is ours",
		": it is asked for by --gateway: Gateway edge/twoo is not among the manifests\ndid you mean two?",
		": it is asked for by --gateway: Gateway web/one is not among the manifests\nthere is a Gateway one in namespace edge",
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// TestFixAllowedListeners writes the two ways that a denial offers into the Gateway.
func TestFixAllowedListeners(t *testing.T) {
	const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong, namespace: edge}
spec:
  gatewayClassName: kong
  listeners: [{name: web, port: 80, protocol: HTTP}]
%s
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: more, namespace: %q}
spec: {parentRef: {name: kong, namespace: edge}, listeners: [{name: web, port: 81, protocol: HTTP}]}
`
	for _, namespace := range []string{"edge", "1e3"} {
		for _, from := range []string{"None", "Same", "Selector"} {
			allowed := "  allowedListeners: {namespaces: {from: " + from + "}}"
			build := func(allowed string) *ListenerSet {
				g, _ := Build(loadString(t, fmt.Sprintf(gateway, allowed, namespace)), Options{})
				return g.ListenerSets[0]
			}
			before, _ := Build(loadString(t, fmt.Sprintf(gateway, allowed, namespace)), Options{})
			if before.ListenerSets[0].Reason == "" {
				continue
			}
			e, _ := before.Explain(manifest.Ref{Group: gatewayGroup, Kind: kindListenerSet, Namespace: namespace, Name: "more"})
			denial, ok := failed(e.Checks)
			if !ok || denial.Reason != NotAllowed {
				t.Fatalf("the ListenerSet is not denied: %v", denial)
			}
			_, fix, _ := strings.Cut(denial.Fix, "\n")
			narrow, wide, _ := strings.Cut(fix, "\nor to allow every namespace:\n")
			for _, fix := range []string{narrow, wide} {
				if s := build(fix); s.Reason != "" {
					t.Errorf("the ListenerSet of namespace %s is not accepted (%s) with\n%s", namespace, s.Reason, fix)
				}
			}
		}
	}
}

// TestAllListeners holds what is programmed, and in which order listeners come, to the ListenerSets' acceptance.
func TestAllListeners(t *testing.T) {
	g, _ := Build(loadString(t, `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong, namespace: m}
spec:
  gatewayClassName: kong
  allowedListeners: {namespaces: {from: All}}
  listeners: [{name: own, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: z, namespace: a}
spec:
  parentRef: {name: kong, namespace: m}
  listeners:
  - {name: second, port: 82, protocol: HTTP}
  - {name: third, port: 82, protocol: HTTP, hostname: a.example.com}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: a, namespace: a-b}
spec: {parentRef: {name: kong, namespace: m}, listeners: [{name: first, port: 81, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: a, namespace: p}
spec: {parentRef: {name: kong, namespace: m}, listeners: [{name: lost, port: 80, protocol: TCP}]}
`), Options{})
	var got []string
	for _, l := range g.Gateways[0].AllListeners() {
		got = append(got, fmt.Sprintf("%s of %s: %v", l.Name(), l.Object.Ref.Kind, l.Programmed))
		if l.Gateway != g.Gateways[0] || (l.Set != nil) != (l.Object.Ref.Kind == kindListenerSet) {
			t.Errorf("listener %s is of Gateway %v and ListenerSet %v", l.Name(), l.Gateway, l.Set)
		}
	}
	want := []string{
		"own of Gateway: true", "first of ListenerSet: true", "second of ListenerSet: true", "third of ListenerSet: true",
		"lost of ListenerSet: false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listeners (-want +got):\n%s", diff)
	}
	last := manifest.Ref{Group: gatewayGroup, Kind: kindListenerSet, Namespace: "p", Name: "a"}
	if set, _ := g.ListenerSet(last); set.Reason != ListenersNotValid {
		t.Errorf("the ListenerSet without a valid listener has the reason %q", set.Reason)
	}
}
