package status

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
)

// mostAncestors is how many ancestors a policy's status holds (SH PolicyStatus.Ancestors).
const mostAncestors = 16

// policy returns a BackendTLSPolicy with its status: an entry for each Gateway of ours that it has an effect on.
func (w writer) policy(p *bind.BackendTLSPolicy) *gatewayv1.BackendTLSPolicy {
	out := p.Spec.DeepCopy()
	out.TypeMeta = typeMeta(p.Object.Ref)
	out.Status.Ancestors = []gatewayv1.PolicyAncestorStatus{} // required
	conditions := w.policyConditions(p)
	for _, gw := range p.Gateways[:min(mostAncestors, len(p.Gateways))] {
		group, kind := gatewayv1.Group(gatewayv1.GroupName), gatewayv1.Kind(gw.Object.Ref.Kind)
		namespace := gatewayv1.Namespace(gw.Object.Ref.Namespace)
		out.Status.Ancestors = append(out.Status.Ancestors, gatewayv1.PolicyAncestorStatus{
			AncestorRef: gatewayv1.ParentReference{
				Group: &group, Kind: &kind, Namespace: &namespace, Name: gatewayv1.ObjectName(gw.Object.Ref.Name),
			},
			ControllerName: gatewayv1.GatewayController(w.Controller(gw)),
			Conditions:     slices.Clone(conditions),
		})
	}
	return out
}

func (w writer) policyConditions(p *bind.BackendTLSPolicy) []metav1.Condition {
	said := w.words(p.Object.Ref)
	why := func(reasons ...string) string { return sentence(denials(said.explanation(), reasons...)) }
	is := yes(accepted, string(gatewayv1.PolicyReasonAccepted), "backends are spoken to as the policy says")
	if p.Reason != "" {
		is = no(accepted, p.Reason, why(p.Reason, p.Unresolved))
	}
	return []metav1.Condition{is, resolved(p.Unresolved, func() string { return why(p.Unresolved) })}
}
