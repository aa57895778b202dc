package render_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// FuzzCallEquivalence does as [FuzzEquivalence] for GRPCRoutes, beside HTTPRoutes for other hosts: who answers a call is what the Gateway
// API's text has it ([callCluster.answer]).
func FuzzCallEquivalence(f *testing.F) {
	for seed := range byte(64) {
		sum := sha256.Sum256([]byte{seed})
		f.Add(sum[:])
	}
	certificate := secret(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		m := newMaker(data)
		c := m.callCluster()
		var calls []any
		for _, r := range c.calls {
			calls = append(calls, r)
		}
		manifests := encode(t, c.cluster, certificate, calls...)
		requests := m.calls(c, 48)
		for _, flavor := range []kong.Flavor{kong.Expressions, kong.TraditionalCompatible} {
			checkEquivalence(t, c, flavor, manifests, requests)
		}
	})
}

// callCluster makes up GRPCRoutes and, half of the time, keeps the HTTPRoutes, for hosts that no GRPCRoute has.
func (m *maker) callCluster() callCluster {
	c := callCluster{cluster: m.cluster()}
	apart := m.below(2) == 0
	if !apart {
		c.routes = nil
	}
	for _, r := range c.routes {
		r.Spec.Hostnames = []gatewayv1.Hostname{pick(m, gatewayv1.Hostname("b.example.net"), "*.example.net", "example.net")}
	}
	for i := range 1 + m.below(4) {
		of := m.route(i, c.gateways)
		r := &gatewayv1.GRPCRoute{
			TypeMeta:   metav1.TypeMeta{APIVersion: of.APIVersion, Kind: "GRPCRoute"},
			ObjectMeta: metav1.ObjectMeta{Namespace: of.Namespace, Name: fmt.Sprint("c", 9-i)},
			Spec:       gatewayv1.GRPCRouteSpec{CommonRouteSpec: of.Spec.CommonRouteSpec},
		}
		for _, h := range of.Spec.Hostnames {
			if h != "b.example.net" {
				r.Spec.Hostnames = append(r.Spec.Hostnames, h)
			}
		}
		if apart && len(r.Spec.Hostnames) == 0 {
			r.Spec.Hostnames = []gatewayv1.Hostname{"*.com"}
		}
		for range 1 + m.below(3) {
			r.Spec.Rules = append(r.Spec.Rules, m.callRule())
		}
		c.calls = append(c.calls, r)
	}
	return c
}

func (m *maker) callRule() gatewayv1.GRPCRouteRule {
	r := gatewayv1.GRPCRouteRule{}
	for range m.below(3) {
		r.Matches = append(r.Matches, m.callMatch())
	}
	if name := pick(m, "a", "a", "b", "b", "gone", ""); name != "" {
		port := gatewayv1.PortNumber(80)
		r.BackendRefs = []gatewayv1.GRPCBackendRef{{BackendRef: gatewayv1.BackendRef{
			BackendObjectReference: gatewayv1.BackendObjectReference{Name: gatewayv1.ObjectName(name), Port: &port},
		}}}
	}
	return r
}

func (m *maker) callMatch() gatewayv1.GRPCRouteMatch {
	out := gatewayv1.GRPCRouteMatch{}
	kind := gatewayv1.GRPCMethodMatchExact
	service, method := pick(m, "a.A", "a.AB", "a.B", "A", "axA"), pick(m, "Get", "Set", "GetIt", "get")
	if m.below(3) == 0 {
		kind = gatewayv1.GRPCMethodMatchRegularExpression
		service = pick(m, `a\.A`, "a.A", "a.(A|B)", "A|a.B", ".*", "[a-z.]+[AB]", "a", "^a.A$", `\w+`)
		method = pick(m, "Get|Set", "(Get|Set).*", ".+", "Get", "G", "get$", "[^G].*")
	}
	switch m.below(5) {
	case 0:
	case 1:
		out.Method = &gatewayv1.GRPCMethodMatch{Type: &kind, Service: &service}
	case 2:
		out.Method = &gatewayv1.GRPCMethodMatch{Type: &kind, Method: &method}
	default:
		out.Method = &gatewayv1.GRPCMethodMatch{Type: &kind, Service: &service, Method: &method}
	}
	if m.below(3) == 0 {
		for _, name := range some(m, 2, gatewayv1.GRPCHeaderName("x-a"), "x-b", "X-C") {
			h := gatewayv1.GRPCHeaderMatch{Name: name, Value: pick(m, "1", "2", "v", "V", "~*1", "1,2")}
			if m.below(4) == 0 {
				kind := gatewayv1.GRPCHeaderMatchRegularExpression
				h.Type, h.Value = &kind, pick(m, "1", "^[12]$", "V", ".+", `\d`, `\D`, ".*", "^$")
			}
			out.Headers = append(out.Headers, h)
		}
	}
	return out
}

// calls are requests of which most are calls of what routes ask for, and of what comes near it.
func (m *maker) calls(c callCluster, n int) []route.Request {
	out := m.requests(c.cluster, n)
	for i := range out {
		q := &out[i]
		if m.below(8) == 0 {
			continue
		}
		if q.Method = "POST"; q.Host != "" {
			q.Version = "HTTP/2"
		}
		q.Target = "/" + pick(m, "a.A", "a.AB", "a.B", "A", "axA", "AB", "b.A") + "/" + pick(m, "Get", "Set", "GetIt", "get", "It", "G")
		kind := pick(m, "application/grpc", "application/grpc", "application/grpc", "application/grpc+proto", "application/grpc-web", "text/grpc")
		q.Header = append(q.Header, [2]string{pick(m, "content-type", "Content-Type"), kind})
	}
	return out
}
