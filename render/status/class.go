package status

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/pkg/consts"

	"github.com/gwsync/gwsync/render/bind"
)

// class returns a GatewayClass with its status. The versions that it supports are those of the CRDs by which the manifests were read.
func (w writer) class(c *bind.GatewayClass) *gatewayv1.GatewayClass {
	out := c.Spec.DeepCopy()
	out.TypeMeta = typeMeta(c.Object.Ref)
	is := yes(accepted, string(gatewayv1.GatewayClassReasonAccepted), "gwsync renders Gateways of this class")
	if c.Reason != "" {
		is = no(accepted, c.Reason, sentence(denials(w.words(c.Object.Ref).explanation(), c.Reason)))
	}
	out.Status = gatewayv1.GatewayClassStatus{Conditions: []metav1.Condition{
		is,
		yes(string(gatewayv1.GatewayClassConditionStatusSupportedVersion), string(gatewayv1.GatewayClassReasonSupportedVersion),
			"the manifests are read as of Gateway API "+consts.BundleVersion),
	}}
	return out
}
