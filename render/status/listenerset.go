package status

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
)

// Reasons of a ListenerSet. ParentNotProgrammed has no constant in gateway-api.
const (
	notAllowed          = bind.NotAllowed
	parentNotAccepted   = bind.ParentNotAccepted
	parentNotProgrammed = "ParentNotProgrammed"
	pending             = string(gatewayv1.ListenerSetReasonPending)
)

// listenerSet returns a ListenerSet with its status.
func (w writer) listenerSet(s *bind.ListenerSet) *gatewayv1.ListenerSet {
	out := s.Spec.DeepCopy()
	out.TypeMeta = typeMeta(s.Object.Ref)
	said := w.words(s.Object.Ref)
	out.Status.Conditions = setConditions(s, said)
	if s.Gateway == nil {
		return out // nobody looked at the listeners
	}
	for _, l := range s.Listeners {
		out.Status.Listeners = append(out.Status.Listeners, w.listener(l, said.part))
	}
	return out
}

func setConditions(s *bind.ListenerSet, said *words) []metav1.Condition {
	why := func() string { return sentence(denials(said.own(), s.Reason)) }
	switch s.Reason {
	case "":
		return []metav1.Condition{setAccepted(s), setProgrammed(s)}
	case notAllowed:
		message := why()
		return []metav1.Condition{no(accepted, notAllowed, message), no(programmed, notAllowed, message)}
	case parentNotAccepted:
		message := why()
		return []metav1.Condition{no(accepted, parentNotAccepted, message), no(programmed, parentNotProgrammed, message)}
	case listenersNotValid:
		message := notValid(s.Listeners)
		return []metav1.Condition{no(accepted, listenersNotValid, message), no(programmed, listenersNotValid, message)}
	}
	// Nobody of ours writes here: this is the CRD's own default.
	const waiting = "Waiting for controller"
	return []metav1.Condition{
		condition(accepted, metav1.ConditionUnknown, pending, waiting), condition(programmed, metav1.ConditionUnknown, pending, waiting),
	}
}

// setAccepted says of an accepted ListenerSet which of its listeners are not valid all the same.
func setAccepted(s *bind.ListenerSet) metav1.Condition {
	if bad := notValid(s.Listeners); bad != "" {
		return yes(accepted, listenersNotValid, bad)
	}
	return yes(accepted, string(gatewayv1.ListenerSetReasonAccepted), fmt.Sprintf("attached to %s", s.Target))
}

func setProgrammed(s *bind.ListenerSet) metav1.Condition {
	serving := 0
	for _, l := range s.Listeners {
		if l.Programmed {
			serving++
		}
	}
	if serving == 0 {
		return no(programmed, listenersNotValid, notValid(s.Listeners))
	}
	return yes(programmed, string(gatewayv1.ListenerSetReasonProgrammed),
		fmt.Sprintf("%d of %d listeners serve requests", serving, len(s.Listeners)))
}
