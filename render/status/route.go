package status

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
)

// route returns a route with its status; a route of a kind without one is nil.
func (w writer) route(r *bind.Route) any {
	status := gatewayv1.RouteStatus{Parents: w.parents(r)}
	meta := typeMeta(r.Object.Ref)
	switch t := r.Object.Typed.(type) {
	case *gatewayv1.HTTPRoute:
		out := t.DeepCopy()
		out.TypeMeta, out.Status.RouteStatus = meta, status
		return out
	case *gatewayv1.GRPCRoute:
		out := t.DeepCopy()
		out.TypeMeta, out.Status.RouteStatus = meta, status
		return out
	case *gatewayv1.TLSRoute:
		out := t.DeepCopy()
		out.TypeMeta, out.Status.RouteStatus = meta, status
		return out
	case *gatewayv1.TCPRoute:
		out := t.DeepCopy()
		out.TypeMeta, out.Status.RouteStatus = meta, status
		return out
	case *gatewayv1.UDPRoute:
		out := t.DeepCopy()
		out.TypeMeta, out.Status.RouteStatus = meta, status
		return out
	}
	return nil
}

// parents returns an entry for each parentRef that names something of ours; never nil, since the field is required.
func (w writer) parents(r *bind.Route) []gatewayv1.RouteParentStatus {
	out := []gatewayv1.RouteParentStatus{}
	said := w.words(r.Object.Ref)
	references := resolved(unresolved(r), func() string { return ruleDenials(r, said, referenceReasons()...) })
	for i := range r.Parents {
		p := &r.Parents[i]
		gw := w.owner(p)
		if gw == nil {
			continue
		}
		ref := *p.Ref
		group, kind := gatewayv1.Group(p.Target.Group), gatewayv1.Kind(p.Target.Kind)
		ref.Group, ref.Kind = &group, &kind
		conditions := []metav1.Condition{routeAccepted(r, p, said), references}
		if p.Accepted && r.PartiallyInvalid() {
			conditions = append(conditions, yes(string(gatewayv1.RouteConditionPartiallyInvalid), bind.UnsupportedValue, r.DroppedMessage()))
		}
		out = append(out, gatewayv1.RouteParentStatus{
			ParentRef: *ref.DeepCopy(), ControllerName: gatewayv1.GatewayController(w.Controller(gw)), Conditions: conditions,
		})
	}
	return out
}

// owner returns the Gateway whose controller writes the entry of a parent; nil if that is none of ours.
func (w writer) owner(p *bind.Parent) *bind.Gateway {
	switch {
	case p.Gateway != nil:
		return p.Gateway
	case p.Set == nil:
		return nil
	}
	gw, _ := w.Gateway(p.Set.Target) // a ListenerSet that its Gateway does not allow is that Gateway's business still
	return gw
}

func routeAccepted(r *bind.Route, p *bind.Parent, said *words) metav1.Condition {
	switch p.Reason {
	case "":
		return yes(accepted, string(gatewayv1.RouteReasonAccepted), "attached to "+sentence(attached(p)))
	case bind.UnsupportedValue, bind.IncompatibleFilters:
		return no(accepted, p.Reason, ruleDenials(r, said, bind.UnsupportedValue, bind.IncompatibleFilters))
	}
	return no(accepted, p.Reason, sentence(denials(said.part(p.Index), p.Reason)))
}

// attached names the listeners that accept the route.
func attached(p *bind.Parent) []string {
	var out []string
	for _, b := range p.Bindings {
		if b.Accepted {
			out = append(out, "listener "+b.Listener.Name())
		}
	}
	return out
}

// ruleDenials says what is wrong with the rules of a route, for any of some reasons.
func ruleDenials(r *bind.Route, said *words, reasons ...string) string {
	var wrong []string
	for i := range r.Rules {
		rule := said.part(len(r.Parents) + i)
		wrong = append(wrong, denials(bind.Explanation{Parts: []bind.Explanation{rule}}, reasons...)...)
	}
	return sentence(wrong)
}

// referenceReasons are those of references that do not resolve. A BackendTLSPolicy that is not valid is not a matter of references:
// the policy's own status tells.
func referenceReasons() []string {
	return []string{bind.RefNotPermitted, bind.InvalidKind, bind.BackendNotFound, bind.UnsupportedProtocol, bind.PluginNotFound}
}

// unresolved returns the first reason why a reference of the route does not resolve; "" if all do.
func unresolved(r *bind.Route) string {
	is := referenceReasons()
	for _, rule := range r.Rules {
		for _, f := range rule.Filters {
			if slices.Contains(is, f.Reason) {
				return f.Reason
			}
		}
		for _, b := range rule.Backends {
			if slices.Contains(is, b.Reason) {
				return b.Reason
			}
			for _, f := range b.Filters {
				if slices.Contains(is, f.Reason) {
					return f.Reason
				}
			}
		}
	}
	return ""
}
