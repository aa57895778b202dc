package bind

import (
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// acceptedChecks tells how a Gateway of ours fares, apart from its listeners.
func (c checker) acceptedChecks(gw *Gateway) []Check {
	class := c.owner(gw.Object.Ref, gw.Spec)
	checks := []Check{pass(checkClass, class.decided(gw.Object), "%s", class.String())}
	if class.rejected() {
		checks = append(checks, deny(checkClass, InvalidParameters, class.object.At("spec.parametersRef"),
			"GatewayClass %s is not accepted: InvalidParameters", class.name).fix("remove parametersRef from the GatewayClass"))
	}
	return append(checks, c.ownGatewayChecks(gw)...)
}

// ownGatewayChecks tells how what a Gateway says itself fares.
func (c checker) ownGatewayChecks(gw *Gateway) []Check {
	var checks []Check
	if p := gatewayParameters(gw.Spec); p != nil {
		checks = append(checks, parametersCheck(gw.Object, "spec.infrastructure.parametersRef", p.Group, p.Kind))
	}
	for i, a := range gw.Spec.Spec.Addresses {
		if unsupportedAddress(a) {
			field := say("spec.addresses[%d].type", i)
			checks = append(checks, deny(checkAddress, UnsupportedAddress, gw.Object.At(field), "a Kong has no address of type %s", string(*a.Type)).
				in(field).fix("use type: IPAddress or Hostname, or leave the address out: whoever deploys the Kong gives it its addresses"))
		}
	}
	if gw.selector.err != nil {
		checks = append(checks, listenerSetDoor(gw).selectorCheck())
	}
	if gw.client != nil {
		check := c.secretCheck(gw.client)
		check.Detail = "for backends: " + check.Detail
		checks = append(checks, check)
	}
	return checks
}

// reportGateway reports what a Gateway asks for and is not to be had, and whom its listeners are to trust but cannot.
func (b *builder) reportGateway(gw *Gateway) {
	for i, a := range gw.Spec.Spec.Addresses {
		if a.Value == "" {
			field := say("spec.addresses[%d]", i)
			b.report(diag.Finding{
				Severity: diag.Warning, Code: AddressNotAssigned, Object: gw.Object.Ref.Diag(), Pos: gw.Object.At(field), Field: field,
				Message: "the Gateway asks for an address, and gwsync assigns none: the Kong has those that it is deployed with",
				Hint:    "give the address a value, or leave it out",
			})
		}
	}
	b.reportClients(gw)
}

// reportForeign tells of a Gateway that is not ours.
func (b *builder) reportForeign(o manifest.Object, c class) {
	f := diag.Finding{
		Severity: diag.Info, Code: ForeignGateway, Object: o.Ref.Diag(),
		Pos: o.At("spec.gatewayClassName"), Field: "spec.gatewayClassName",
		Message: c.String(),
		Hint:    say("give --gateway-class %s if it is ours", c.name),
	}
	switch near := b.guess.nearest(c.name, []string{b.options.ClassName}); {
	case c.left:
		f.Pos, f.Field = o.At("metadata.name"), "metadata.name"
		f.Hint = say("give --gateway %s/%s too if this Kong is to serve it", o.Ref.Namespace, o.Ref.Name)
	case c.known:
		f.Hint = say("give --controller-name %s if it is ours", c.controller)
		f.Related = []diag.Pos{c.object.At("spec.controllerName")}
	case len(near) > 0:
		f.Severity, f.Code = diag.Warning, UnknownGatewayClass
		f.Hint = say("did you mean gatewayClassName: %s?", near[0])
	}
	b.report(f)
}

// reportSelection reports what [Options.Gateways] names and is not a Gateway of ours.
func (b *builder) reportSelection() {
	for i, name := range b.options.Gateways {
		ref := manifest.Ref{Group: gatewayGroup, Kind: kindGateway, Namespace: name.Namespace, Name: name.Name}
		if _, ours := b.Gateway(ref); ours || slices.Contains(b.options.Gateways[:i], name) {
			continue
		}
		f := diag.Finding{Severity: diag.Error, Code: UnknownGateway, Object: ref.Diag()}
		if o, exists := b.set.Get(ref); exists {
			class := b.class(string(o.Typed.(*gatewayv1.Gateway).Spec.GatewayClassName))
			f.Pos, f.Field = o.At("spec.gatewayClassName"), "spec.gatewayClassName"
			f.Message = "it is asked for by --gateway, and not ours: " + class.String()
			f.Hint = "leave it out of --gateway, or say with --gateway-class or --controller-name that its class is ours"
		} else {
			c := b.absent(checkExists, UnknownGateway, diag.Pos{}, ref, func() string { return b.otherGatewaysFor(ref) })
			f.Message, f.Hint = "it is asked for by --gateway: "+c.Detail, c.Fix
		}
		b.report(f)
	}
}

// otherGatewaysFor says which Gateway may have been meant.
func (c checker) otherGatewaysFor(missing manifest.Ref) string {
	if spaces := c.names()[scope{kind: kindGateway, name: missing.Name}]; len(spaces) > 0 {
		return say("there is a Gateway %s in namespace %s", missing.Name, either(spaces, 3))
	}
	here := c.names()[scope{kind: kindGateway, namespace: missing.Namespace}]
	if near := c.guess.nearest(missing.Name, here); len(near) > 0 {
		return say("did you mean %s?", either(near, 3))
	}
	if len(here) > 0 {
		return say("use one of the Gateways of namespace %s: %s", missing.Namespace, either(here, 5))
	}
	return say("add the Gateway to the manifests, or name its namespace: there are no Gateways in %s", missing.Namespace)
}
