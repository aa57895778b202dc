package status

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/manifest"
)

// Object is an object with its status.
type Object struct {
	Ref manifest.Ref
	// Typed is a pointer to the Go type of the kind, such as *gatewayv1.HTTPRoute, with apiVersion, kind and status. It is the caller's.
	Typed any
}

// Of returns the objects of a Graph that a controller writes the status of, with that status: GatewayClasses, Gateways, ListenerSets,
// routes and BackendTLSPolicies, sorted within each kind by namespace and name, routes by kind first.
func Of(g *bind.Graph) []Object {
	w := writer{g}
	out := make([]Object, 0, len(g.Classes)+len(g.Gateways)+len(g.ListenerSets)+len(g.Routes)+len(g.Policies))
	for _, c := range g.Classes {
		out = append(out, Object{c.Object.Ref, w.class(c)})
	}
	for _, gw := range g.Gateways {
		out = append(out, Object{gw.Object.Ref, w.gateway(gw)})
	}
	for _, s := range g.ListenerSets {
		out = append(out, Object{s.Object.Ref, w.listenerSet(s)})
	}
	for _, r := range g.Routes {
		out = append(out, Object{r.Object.Ref, w.route(r)})
	}
	for _, p := range g.Policies {
		out = append(out, Object{p.Object.Ref, w.policy(p)})
	}
	return out
}

// writer writes statuses.
type writer struct{ *bind.Graph }

// typeMeta returns apiVersion and kind: objects are in the newest version, whatever the manifests ask for.
func typeMeta(r manifest.Ref) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: gatewayv1.GroupVersion.String(), Kind: r.Kind}
}

// The types of conditions, which kinds share.
const (
	accepted     = "Accepted"
	programmed   = "Programmed"
	resolvedRefs = "ResolvedRefs"
	conflicted   = "Conflicted"
)

// The reasons of conditions that bind has no use for, since it knows them as the absence of any other.
const (
	invalid           = "Invalid"
	listenersNotValid = "ListenersNotValid"
)

// yes returns a condition that is True.
func yes(of, reason, message string) metav1.Condition {
	return condition(of, metav1.ConditionTrue, reason, message)
}

// no returns a condition that is False.
func no(of, reason, message string) metav1.Condition {
	return condition(of, metav1.ConditionFalse, reason, message)
}

func condition(of string, status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return metav1.Condition{Type: of, Status: status, Reason: reason, Message: limited(message), LastTransitionTime: metav1.Unix(0, 0)}
}

// resolved returns the condition ResolvedRefs, which is True unless there is a reason.
func resolved(reason string, why func() string) metav1.Condition {
	if reason == "" {
		return yes(resolvedRefs, string(gatewayv1.RouteReasonResolvedRefs), "all references resolve")
	}
	return no(resolvedRefs, reason, why())
}
