package render

import (
	"fmt"
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/lua"
)

// guards reports whether the clients of a listener must present a certificate that is valid. Those of the mode AllowInsecureFallback need
// not (GW FrontendTLSValidation).
func guards(l *bind.Listener) bool {
	return l.Clients != nil && l.Clients.Mode != gatewayv1.AllowInsecureFallback
}

// staysShut reports whether a listener serves nothing, since its clients must present certificates and Kong must not ask for any, see
// [Target.RequestClientCertificates].
func (t *translator) staysShut(l *bind.Listener) bool {
	return guards(l) && !t.target.RequestClientCertificates
}

// clients reports the listeners that stay shut rather than open to all, and has Kong ask for certificates where listeners want them.
func (t *translator) clients(g *bind.Graph) {
	const frontend = "spec.tls.frontend"
	var asks *bind.Gateway
	for _, gw := range g.Gateways {
		listeners := gw.AllListeners()
		if i := slices.IndexFunc(listeners, t.staysShut); i >= 0 {
			f := unsupported(gw.Object, frontend,
				fmt.Sprintf("clients of listener %s must present certificates, for which Kong asks either all of its "+
					"TLS clients or none: it stays shut rather than open to all", listeners[i].Name()))
			f.Hint = "have Kong ask all clients by --request-client-certificates, or remove the validation"
			t.report(f)
		}
		validates := func(l *bind.Listener) bool { return l.Clients != nil && l.Programmed }
		if asks == nil && slices.ContainsFunc(listeners, validates) {
			asks = gw
		}
	}
	if asks == nil || !t.target.RequestClientCertificates || t.target.Declarative {
		return // without Lua the rules of these listeners answer 500
	}
	p := luaPlugin(preFunction, "certificate", lua.RequestClientCertificate())
	p.object, p.field, p.pos = asks.Object, frontend, asks.Object.At(frontend)
	t.everywhere = append(t.everywhere, p)
}

// guard returns the plugin that keeps a rule's clients out unless their certificate is valid, for the listeners that want it. A Kong route
// cannot tell them from other HTTPS listeners: if it has both, all of its clients are kept out that the first of those would keep out, or
// all whatever they present.
func (t *translator) guard(r *rule) []*plugin {
	var guarded, other *bind.Listener
	plain := false
	for _, b := range r.bindings {
		switch l := b.Listener; {
		case l.Spec.Protocol != gatewayv1.HTTPSProtocolType:
			plain = true
		case guards(l) && guarded == nil:
			guarded = l
		case other == nil && (guarded == nil || !guards(l) || !sameAuthorities(l, guarded)):
			other = l
		}
	}
	if guarded == nil {
		return nil
	}
	if other != nil && !sameAuthorities(other, guarded) && r.first {
		f := unsupported(r.bound.Object, "spec.parentRefs",
			fmt.Sprintf("listeners %s and %s verify their clients in two ways, which one Kong route cannot tell apart",
				guarded.Name(), other.Name()))
		f.Hint, f.Related = "attach a route of its own to each", []diag.Pos{guarded.Pos, other.Pos}
		t.report(f)
	}
	if other != nil && guards(other) && !sameAuthorities(other, guarded) {
		return []*plugin{internalError("invalid client certificates")}
	}
	p := luaPlugin(preFunction, "access", lua.VerifyClientCertificate(pems(guarded.ClientCAs), plain))
	const frontend = "spec.tls.frontend"
	p.guard = true
	p.object, p.field, p.pos = guarded.Gateway.Object, frontend, guarded.Gateway.Object.At(frontend)
	return []*plugin{p}
}

func sameAuthorities(a, b *bind.Listener) bool {
	return guards(a) == guards(b) && slices.Equal(pems(a.ClientCAs), pems(b.ClientCAs))
}
