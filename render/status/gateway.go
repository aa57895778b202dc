package status

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
)

// gateway returns a Gateway with its status.
func (w writer) gateway(gw *bind.Gateway) *gatewayv1.Gateway {
	out := gw.Spec.DeepCopy()
	out.TypeMeta = typeMeta(gw.Object.Ref)
	said := w.words(gw.Object.Ref)
	is := gatewayAccepted(gw, said)
	out.Status = gatewayv1.GatewayStatus{
		Conditions: []metav1.Condition{is, gatewayProgrammed(gw, is), gatewayResolved(gw, said)},
	}
	if gw.InsecureClients() {
		out.Status.Conditions = append(out.Status.Conditions, yes(string(gatewayv1.GatewayConditionInsecureFrontendValidationMode),
			string(gatewayv1.GatewayReasonConfigurationChanged), "spec.tls.frontend lets in clients without a valid certificate"))
	}
	for _, l := range gw.Listeners {
		s := w.listener(l, said.part)
		out.Status.Listeners = append(out.Status.Listeners, gatewayv1.ListenerStatus(s))
	}
	sets := attachedSets(gw)
	out.Status.AttachedListenerSets = &sets
	return out
}

// gatewayAccepted is True while one listener is accepted (GW GatewayReasonListenersNotValid).
func gatewayAccepted(gw *bind.Gateway, said *words) metav1.Condition {
	bad := notValid(gw.Listeners)
	switch {
	case gw.Reason != "":
		return no(accepted, gw.Reason, sentence(denials(said.explanation(), gw.Reason)))
	case !gw.Accepted():
		return no(accepted, listenersNotValid, bad)
	case bad != "":
		return yes(accepted, listenersNotValid, bad)
	}
	return yes(accepted, string(gatewayv1.GatewayReasonAccepted), "all listeners are valid")
}

// gatewayProgrammed is True if anything is served: by a listener of the Gateway or of a ListenerSet.
func gatewayProgrammed(gw *bind.Gateway, is metav1.Condition) metav1.Condition {
	all, serving := gw.AllListeners(), 0
	for _, l := range all {
		if l.Programmed {
			serving++
		}
	}
	switch {
	case is.Status != metav1.ConditionTrue:
		return no(programmed, invalid, is.Message)
	case serving == 0:
		return no(programmed, invalid, notValid(all))
	}
	return yes(programmed, string(gatewayv1.GatewayReasonProgrammed), fmt.Sprintf("%d of %d listeners serve requests", serving, len(all)))
}

// gatewayResolved is about the Gateway's own references, and sums up those of its listeners (GW GatewayConditionResolvedRefs).
func gatewayResolved(gw *bind.Gateway, said *words) metav1.Condition {
	if reason := gw.ClientCertificateReason; reason != "" {
		return no(resolvedRefs, reason, sentence(denials(said.own(), reason)))
	}
	var wrong []string
	for _, l := range gw.Listeners {
		if l.Unresolved != "" {
			wrong = append(wrong, "listener "+l.Name()+" ("+l.Unresolved+")")
		}
	}
	if len(wrong) > 0 {
		return no(resolvedRefs, string(gatewayv1.GatewayReasonListenersNotResolved), "not all references resolve: "+sentence(wrong))
	}
	return resolved("", nil)
}

// attachedSets counts the ListenerSets that are attached (GW AttachedListenerSets).
func attachedSets(gw *bind.Gateway) int32 {
	n := int32(0)
	for _, s := range gw.Sets {
		if s.Reason == "" {
			n++
		}
	}
	return n
}
