package status

import (
	"cmp"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
)

// listener returns the status of a listener of a Gateway or, which is the same by other names, of a ListenerSet. Told returns what is
// said of the listener at an index.
func (w writer) listener(l *bind.Listener, told func(int) bind.Explanation) gatewayv1.ListenerEntryStatus {
	why := func(reasons ...string) string { return sentence(denials(told(l.Index), reasons...)) }
	return gatewayv1.ListenerEntryStatus{
		Name: l.Spec.Name, SupportedKinds: supportedKinds(l), AttachedRoutes: int32(l.AttachedRoutes),
		Conditions: append([]metav1.Condition{
			listenerAccepted(l, why),
			listenerProgrammed(l, why),
			resolved(l.Unresolved, func() string { return why(l.Unresolved) }),
			listenerConflicted(l, why),
		}, overlapping(l)...),
	}
}

// supportedKinds returns the kinds of routes that may attach; it is never nil: that there are none is worth saying.
func supportedKinds(l *bind.Listener) []gatewayv1.RouteGroupKind {
	out := make([]gatewayv1.RouteGroupKind, 0, len(l.Kinds))
	for _, k := range l.Kinds {
		group := gatewayv1.Group(gatewayv1.GroupName)
		out = append(out, gatewayv1.RouteGroupKind{Group: &group, Kind: gatewayv1.Kind(k)})
	}
	return out
}

func listenerAccepted(l *bind.Listener, why because) metav1.Condition {
	if l.Rejected != "" {
		return no(accepted, l.Rejected, why(l.Rejected, l.Unresolved))
	}
	return yes(accepted, string(gatewayv1.ListenerReasonAccepted), "the listener is valid")
}

// because returns what is said of a listener for any of some reasons.
type because func(reasons ...string) string

// listenerProgrammed has a conflict's own reason where there is one, as the conformance suite asks.
func listenerProgrammed(l *bind.Listener, why because) metav1.Condition {
	switch {
	case l.Programmed:
		return yes(programmed, string(gatewayv1.ListenerReasonProgrammed), "the listener serves requests")
	case isConflict(l.Rejected):
		return no(programmed, l.Rejected, why(l.Rejected))
	case l.Rejected != "":
		return no(programmed, invalid, why(l.Rejected, l.Unresolved))
	case l.Gateway != nil && l.Gateway.Reason != "":
		return no(programmed, invalid, "the Gateway is not accepted: "+l.Gateway.Reason)
	case l.Set != nil && l.Set.Reason == parentNotAccepted:
		return no(programmed, invalid, "the ListenerSet is not accepted: "+l.Set.Reason)
	}
	return no(programmed, invalid, why(l.Unresolved))
}

func listenerConflicted(l *bind.Listener, why because) metav1.Condition {
	if isConflict(l.Rejected) {
		return yes(conflicted, l.Rejected, why(l.Rejected))
	}
	return no(conflicted, string(gatewayv1.ListenerReasonNoConflicts), "no other listener claims the same port and hostname")
}

func isConflict(reason string) bool {
	return reason == bind.HostnameConflict || reason == bind.ProtocolConflict
}

// overlapping returns the condition OverlappingTLSConfig; none if there is nothing to warn of (GW ListenerConditionOverlappingTLSConfig).
func overlapping(l *bind.Listener) []metav1.Condition {
	if len(l.Overlaps) == 0 {
		return nil
	}
	var others []string
	for _, o := range l.Overlaps {
		others = append(others, o.String())
	}
	return []metav1.Condition{yes(string(gatewayv1.ListenerConditionOverlappingTLSConfig),
		string(gatewayv1.ListenerReasonOverlappingHostnames),
		"clients may reuse connections for hostnames of other listeners: "+sentence(others))}
}

// notValid names the listeners that serve nothing, each with the reason; "" if there are none.
func notValid(listeners []*bind.Listener) string {
	var out []string
	for _, l := range listeners {
		if l.Programmed {
			continue
		}
		text := "listener " + l.Name()
		if reason := cmp.Or(l.Rejected, l.Unresolved); reason != "" {
			text += " (" + reason + ")"
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		return ""
	}
	return "not valid: " + sentence(out)
}
