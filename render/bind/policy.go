package bind

import (
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/manifest"
)

// policyKey is what a targetRef selects: a Service's port by its name, or with "" the whole Service.
type policyKey struct {
	service manifest.Ref
	section string
}

// policies takes up the BackendTLSPolicies. Of several for one target and section the oldest counts, then the first by name (BTP
// TargetRefs).
func (b *builder) policies() {
	for object, spec := range manifest.Of[gatewayv1.BackendTLSPolicy](b.set) {
		b.Policies = append(b.Policies, &BackendTLSPolicy{Object: object, Spec: spec})
	}
	oldest := func(p, o *BackendTLSPolicy) int { return p.Object.Older(o.Object) }
	for _, p := range slices.SortedFunc(slices.Values(b.Policies), oldest) {
		object, spec := p.Object, p.Spec
		for i, ref := range spec.Spec.TargetRefs {
			p.Targets = append(p.Targets, b.policyTarget(p, i, ref))
		}
		from := source{gatewayGroup, kindBackendTLSPolicy, object.Ref.Namespace}
		for i, ref := range spec.Spec.Validation.CACertificateRefs {
			p.refs = append(p.refs, b.caCertificate(from, object, "spec.validation.caCertificateRefs["+strconv.Itoa(i)+"]", manifest.Ref{
				Group: string(ref.Group), Kind: string(ref.Kind), Namespace: object.Ref.Namespace, Name: string(ref.Name),
			}))
		}
		p.CACertificates = caCertificates(p.refs)
		p.Reason, p.Unresolved = p.accepted(), p.resolved()
	}
}

// policyTarget resolves one targetRef: kind, existence of the Service and of its port, precedence.
func (b *builder) policyTarget(p *BackendTLSPolicy, i int, ref gatewayv1.LocalPolicyTargetReferenceWithSectionName) PolicyTarget {
	t := PolicyTarget{
		Index: i, field: "spec.targetRefs[" + strconv.Itoa(i) + "]", Section: string(or(ref.SectionName, "")),
		Target: manifest.Ref{
			Group: string(ref.Group), Kind: string(ref.Kind), Namespace: p.Object.Ref.Namespace, Name: string(ref.Name),
		},
	}
	t.Pos = p.Object.At(t.field)
	if t.Target.Group != "" || t.Target.Kind != kindService {
		t.Reason = InvalidKind
		return t
	}
	object, _ := b.set.Get(t.Target)
	service, ok := object.Typed.(*corev1.Service)
	named := func(port corev1.ServicePort) bool { return port.Name == t.Section }
	if !ok || t.Section != "" && !slices.ContainsFunc(service.Spec.Ports, named) {
		t.Reason = TargetNotFound
		return t
	}
	key := policyKey{t.Target, t.Section}
	switch first := b.policyOf[key]; first {
	case nil:
		b.policyOf[key] = p
	case p:
	default:
		t.Winner, t.Reason = first, Conflicted
	}
	return t
}

// accepted returns why the policy is not accepted. One target for which it counts is enough.
func (p *BackendTLSPolicy) accepted() string {
	usable := func(c caRef) bool { return c.reason == "" }
	switch v := p.Spec.Spec.Validation; {
	case !slices.ContainsFunc(p.Targets, func(t PolicyTarget) bool { return t.Reason == "" }):
		for _, t := range p.Targets {
			if t.Reason == Conflicted {
				return Conflicted
			}
		}
		return TargetNotFound
	case len(p.refs) > 0 && !slices.ContainsFunc(p.refs, usable):
		return NoValidCACertificate
	case len(p.refs) == 0 && or(v.WellKnownCACertificates, "") != gatewayv1.WellKnownCACertificatesSystem:
		return Invalid
	}
	return ""
}

// resolved returns the first reason why references of the policy do not resolve.
func (p *BackendTLSPolicy) resolved() string {
	for _, c := range p.refs {
		if c.reason != "" {
			return c.reason
		}
	}
	return ""
}

// policyKeys returns what a policy for a backend may select, the more specific first.
func policyKeys(k *Backend) []policyKey {
	whole := policyKey{service: k.Target}
	if k.ServicePort == nil || k.ServicePort.Name == "" {
		return []policyKey{whole}
	}
	return []policyKey{{k.Target, k.ServicePort.Name}, whole}
}

// opensTLS reports whether Kong makes the TLS connections to the route's backends, if there are any: for an HTTPRoute and a GRPCRoute, for
// a TLSRoute where a listener ends its clients' connections (BTP TargetRefs), and for a TCPRoute, of which the specification does not
// speak.
func opensTLS(r *Route) bool {
	switch r.Object.Ref.Kind {
	case kindHTTPRoute, kindGRPCRoute, kindTCPRoute:
		return true
	case kindTLSRoute:
		for i := range r.Parents {
			p := &r.Parents[i]
			if p.Accepted && slices.ContainsFunc(p.Bindings, func(b Binding) bool { return b.Accepted && terminates(b.Listener) }) {
				return true
			}
		}
	}
	return false
}

// terminates reports whether a listener of protocol TLS ends the connections of its clients.
func terminates(l *Listener) bool {
	return l.Spec.TLS != nil && or(l.Spec.TLS.Mode, gatewayv1.TLSModeTerminate) == gatewayv1.TLSModeTerminate
}

// attachPolicies finds the policy of each backend, one for its port rather than one for its whole Service, and the Gateways that lead to
// the targets of each policy, whether it counts or not (PolicyAncestorStatus). Routes must be bound.
func (b *builder) attachPolicies() {
	reached := map[policyKey]map[*Gateway]bool{}
	for _, r := range b.Routes {
		if len(b.policyOf) == 0 || !opensTLS(r) {
			continue
		}
		for k, filter := range r.backends() {
			b.attachPolicy(k, filter)
			for _, key := range policyKeys(k) {
				if b.policyOf[key] != nil && k.Service != nil {
					addGateways(reached, key, r)
				}
			}
		}
	}
	for _, p := range b.Policies {
		all := map[*Gateway]bool{}
		for _, t := range p.Targets {
			maps.Copy(all, reached[policyKey{t.Target, t.Section}])
		}
		p.Gateways = slices.SortedFunc(maps.Keys(all), func(a, o *Gateway) int { return a.Object.Ref.Compare(o.Object.Ref) })
	}
}

// attachPolicy finds the policy of a backend. Where that is not accepted the backend is not to be used, with TLS or without (HR
// HTTPBackendRef, BTP CACertificateRefs). One that lacks some of its authorities trusts the others.
func (b *builder) attachPolicy(k *Backend, filter *Filter) {
	if k.Reason != "" {
		return
	}
	for _, key := range policyKeys(k) {
		if k.Policy = b.policyOf[key]; k.Policy != nil {
			break
		}
	}
	if k.Policy != nil && k.Policy.Reason != "" {
		k.Reason = InvalidBackendTLSPolicy
		if filter != nil {
			filter.Reason = k.Reason
		}
	}
}

func addGateways(reached map[policyKey]map[*Gateway]bool, key policyKey, r *Route) {
	for i := range r.Parents {
		p := &r.Parents[i]
		if !p.Accepted {
			continue
		}
		if reached[key] == nil {
			reached[key] = map[*Gateway]bool{}
		}
		reached[key][p.Gateway] = true
	}
}
