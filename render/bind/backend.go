package bind

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/manifest"
)

func (g *Graph) rule(r *Route, i int) Rule {
	spec := &r.Spec.Spec.Rules[i]
	field := "spec.rules[" + strconv.Itoa(i) + "]"
	rule := Rule{Index: i, Spec: spec, Pos: r.Object.At(field)}
	for j := range spec.BackendRefs {
		rule.Backends = append(rule.Backends, g.backend(r, &spec.BackendRefs[j], j, field))
	}
	return rule
}

// backend resolves one backendRef in the order kind, grant, Service, port; the first that fails is the reason (HR HTTPBackendRef, SH
// RouteConditionResolvedRefs).
func (g *Graph) backend(r *Route, spec *gatewayv1.HTTPBackendRef, j int, rule string) Backend {
	ref := spec.BackendObjectReference
	b := Backend{
		Index: j, Spec: spec, field: rule + ".backendRefs[" + strconv.Itoa(j) + "]",
		Target: manifest.Ref{
			Group: string(or(ref.Group, "")), Kind: string(or(ref.Kind, kindService)),
			Namespace: string(or(ref.Namespace, gatewayv1.Namespace(r.Object.Ref.Namespace))), Name: string(ref.Name),
		},
		Port:   or(ref.Port, 0),
		Weight: max(0, or(spec.Weight, 1)),
	}
	b.Pos = r.Object.At(b.field)
	b.Reason = g.resolve(r, &b)
	return b
}

func (g *Graph) resolve(r *Route, b *Backend) string {
	if b.Target.Group != "" || b.Target.Kind != kindService {
		return InvalidKind
	}
	if b.Target.Namespace != r.Object.Ref.Namespace {
		grant, ok := g.grants.allow(routeSource(r), b.Target)
		if !ok {
			return RefNotPermitted
		}
		b.Grant = grant
	}
	object, _ := g.set.Get(b.Target)
	service, ok := object.Typed.(*corev1.Service)
	if !ok {
		return BackendNotFound
	}
	b.Service, b.Object = service, object
	port, found := servicePort(service, b.Port)
	b.ServicePort = port
	switch {
	case port != nil || found == "" && aliasPort(service, b.Port):
		return ""
	case found != "":
		return UnsupportedProtocol
	}
	return BackendNotFound
}

// servicePort returns the port of a Service that has a number and carries TCP, as HTTP needs. If only other protocols have the
// number, it returns one of them.
func servicePort(s *corev1.Service, number int32) (port *corev1.ServicePort, other corev1.Protocol) {
	for i := range s.Spec.Ports {
		switch p := &s.Spec.Ports[i]; {
		case p.Port != number:
		case p.Protocol == corev1.ProtocolTCP || p.Protocol == "":
			return p, ""
		default:
			other = p.Protocol
		}
	}
	return nil, other
}

// aliasPort reports whether the Service is an alias of another host, which has whatever ports it has.
func aliasPort(s *corev1.Service, number int32) bool {
	return s.Spec.Type == corev1.ServiceTypeExternalName && len(s.Spec.Ports) == 0 && number != 0
}

// routeSource is what a ReferenceGrant has to trust for a route's backends.
func routeSource(r *Route) source {
	return source{gatewayGroup, kindHTTPRoute, r.Object.Ref.Namespace}
}
