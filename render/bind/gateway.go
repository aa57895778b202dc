package bind

import (
	"slices"
	"strconv"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// class is what is known of a Gateway's class.
type class struct {
	name       string
	object     manifest.Object // zero if the manifests do not hold it
	controller string
	known      bool
	ours       bool
}

// class looks a GatewayClass up. Whose it is, its controllerName says; without the object, its name.
func (g *Graph) class(name string) class {
	object, _ := g.set.Get(manifest.Ref{Group: gatewayGroup, Kind: "GatewayClass", Name: name})
	spec, ok := object.Typed.(*gatewayv1.GatewayClass)
	if !ok {
		return class{name: name, ours: name == g.options.ClassName}
	}
	controller := string(spec.Spec.ControllerName)
	ours := slices.Contains(g.options.Controllers, controller)
	return class{name: name, object: object, controller: controller, known: true, ours: ours}
}

// String says whose the class is, and why.
func (c class) String() string {
	switch {
	case c.known && c.ours:
		return say("GatewayClass %s is ours (%s)", c.name, c.controller)
	case c.known:
		return say("GatewayClass %s is not ours (%s)", c.name, c.controller)
	case c.ours:
		return say("GatewayClass %s is ours by name: the manifests do not hold it", c.name)
	}
	return say("GatewayClass %s is not ours by name, and the manifests do not hold it", c.name)
}

// gateway takes up a Gateway if it is ours.
func (b *builder) gateway(o manifest.Object, spec *gatewayv1.Gateway) {
	if c := b.class(string(spec.Spec.GatewayClassName)); !c.ours {
		b.reportForeign(o, c)
		return
	}
	gw := &Gateway{Object: o, Spec: spec}
	for i := range spec.Spec.Listeners {
		gw.Listeners = append(gw.Listeners, b.listener(gw, i))
	}
	markConflicts(gw.Listeners)
	for _, l := range gw.Listeners {
		l.Programmed = l.Rejected == "" && !slices.ContainsFunc(l.refs, func(c certificateRef) bool { return c.reason != "" })
		b.reportListener(l)
	}
	b.Gateways = append(b.Gateways, gw)
	b.gateways[o.Ref] = gw
}

func (b *builder) listener(gw *Gateway, i int) *Listener {
	spec := &gw.Spec.Spec.Listeners[i]
	l := &Listener{Gateway: gw, Object: gw.Object, Index: i, Spec: spec, field: "spec.listeners[" + strconv.Itoa(i) + "]"}
	l.Pos = gw.Object.At(l.field)
	if spec.Hostname != nil {
		l.Hostname = strings.ToLower(string(*spec.Hostname))
	}
	if protocolOf(spec.Protocol).family == "" {
		l.Rejected = UnsupportedProtocol
	}
	l.Clients = frontendValidation(l)
	l.kinds, l.Kinds = routeKinds(spec)
	l.selector = compileSelector(spec)
	if l.Rejected == "" {
		b.certificates(l)
	}
	l.Unresolved = unresolved(l)
	return l
}

// unresolved returns the first reason why a listener's references do not all resolve.
func unresolved(l *Listener) string {
	for _, k := range l.kinds {
		if !k.valid {
			return InvalidRouteKinds
		}
	}
	for _, c := range l.refs {
		if c.reason != "" {
			return c.reason
		}
	}
	return ""
}

// protocol is what is known of a listener's protocol.
type protocol struct {
	// family is what can share a port; "" for a protocol that the Gateway API does not define.
	family string
	// kinds are the kinds of routes that it carries (GW Listeners).
	kinds []string
}

func protocolOf(p gatewayv1.ProtocolType) protocol {
	switch p {
	case gatewayv1.HTTPProtocolType:
		return protocol{"HTTP", []string{kindHTTPRoute, kindGRPCRoute}}
	case gatewayv1.HTTPSProtocolType:
		return protocol{"TLS", []string{kindHTTPRoute, kindGRPCRoute}}
	case gatewayv1.TLSProtocolType:
		return protocol{"TLS", []string{kindTLSRoute}}
	case gatewayv1.TCPProtocolType:
		return protocol{"TCP", []string{kindTCPRoute}}
	case gatewayv1.UDPProtocolType:
		return protocol{"UDP", []string{kindUDPRoute}}
	}
	return protocol{}
}

// frontendValidation returns how a listener's clients have to identify themselves, or nil if they need not
// (GW FrontendTLSConfig).
func frontendValidation(l *Listener) *gatewayv1.FrontendTLSValidation {
	tls := l.Gateway.Spec.Spec.TLS
	if tls == nil || tls.Frontend == nil || l.Spec.Protocol != gatewayv1.HTTPSProtocolType {
		return nil
	}
	for _, p := range tls.Frontend.PerPort {
		if p.Port == l.Spec.Port {
			return p.TLS.Validation
		}
	}
	return tls.Frontend.Default.Validation
}

func (b *builder) reportForeign(o manifest.Object, c class) {
	f := diag.Finding{
		Severity: diag.Info, Code: ForeignGateway, Object: o.Ref.Diag(),
		Pos: o.At("spec.gatewayClassName"), Field: "spec.gatewayClassName",
		Message: c.String(),
		Hint:    say("give --gateway-class %s if it is ours", c.name),
	}
	switch near := b.guess.nearest(c.name, []string{b.options.ClassName}); {
	case c.known:
		f.Hint = say("give --controller-name %s if it is ours", c.controller)
		f.Related = []diag.Pos{c.object.At("spec.controllerName")}
	case len(near) > 0:
		f.Severity, f.Code = diag.Warning, UnknownGatewayClass
		f.Hint = say("did you mean gatewayClassName: %s", near[0])
	}
	b.report(f)
}

func (b *builder) reportListener(l *Listener) {
	for _, c := range b.listenerChecks(l) {
		if c.Passed {
			continue
		}
		f := diag.Finding{
			Severity: diag.Error, Code: c.Reason, Object: l.Object.Ref.Diag(),
			Pos: c.Pos, Field: c.field, Message: say("listener %s: ", l.Name()) + c.Detail, Hint: c.Fix,
		}
		if c.Name == checkConflict {
			for _, other := range l.conflicts {
				f.Related = append(f.Related, other.Pos)
			}
		}
		b.report(f)
	}
}
