package bind

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/manifest"
)

// TestEndpoints holds the endpoints to what a renderer needs: ready ones, by the name of the port, each once, sorted.
func TestEndpoints(t *testing.T) {
	g, _ := Build(loadString(t, `apiVersion: v1
kind: Service
metadata: {name: manual}
spec: {ports: [{name: web, port: 80}, {name: admin, port: 81}]}
---
apiVersion: v1
kind: Service
metadata: {name: selecting}
spec: {selector: {app: a}, ports: [{name: web, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: b, labels: {kubernetes.io/service-name: manual}}
addressType: IPv6
ports: [{name: web, port: 3000}]
endpoints: [{addresses: ["2001:db8::1"]}, {addresses: ["2001:db8::2"], conditions: {ready: false}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: a, labels: {kubernetes.io/service-name: manual}}
addressType: IPv4
ports: [{name: web, port: 3000}, {name: admin, port: 3001}, {name: other, port: 3002}]
endpoints: [{addresses: [10.0.0.2, 10.0.0.3]}, {addresses: [10.0.0.1]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: again, labels: {kubernetes.io/service-name: manual}}
addressType: IPv4
ports: [{name: web, port: 3000}]
endpoints: [{addresses: [10.0.0.1]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: a, namespace: other, labels: {kubernetes.io/service-name: manual}}
addressType: IPv4
ports: [{name: web, port: 3000}]
endpoints: [{addresses: [10.9.9.9]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s, labels: {kubernetes.io/service-name: selecting}}
addressType: IPv4
ports: [{name: web, port: 3000}]
endpoints: [{addresses: [10.0.0.1]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  rules: [{backendRefs: [{name: manual, port: 80}, {name: manual, port: 81}, {name: selecting, port: 80}]}]
`), Options{})
	want := [][]Endpoint{
		{{"10.0.0.1", 3000}, {"10.0.0.2", 3000}, {"2001:db8::1", 3000}},
		{{"10.0.0.1", 3001}, {"10.0.0.2", 3001}},
		nil,
	}
	for i, b := range g.Routes[0].Rules[0].Backends {
		if diff := cmp.Diff(want[i], b.Endpoints); diff != "" {
			t.Errorf("backend %d (-want +got):\n%s", i, diff)
		}
	}
}

// TestPolicyOfBackends holds the Graph to which policy is for which backend, and which Gateways see it.
func TestPolicyOfBackends(t *testing.T) {
	const policy = `---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: NAME}
spec:
  targetRefs: [{group: "", kind: Service, name: svc SECTION}]
  validation: {hostname: a.example.com, caCertificateRefs: [{group: "", kind: ConfigMap, name: CA}]}
`
	named := func(name, section, ca string) string {
		return strings.NewReplacer("NAME", name, "SECTION", section, "CA", ca).Replace(policy)
	}
	g, _ := Build(loadString(t, testKeys().Replace(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: used}
spec: {gatewayClassName: kong, listeners: [{name: l, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: unused}
spec: {gatewayClassName: kong, listeners: [{name: l, port: 81, protocol: HTTP, hostname: example.net}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ca}
data: {ca.crt: CERT_A}
---
apiVersion: v1
kind: Service
metadata: {name: svc}
spec: {selector: {app: a}, ports: [{name: one, port: 1}, {name: two, port: 2}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  hostnames: [example.com]
  parentRefs: [{name: used}, {name: unused}]
  rules: [{backendRefs: [{name: svc, port: 1}, {name: svc, port: 2}]}]
`)+named("p1", "", "ca")+named("p2", "", "ca")+named("p3", ", sectionName: two", "missing")), Options{})

	type outcome struct{ Backend, Policy, Reason string }
	var got []outcome
	for _, b := range g.Routes[0].Rules[0].Backends {
		got = append(got, outcome{b.ServicePort.Name, b.Policy.Object.Ref.Name, b.Reason})
	}
	if diff := cmp.Diff([]outcome{{"one", "p1", ""}, {"two", "p3", InvalidBackendTLSPolicy}}, got); diff != "" {
		t.Errorf("backends (-want +got):\n%s", diff)
	}
	type status struct{ Policy, Reason, Unresolved, Gateways string }
	var statuses []status
	for _, p := range g.Policies {
		s := status{Policy: p.Object.Ref.Name, Reason: p.Reason, Unresolved: p.Unresolved}
		for _, gw := range p.Gateways {
			s.Gateways += gw.Object.Ref.Name
		}
		statuses = append(statuses, s)
	}
	want := []status{
		{"p1", "", "", "used"}, {"p2", Conflicted, "", "used"}, {"p3", NoValidCACertificate, InvalidCACertificateRef, "used"},
	}
	if diff := cmp.Diff(want, statuses); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
	if p := g.Policies[1]; p.Targets[0].Winner != g.Policies[0] {
		t.Errorf("the winner over %s is %v", p.Object.Ref, p.Targets[0].Winner)
	}
}

// TestCACertificates takes nothing from a bundle but certificates.
func TestCACertificates(t *testing.T) {
	text := testKeys().Replace("CERT_A")
	cert := strings.ReplaceAll(strings.Trim(text, `"`), `\n`, "\n")
	key := strings.ReplaceAll(strings.Trim(testKeys().Replace("KEY_A"), `"`), `\n`, "\n")
	if got := readBundle("a comment\n" + cert + key + cert); got.problem != "" || got.pem != cert+cert {
		t.Errorf("bundle is %q, with problem %q", got.pem, got.problem)
	}
}

// TestFilterReasons finds what references of filters come to: a renderer needs it.
func TestFilterReasons(t *testing.T) {
	g, _ := Build(loadString(t, `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: a}
spec:
  rules:
  - filters:
    - {type: RequestMirror, requestMirror: {backendRef: {name: missing, namespace: b, port: 80}}}
    - {type: ExtensionRef, extensionRef: {group: example.com, kind: Filter, name: f}}
    - {type: RequestHeaderModifier, requestHeaderModifier: {remove: [x]}}
`), Options{})
	var reasons []string
	for _, f := range g.Routes[0].Rules[0].Filters {
		reasons = append(reasons, f.Reason)
	}
	if diff := cmp.Diff([]string{RefNotPermitted, InvalidKind, ""}, reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	mirror := g.Routes[0].Rules[0].Filters[0].Mirror
	want := manifest.Ref{Kind: kindService, Namespace: "b", Name: "missing"}
	if mirror == nil || mirror.Target != want || mirror.Port != 80 || mirror.Service != nil {
		t.Errorf("the mirror is %+v", mirror)
	}
}
