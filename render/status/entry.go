package status

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// entry is one set of conditions of an object: its own, or those of a listener, a parent or an ancestor.
type entry struct {
	// of names the listener, parent or ancestor; "" for the object's own.
	of string
	// routes is the number of routes at a listener; -1 for others.
	routes     int32
	conditions []metav1.Condition
}

// entries returns all sets of conditions of an object, its own first.
func (o Object) entries() []entry {
	switch t := o.Typed.(type) {
	case *gatewayv1.GatewayClass:
		return []entry{{"", -1, t.Status.Conditions}}
	case *gatewayv1.Gateway:
		out := []entry{{"", -1, t.Status.Conditions}}
		for _, l := range t.Status.Listeners {
			out = append(out, entry{string(l.Name), l.AttachedRoutes, l.Conditions})
		}
		return out
	case *gatewayv1.ListenerSet:
		out := []entry{{"", -1, t.Status.Conditions}}
		for _, l := range t.Status.Listeners {
			out = append(out, entry{string(l.Name), l.AttachedRoutes, l.Conditions})
		}
		return out
	case *gatewayv1.HTTPRoute:
		return parentEntries(o, t.Status.Parents)
	case *gatewayv1.GRPCRoute:
		return parentEntries(o, t.Status.Parents)
	case *gatewayv1.TLSRoute:
		return parentEntries(o, t.Status.Parents)
	case *gatewayv1.TCPRoute:
		return parentEntries(o, t.Status.Parents)
	case *gatewayv1.UDPRoute:
		return parentEntries(o, t.Status.Parents)
	case *gatewayv1.BackendTLSPolicy:
		var out []entry
		for _, a := range t.Status.Ancestors {
			out = append(out, entry{parent(o, a.AncestorRef), -1, a.Conditions})
		}
		return out
	}
	return nil
}

func parentEntries(o Object, parents []gatewayv1.RouteParentStatus) []entry {
	var out []entry
	for _, p := range parents {
		out = append(out, entry{parent(o, p.ParentRef), -1, p.Conditions})
	}
	return out
}

// parent names what a reference is to in a few words: "Gateway infra/proxy (https :443)".
func parent(o Object, r gatewayv1.ParentReference) string {
	namespace := o.Ref.Namespace
	if r.Namespace != nil {
		namespace = string(*r.Namespace)
	}
	var section []string
	if r.SectionName != nil && *r.SectionName != "" {
		section = append(section, string(*r.SectionName))
	}
	if r.Port != nil {
		section = append(section, ":"+strconv.Itoa(int(*r.Port)))
	}
	name := fmt.Sprintf("%s %s/%s", *r.Kind, namespace, r.Name)
	if len(section) > 0 {
		name += " (" + strings.Join(section, " ") + ")"
	}
	return name
}

// Denials iterates over the reasons of all conditions of the object that are not what one hopes for.
func (o Object) Denials() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, e := range o.entries() {
			for _, c := range e.conditions {
				if notable(c) && !yield(c.Reason) {
					return
				}
			}
		}
	}
}

// notable reports whether a condition is not what one hopes for.
func notable(c metav1.Condition) bool {
	switch gatewayv1.ListenerConditionType(c.Type) {
	case gatewayv1.ListenerConditionConflicted:
		return c.Status != metav1.ConditionFalse
	case gatewayv1.ListenerConditionOverlappingTLSConfig,
		gatewayv1.ListenerConditionType(gatewayv1.RouteConditionPartiallyInvalid),
		gatewayv1.ListenerConditionType(gatewayv1.GatewayConditionInsecureFrontendValidationMode):
		return true
	}
	return c.Status != metav1.ConditionTrue || c.Reason == listenersNotValid
}
