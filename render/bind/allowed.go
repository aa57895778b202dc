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

// selector is allowedRoutes.namespaces, compiled.
type selector struct {
	from   gatewayv1.FromNamespaces
	labels labels.Selector // for from: Selector
	err    error           // the selector cannot be evaluated; it selects nothing
}

// compileSelector reads allowedRoutes.namespaces of a listener. A selector that is not given selects nothing, an empty one everything
// (as everywhere in Kubernetes).
func compileSelector(spec *gatewayv1.Listener) selector {
	s := selector{from: gatewayv1.NamespacesFromSame, labels: labels.Nothing()}
	if spec.AllowedRoutes == nil || spec.AllowedRoutes.Namespaces == nil {
		return s
	}
	s.from = or(spec.AllowedRoutes.Namespaces.From, s.from)
	if s.from == gatewayv1.NamespacesFromSelector {
		compiled, err := metav1.LabelSelectorAsSelector(spec.AllowedRoutes.Namespaces.Selector)
		if err != nil {
			s.err = err
		} else {
			s.labels = compiled
		}
	}
	return s
}

// allows reports whether a listener lets routes of a namespace attach (GW RouteNamespaces).
func (g *Graph) allows(l *Listener, namespace string) bool {
	switch l.selector.from {
	case gatewayv1.NamespacesFromAll:
		return true
	case gatewayv1.NamespacesFromSame:
		return namespace == l.Object.Ref.Namespace
	case gatewayv1.NamespacesFromSelector:
		known, _ := g.labels(namespace)
		return l.selector.labels.Matches(known)
	default:
		return false
	}
}
