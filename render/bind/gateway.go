package bind

import (
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/manifest"
)

// resolveGateways takes up the Gateways that are ours, with their classes and ListenerSets.
func (b *builder) resolveGateways() {
	b.resolveClasses()
	for o, spec := range manifest.Of[gatewayv1.Gateway](b.set) {
		c := b.owner(o.Ref, spec)
		if !c.ours {
			b.reportForeign(o, c)
			continue
		}
		gw := b.newGateway(o, spec)
		gw.Reason = gatewayReason(c, spec)
		b.Gateways = append(b.Gateways, gw)
		b.gateways[o.Ref] = gw
	}
	b.reportSelection()
	b.resolveListenerSets()
	for _, gw := range b.Gateways {
		b.settle(gw)
	}
	for _, s := range b.ListenerSets {
		b.reportSet(s)
	}
	b.reportShared()
	b.isolation = newIsolation(b.Gateways)
}

// newGateway resolves all of a Gateway that does not depend on others.
func (b *builder) newGateway(o manifest.Object, spec *gatewayv1.Gateway) *Gateway {
	gw := &Gateway{Object: o, Spec: spec, selector: listenerSetSelector(spec.Spec.AllowedListeners)}
	if slices.ContainsFunc(spec.Spec.Addresses, func(a gatewayv1.GatewaySpecAddress) bool { return a.Value == "" }) {
		gw.Unassigned = AddressNotAssigned
	}
	b.clientCertificate(gw)
	b.clientAuthorities(gw)
	for i := range spec.Spec.Listeners {
		l := b.newListener(o, i, &spec.Spec.Listeners[i])
		l.Gateway = gw
		gw.Listeners = append(gw.Listeners, l)
	}
	return gw
}

// gatewayReason returns why a Gateway as a whole is not accepted.
func gatewayReason(c class, gw *gatewayv1.Gateway) string {
	switch p := gatewayParameters(gw); {
	case c.rejected(), p != nil && !kongParameters(p.Group, p.Kind):
		return InvalidParameters
	case slices.ContainsFunc(gw.Spec.Addresses, unsupportedAddress):
		return UnsupportedAddress
	}
	return ""
}

func gatewayParameters(gw *gatewayv1.Gateway) *gatewayv1.LocalParametersReference {
	if gw.Spec.Infrastructure == nil {
		return nil
	}
	return gw.Spec.Infrastructure.ParametersRef
}

// unsupportedAddress reports whether an address is of a type that a Kong cannot have. Which address of the other types it has, whoever
// deploys it decides: they are taken as said (GW GatewaySpec.Addresses).
func unsupportedAddress(a gatewayv1.GatewaySpecAddress) bool {
	switch or(a.Type, gatewayv1.IPAddressType) {
	case gatewayv1.IPAddressType, gatewayv1.HostnameAddressType:
		return false
	}
	return true
}

// settle decides what depends on all listeners of a Gateway, and reports what is wrong with them.
func (b *builder) settle(gw *Gateway) {
	all := gw.AllListeners()
	for _, l := range all {
		requireClients(l)
	}
	markConflicts(gw)
	markOverlaps(all)
	for _, l := range gw.Listeners {
		l.Programmed = l.valid() && gw.Reason == ""
	}
	for _, s := range gw.Sets {
		s.settle()
	}
	b.reportFailed(gw.Object, b.ownGatewayChecks(gw))
	b.reportGateway(gw)
	for _, l := range gw.Listeners {
		b.reportListener(l)
	}
}
