package bind

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// kindEntry is one entry of allowedRoutes.kinds.
type kindEntry struct {
	group, kind string
	valid       bool // the listener's protocol can carry it
}

// routeKinds returns the entries of allowedRoutes.kinds, and the kinds that may attach: those of the entries that the
// protocol can carry, or, without entries, all that it can (GW AllowedRoutes.Kinds).
func routeKinds(spec *gatewayv1.Listener) (entries []kindEntry, allowed []string) {
	possible := protocolOf(spec.Protocol).kinds
	if spec.AllowedRoutes == nil || len(spec.AllowedRoutes.Kinds) == 0 {
		return nil, possible
	}
	for _, k := range spec.AllowedRoutes.Kinds {
		e := kindEntry{group: string(or(k.Group, gatewayGroup)), kind: string(k.Kind)}
		e.valid = e.group == gatewayGroup && slices.Contains(possible, e.kind)
		entries = append(entries, e)
		if e.valid && !slices.Contains(allowed, e.kind) {
			allowed = append(allowed, e.kind)
		}
	}
	return entries, allowed
}

// selector says which namespaces something is let in from: allowedRoutes.namespaces or allowedListeners.namespaces, compiled.
type selector struct {
	from   gatewayv1.FromNamespaces
	given  bool            // there is a selector
	labels labels.Selector // for from: Selector
	err    error           // the selector cannot be evaluated; it selects nothing
}

// routeSelector reads allowedRoutes of a listener (GW RouteNamespaces).
func routeSelector(allowed *gatewayv1.AllowedRoutes) selector {
	if allowed == nil || allowed.Namespaces == nil {
		return compile(gatewayv1.NamespacesFromSame, nil)
	}
	return compile(or(allowed.Namespaces.From, gatewayv1.NamespacesFromSame), allowed.Namespaces.Selector)
}

// listenerSetSelector reads allowedListeners of a Gateway (GW ListenerNamespaces).
func listenerSetSelector(allowed *gatewayv1.AllowedListeners) selector {
	if allowed == nil || allowed.Namespaces == nil {
		return compile(gatewayv1.NamespacesFromNone, nil)
	}
	return compile(or(allowed.Namespaces.From, gatewayv1.NamespacesFromNone), allowed.Namespaces.Selector)
}

// compile compiles a label selector. One that is not given selects nothing, an empty one everything (as everywhere in Kubernetes);
// but for from: Selector it is ignored.
func compile(from gatewayv1.FromNamespaces, s *metav1.LabelSelector) selector {
	out := selector{from: from, given: s != nil, labels: labels.Nothing()}
	if from != gatewayv1.NamespacesFromSelector {
		return out
	}
	if compiled, err := metav1.LabelSelectorAsSelector(s); err != nil {
		out.err = err
	} else {
		out.labels = compiled
	}
	return out
}

// allows reports whether a listener lets routes of a namespace attach.
func (g *Graph) allows(l *Listener, namespace string) bool {
	return g.admits(l.selector, l.Object.Ref.Namespace, namespace)
}

// admits reports whether a selector of an object in the namespace home lets things of a namespace in.
func (g *Graph) admits(s selector, home, namespace string) bool {
	switch s.from {
	case gatewayv1.NamespacesFromAll:
		return true
	case gatewayv1.NamespacesFromSame:
		return namespace == home
	case gatewayv1.NamespacesFromSelector:
		known, _ := g.labels(namespace)
		return s.labels.Matches(known)
	default:
		return false
	}
}
