package bind

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/gwsync/gwsync/render/manifest"
)

// backendChecks tells how far a backendRef got. What follows a failed check is not told: whether a Service exists is none of the
// business of a route that may not refer to it.
func (c checker) backendChecks(r *Route, b *Backend) []Check {
	at := func(field string) Check { return Check{field: b.field + field, Pos: r.Object.At(b.field + field)} }
	if b.Reason == InvalidKind {
		kind := at(".kind")
		return []Check{deny(checkKind, InvalidKind, kind.Pos, "kind %s of group %q cannot be a backend: only Services of the core group can",
			b.Target.Kind, b.Target.Group).in(kind.field).fix(kindFix(b))}
	}
	checks := []Check{{Name: checkKind, Passed: true, Detail: "kind Service"}}
	grant := c.grantCheck(routeSource(r), b.Target, or(b.Grant, manifest.Ref{})).in(b.field + ".namespace")
	checks = append(checks, grant)
	switch {
	case !grant.Passed:
		return checks
	case b.Service == nil:
		name := at(".name")
		other := func() string { return c.otherServices(r, b) }
		return append(checks, c.absent(checkExists, BackendNotFound, name.Pos, b.Target, other).in(name.field))
	}
	checks = append(checks, pass(checkExists, b.Object.At(""), "the Service exists"))
	port := portCheck(r, b, at(".port"))
	checks = append(checks, port)
	if port.Passed {
		checks = append(checks, c.reachChecks(b)...)
	}
	return checks
}

// reachChecks tells how Kong gets to a backend whose port exists, where there is more to say than its name.
func (c checker) reachChecks(b *Backend) []Check {
	var checks []Check
	if b.ServicePort != nil && selectorless(b.Service) {
		detail := "no selector: " + count(len(b.Endpoints), "endpoint") + " in EndpointSlices"
		checks = append(checks, pass(checkEndpoints, b.Object.At("spec"), "%s", detail))
	}
	switch p := b.Policy; {
	case p == nil:
	case b.Reason == InvalidBackendTLSPolicy:
		checks = append(checks, deny(checkPolicy, b.Reason, p.Object.At(""), "%s says how to speak TLS to it, and is not accepted: %s",
			p.Object.Ref, p.Reason).in(b.field).fix(say("correct the policy%s", place(p.Object.At("")))))
	default:
		checks = append(checks, pass(checkPolicy, p.Object.At(""), "%s says how to speak TLS to it", p.Object.Ref))
	}
	return checks
}

func kindFix(b *Backend) string {
	if b.Target.Kind == kindService {
		return "leave group out of the backendRef: the core group is written \"\""
	}
	return "name a Service, and leave group and kind out of the backendRef"
}

// otherServices says which Service may have been meant. Other namespaces are named only if the route may refer to that Service there.
func (c checker) otherServices(r *Route, b *Backend) string {
	for _, ns := range c.names()[scope{kind: kindService, name: b.Target.Name}] {
		there := manifest.Ref{Kind: kindService, Namespace: ns, Name: b.Target.Name}
		if _, granted := c.grants.allow(routeSource(r), there); granted || ns == r.Object.Ref.Namespace {
			return say("there is a Service %s in namespace %s: set namespace: %s on the backendRef", b.Target.Name, ns, ns)
		}
	}
	here := c.names()[scope{kind: kindService, namespace: b.Target.Namespace}]
	if near := c.guess.nearest(b.Target.Name, here); len(near) > 0 {
		return say("did you mean %s?", either(near, 3))
	}
	if len(here) > 0 {
		return say("use one of the Services of namespace %s: %s", b.Target.Namespace, either(here, 5))
	}
	return say("add the Service to the manifests: they hold none in namespace %s", b.Target.Namespace)
}

func portCheck(r *Route, b *Backend, at Check) Check {
	needs := string(transport(r))
	switch {
	case b.Reason == UnsupportedProtocol && b.ServicePort != nil:
		return appProtocolCheck(r, b).in(at.field)
	case b.Reason == UnsupportedProtocol:
		return deny(checkProtocol, UnsupportedProtocol, at.Pos, "port %d of %s is not of protocol %s, as %ss need", b.Port, b.Target, needs,
			r.Object.Ref.Kind).in(at.field).fix("name a port of protocol " + needs)
	case b.Reason == BackendNotFound:
		return missingPort(b, transport(r), at)
	case b.ServicePort == nil:
		return pass(checkPort, b.Object.At("spec.externalName"), "port %d of %s", b.Port, b.Service.Spec.ExternalName)
	}
	return pass(checkPort, b.Object.At("spec.ports"), "port %d exists", b.Port)
}

func appProtocolCheck(r *Route, b *Backend) Check {
	i := slices.IndexFunc(b.Service.Spec.Ports, func(p corev1.ServicePort) bool { return p.Name == b.ServicePort.Name })
	check := deny(checkProtocol, UnsupportedProtocol, b.Object.At(fmt.Sprintf("spec.ports[%d].appProtocol", i)),
		"port %d of %s speaks %s, which no %s can", b.Port, b.Target, or(b.ServicePort.AppProtocol, ""), r.Object.Ref.Kind)
	return check.fix("remove the appProtocol of the Service's port, or add the annotation " + protocolAnnotation +
		" (http, https, grpc or grpcs) to the Service")
}

func missingPort(b *Backend, carries corev1.Protocol, at Check) Check {
	var have []string
	for _, p := range b.Service.Spec.Ports {
		if protocolOrTCP(p.Protocol) != carries {
			continue
		}
		if p.TargetPort.IntVal == b.Port && p.Port != b.Port && b.Port != 0 {
			return deny(checkPort, BackendNotFound, at.Pos, "%s has no port %d: that is the targetPort of its port %d", b.Target, b.Port, p.Port).
				in(at.field).fix(fmt.Sprintf("set port: %d, the Service's own", p.Port))
		}
		have = append(have, fmt.Sprint(p.Port))
	}
	check := deny(checkPort, BackendNotFound, at.Pos, "%s has no port %d", b.Target, b.Port).in(at.field)
	switch len(have) {
	case 0:
		return check.fix(say("the Service has no ports of protocol %s: add one", string(carries)))
	case 1:
		if len(b.Service.Spec.Ports) > 1 {
			return check.fix("use its only port of protocol " + string(carries) + ": " + have[0])
		}
		return check.fix("use its only port: " + have[0])
	}
	return check.fix("use one of its ports: " + either(have, 8))
}
