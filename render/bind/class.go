package bind

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// class is what is known of a Gateway's class, and whether the Gateway is ours.
type class struct {
	name       string
	object     manifest.Object // zero if the manifests do not hold it
	controller string
	known      bool
	ours       bool
	// left is set for a Gateway of a class of ours that [Options.Gateways] does not name.
	left bool
}

// class looks a GatewayClass up. Whose it is, its controllerName says; without the object, its name.
func (g *Graph) class(name string) class {
	object, _ := g.set.Get(manifest.Ref{Group: gatewayGroup, Kind: kindGatewayClass, Name: name})
	spec, ok := object.Typed.(*gatewayv1.GatewayClass)
	if !ok {
		return class{name: name, ours: name == g.options.ClassName}
	}
	controller := string(spec.Spec.ControllerName)
	return class{name, object, controller, true, slices.Contains(g.options.Controllers, controller), false}
}

// owner returns the class of a Gateway, and in it whether that Gateway is ours.
func (g *Graph) owner(r manifest.Ref, spec *gatewayv1.Gateway) class {
	c := g.class(string(spec.Spec.GatewayClassName))
	name := types.NamespacedName{Namespace: r.Namespace, Name: r.Name}
	if c.ours && len(g.options.Gateways) > 0 && !slices.Contains(g.options.Gateways, name) {
		c.ours, c.left = false, true
	}
	return c
}

// String says whose the class is, and why.
func (c class) String() string {
	switch {
	case c.left:
		return "it is not among the Gateways of --gateway"
	case c.known && c.ours:
		return say("GatewayClass %s is ours (%s)", c.name, c.controller)
	case c.known:
		return say("GatewayClass %s is not ours (%s)", c.name, c.controller)
	case c.ours:
		return say("GatewayClass %s is ours by name: the manifests do not hold it", c.name)
	}
	return say("GatewayClass %s is not ours by name, and the manifests do not hold it", c.name)
}

// rejected reports whether the class itself is not accepted, so that no Gateway of it is to be served.
func (c class) rejected() bool {
	spec, ok := c.object.Typed.(*gatewayv1.GatewayClass)
	return ok && classReason(spec) != ""
}

// decided returns the place that says whose a Gateway is.
func (c class) decided(gateway manifest.Object) diag.Pos {
	switch {
	case c.left:
		return gateway.At("metadata.name")
	case c.known:
		return c.object.At("spec.controllerName")
	}
	return gateway.At("spec.gatewayClassName")
}

// resolveClasses takes up the GatewayClasses of our controllers.
func (b *builder) resolveClasses() {
	for o, spec := range manifest.Of[gatewayv1.GatewayClass](b.set) {
		if !b.class(o.Ref.Name).ours {
			continue
		}
		c := &GatewayClass{Object: o, Spec: spec, Reason: classReason(spec)}
		b.reportFailed(o, b.classChecks(c))
		b.Classes = append(b.Classes, c)
	}
}

// classReason returns why a GatewayClass of ours is not accepted.
func classReason(c *gatewayv1.GatewayClass) string {
	if p := c.Spec.ParametersRef; p != nil && !kongParameters(p.Group, p.Kind) {
		return InvalidParameters
	}
	return ""
}

// kongParameters reports whether a parametersRef is to what Kong Operator deploys a Kong by. It says nothing of what that Kong is to
// serve, which is all that gwsync is for, so that it may be there. All other kinds are unsupported ones (GC ParametersRef).
func kongParameters(group gatewayv1.Group, kind gatewayv1.Kind) bool {
	return group == "gateway-operator.konghq.com" && kind == "GatewayConfiguration"
}

// parametersCheck tells whether a parametersRef may be there.
func parametersCheck(o manifest.Object, field string, group gatewayv1.Group, kind gatewayv1.Kind) Check {
	if kongParameters(group, kind) {
		return pass(checkParameters, o.At(field), "%s says how to deploy a Kong: gwsync does not read it", string(kind)).in(field)
	}
	return deny(checkParameters, InvalidParameters, o.At(field), "kind %s of group %q holds no parameters for gwsync, which takes none",
		string(kind), string(group)).in(field).fix("remove parametersRef")
}

// classChecks tells how a GatewayClass of ours fares.
func (c checker) classChecks(gc *GatewayClass) []Check {
	checks := []Check{pass(checkClass, gc.Object.At("spec.controllerName"), "%s", c.class(gc.Object.Ref.Name).String())}
	if p := gc.Spec.Spec.ParametersRef; p != nil {
		checks = append(checks, parametersCheck(gc.Object, "spec.parametersRef", p.Group, p.Kind))
	}
	return checks
}

// reportFailed reports those of an object's checks that did not pass.
func (b *builder) reportFailed(o manifest.Object, checks []Check) {
	for _, c := range checks {
		if !c.Passed {
			b.report(diag.Finding{
				Severity: diag.Error, Code: c.Reason, Object: o.Ref.Diag(), Pos: c.Pos, Field: c.field, Message: c.Detail, Hint: c.Fix,
			})
		}
	}
}
