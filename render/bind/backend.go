package bind

import (
	"iter"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// rule resolves the references of a rule: those to backends, and those in filters.
func (b *builder) rule(r *Route, rule *Rule) {
	b.filters(r, rule.Filters)
	for i := range rule.Backends {
		k := &rule.Backends[i]
		k.Reason = b.resolve(r, k)
		b.filters(r, k.Filters)
	}
}

// resolve resolves a reference to a backend in the order kind, grant, Service, port, protocol; the first that fails is the reason (HR
// HTTPBackendRef, SH RouteConditionResolvedRefs). Policies come later.
func (b *builder) resolve(r *Route, k *Backend) string {
	if k.Target.Group != "" || k.Target.Kind != kindService {
		return InvalidKind
	}
	if k.Target.Namespace != r.Object.Ref.Namespace {
		grant, ok := b.grants.allow(routeSource(r), k.Target)
		if !ok {
			return RefNotPermitted
		}
		k.Grant = &grant
	}
	object := b.set.Find(k.Target)
	if object == nil {
		return BackendNotFound
	}
	service := object.Typed.(*corev1.Service)
	k.Service, k.Object = service, object
	port, other := servicePort(service, k.Port, transport(r))
	switch {
	case other:
		return UnsupportedProtocol
	case port == nil && !aliasPort(service, k.Port):
		return BackendNotFound
	}
	k.ServicePort = port
	if !speaks(r, k) {
		return UnsupportedProtocol
	}
	k.Endpoints = b.endpoints(k)
	return ""
}

// transport returns what a Service's port must carry for a route.
func transport(r *Route) corev1.Protocol {
	if r.Object.Ref.Kind == kindUDPRoute {
		return corev1.ProtocolUDP
	}
	return corev1.ProtocolTCP
}

// servicePort returns the port of a Service that has a number and carries a protocol. Other reports whether only ports of other
// protocols have the number.
func servicePort(s *corev1.Service, number int32, carries corev1.Protocol) (port *corev1.ServicePort, other bool) {
	for i := range s.Spec.Ports {
		switch p := &s.Spec.Ports[i]; {
		case p.Port != number:
		case protocolOrTCP(p.Protocol) == carries:
			return p, false
		default:
			other = true
		}
	}
	return nil, other
}

func protocolOrTCP(p corev1.Protocol) corev1.Protocol {
	if p == "" {
		return corev1.ProtocolTCP
	}
	return p
}

// aliasPort reports whether the Service is an alias of another host, which has whatever ports it has.
func aliasPort(s *corev1.Service, number int32) bool {
	return s.Spec.Type == corev1.ServiceTypeExternalName && len(s.Spec.Ports) == 0 && number != 0
}

// protocolAnnotation on a Service says what Kong is to speak to it, whatever its ports say.
const protocolAnnotation = "konghq.com/protocol"

// speaks reports whether the route can speak the appProtocol of a backend's port (SH BackendRef, KEP-3726). Names without a prefix
// are IANA's, in any case; grpc is none of them, but widely used. What routes other than HTTPRoute and GRPCRoute carry is not theirs to
// know: they pass on bytes.
func speaks(r *Route, k *Backend) bool {
	http, grpc := r.Object.Ref.Kind == kindHTTPRoute, r.Object.Ref.Kind == kindGRPCRoute
	if _, ok := k.Service.Annotations[protocolAnnotation]; ok || k.ServicePort == nil || !http && !grpc {
		return true
	}
	switch strings.ToLower(or(k.ServicePort.AppProtocol, "")) {
	case "", "http", "https", "grpc", "kubernetes.io/h2c":
		return true
	case "kubernetes.io/ws", "kubernetes.io/wss":
		return http
	}
	return false
}

// routeSource is what a ReferenceGrant has to trust for a route's backends.
func routeSource(r *Route) source {
	return source{gatewayGroup, r.Object.Ref.Kind, r.Object.Ref.Namespace}
}

// backends iterates over all references to backends: of each rule those of its filters, then its own, each with those of its filters. The
// filter is nil for a backendRef.
func (r *Route) backends() iter.Seq2[*Backend, *Filter] {
	return func(yield func(*Backend, *Filter) bool) {
		for i := range r.Rules {
			rule := &r.Rules[i]
			if !yieldFilters(rule.Filters, yield) {
				return
			}
			for j := range rule.Backends {
				if !yield(&rule.Backends[j], nil) || !yieldFilters(rule.Backends[j].Filters, yield) {
					return
				}
			}
		}
	}
}

func yieldFilters(filters []Filter, yield func(*Backend, *Filter) bool) bool {
	for i := range filters {
		if k := filters[i].backend(); k != nil && !yield(k, &filters[i]) {
			return false
		}
	}
	return true
}
