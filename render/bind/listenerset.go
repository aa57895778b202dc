package bind

import (
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// resolveListenerSets takes up all ListenerSets, and attaches them to the Gateways that allow it.
func (b *builder) resolveListenerSets() {
	for o, spec := range manifest.Of[gatewayv1.ListenerSet](b.set) {
		s := b.newListenerSet(o, spec)
		s.Reason = b.attach(s)
		b.ListenerSets = append(b.ListenerSets, s)
		b.sets[o.Ref] = s
	}
	for _, gw := range b.Gateways {
		slices.SortFunc(gw.Sets, precedence)
	}
}

// precedence orders the ListenerSets of a Gateway (LS ListenerSetSpec).
func precedence(a, b *ListenerSet) int { return a.Object.Older(b.Object) }

// newListenerSet resolves all of a ListenerSet that does not depend on others.
func (b *builder) newListenerSet(o manifest.Object, spec *gatewayv1.ListenerSet) *ListenerSet {
	parent := spec.Spec.ParentRef
	s := &ListenerSet{Object: o, Spec: spec, Target: manifest.Ref{
		Group: string(or(parent.Group, gatewayGroup)), Kind: string(or(parent.Kind, kindGateway)),
		Namespace: string(or(parent.Namespace, gatewayv1.Namespace(o.Ref.Namespace))), Name: string(parent.Name),
	}}
	for i, entry := range spec.Spec.Listeners {
		listener := gatewayv1.Listener(entry)
		l := b.newListener(o, i, &listener)
		l.Set = s
		s.Listeners = append(s.Listeners, l)
	}
	return s
}

// attach attaches a ListenerSet to the Gateway that it names, or returns the reason why not. No ReferenceGrant is needed: the Gateway
// itself says whom it allows (GW AllowedListeners).
func (b *builder) attach(s *ListenerSet) string {
	if s.Target.Group != gatewayGroup || s.Target.Kind != kindGateway {
		return ForeignParent
	}
	gw, ours := b.gateways[s.Target]
	if !ours {
		if _, exists := b.set.Get(s.Target); exists {
			return ForeignGateway
		}
		return ParentNotFound
	}
	if !b.admits(gw.selector, gw.Object.Ref.Namespace, s.Object.Ref.Namespace) {
		return NotAllowed
	}
	s.Gateway = gw
	gw.Sets = append(gw.Sets, s)
	for _, l := range s.Listeners {
		l.Gateway = gw
	}
	return ""
}

// settle decides whether an attached ListenerSet is accepted, once its listeners and its Gateway's are settled. It takes one listener that
// can serve (LS ListenerSetReasonListenersNotValid).
func (s *ListenerSet) settle() {
	switch {
	case !s.Gateway.Accepted():
		s.Reason = ParentNotAccepted
	case !slices.ContainsFunc(s.Listeners, (*Listener).valid):
		s.Reason = ListenersNotValid
	}
	for _, l := range s.Listeners {
		l.Programmed = l.valid() && s.Reason == ""
	}
}

// foreign reports whether the ListenerSet is somebody else's business.
func (s *ListenerSet) foreign() bool {
	return s.Reason == ForeignParent || s.Reason == ForeignGateway
}

// reportSet reports what is wrong with a ListenerSet. Why its listeners are not valid, they say themselves.
func (b *builder) reportSet(s *ListenerSet) {
	if c, ok := failed(b.setChecks(s)); ok && c.Reason != ListenersNotValid {
		f := diag.Finding{
			Severity: diag.Error, Code: c.Reason, Object: s.Object.Ref.Diag(), Pos: s.Object.At("spec.parentRef"), Field: "spec.parentRef",
			Message: c.Detail, Hint: c.Fix,
		}
		if c.Name == checkNamespace {
			f.Message = say("%s does not let the ListenerSet attach; ", s.Target) + c.Detail
		}
		if s.foreign() {
			f.Severity = foreignSeverity(c)
		}
		if c.field != "" {
			f.Pos, f.Field = c.Pos, c.field
		} else if !c.Pos.IsZero() {
			f.Related = []diag.Pos{c.Pos}
		}
		b.report(f)
	}
	if !s.foreign() {
		for _, l := range s.Listeners {
			b.reportListener(l)
		}
	}
}
