package bind

import (
	corev1 "k8s.io/api/core/v1"
)

// rule resolves the references of a rule.
func (g *Graph) rule(r *Route, rule *Rule) {
	for i := range rule.Backends {
		rule.Backends[i].Reason = g.resolve(r, &rule.Backends[i])
	}
}

// resolve resolves one backendRef in the order kind, grant, Service, port; the first that fails is the reason (HR HTTPBackendRef, SH
// RouteConditionResolvedRefs).
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
	return source{gatewayGroup, r.Object.Ref.Kind, r.Object.Ref.Namespace}
}
