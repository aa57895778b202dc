package bind

import (
	"slices"
	"strconv"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// validation is how the clients of some listeners of a Gateway have to identify themselves: an entry of spec.tls.frontend.
type validation struct {
	field string
	// spec is nil where they need not.
	spec *gatewayv1.FrontendTLSValidation
	refs []caRef
	cas  []CACertificate
	// listeners are those that it is for.
	listeners []*Listener
}

// clientAuthorities resolves whom the listeners of a Gateway trust to identify their clients. The first validation is the default one.
func (b *builder) clientAuthorities(gw *Gateway) {
	tls := gw.Spec.Spec.TLS
	if tls == nil || tls.Frontend == nil {
		return
	}
	gw.validations = []*validation{b.validation(gw, "spec.tls.frontend.default", tls.Frontend.Default)}
	for i, p := range tls.Frontend.PerPort {
		gw.validations = append(gw.validations, b.validation(gw, "spec.tls.frontend.perPort["+strconv.Itoa(i)+"].tls", p.TLS))
	}
}

func (b *builder) validation(gw *Gateway, field string, config gatewayv1.TLSConfig) *validation {
	v := &validation{field: field + ".validation", spec: config.Validation}
	if v.spec == nil {
		return v
	}
	for i, ref := range v.spec.CACertificateRefs {
		v.refs = append(v.refs, b.caCertificate(sourceOf(gw.Object), gw.Object, v.field+".caCertificateRefs["+strconv.Itoa(i)+"]", manifest.Ref{
			Group: string(ref.Group), Kind: string(ref.Kind),
			Namespace: string(or(ref.Namespace, gatewayv1.Namespace(gw.Object.Ref.Namespace))), Name: string(ref.Name),
		}))
	}
	v.cas = caCertificates(v.refs)
	return v
}

// validationFor returns the validation for a listener, nil if its clients need not identify themselves: that of its port, else the default
// one (GW FrontendTLSConfig). It is for HTTPS alone, and for listeners of ListenerSets as well: they become the Gateway's.
func (g *Gateway) validationFor(l *Listener) *validation {
	if len(g.validations) == 0 || l.Spec.Protocol != gatewayv1.HTTPSProtocolType {
		return nil
	}
	v := g.validations[0]
	for i, p := range g.Spec.Spec.TLS.Frontend.PerPort {
		if p.Port == l.Spec.Port {
			v = g.validations[i+1]
		}
	}
	if v.spec == nil {
		return nil
	}
	return v
}

// requireClients gives a listener the validation of its clients. It is not accepted if there is nobody to trust (GW FrontendTLSValidation).
func requireClients(l *Listener) {
	v := l.Gateway.validationFor(l)
	if v == nil {
		return
	}
	v.listeners = append(v.listeners, l)
	l.Clients, l.cas, l.ClientCAs = v.spec, v.refs, v.cas
	if len(v.cas) == 0 && l.Rejected == "" {
		l.Rejected = NoValidCACertificate
	}
	l.Unresolved = l.unresolved()
}

// InsecureClients reports whether listeners of the Gateway are to let clients in that do not identify themselves, or fail to (GW
// GatewayConditionInsecureFrontendValidationMode).
func (g *Gateway) InsecureClients() bool {
	return slices.ContainsFunc(g.validations, (*validation).insecure)
}

func (v *validation) insecure() bool {
	return v.spec != nil && v.spec.Mode == gatewayv1.AllowInsecureFallback
}

// clientCertificate resolves what Kong presents to the backends of a Gateway's routes (GW GatewayBackendTLS).
func (b *builder) clientCertificate(gw *Gateway) {
	tls := gw.Spec.Spec.TLS
	if tls == nil || tls.Backend == nil || tls.Backend.ClientCertificateRef == nil {
		return
	}
	c := b.certificate(gw.Object, "spec.tls.backend.clientCertificateRef", *tls.Backend.ClientCertificateRef)
	if c.reason == InvalidCertificateRef {
		c.reason = InvalidClientCertificateRef
	}
	gw.client, gw.ClientCertificateReason = &c, c.reason
	if c.reason == "" {
		usable := b.usable(c)
		gw.ClientCertificate = &usable
	}
}

// reportClients reports what is wrong with the validations that are used.
func (b *builder) reportClients(gw *Gateway) {
	for _, v := range gw.validations {
		if len(v.listeners) == 0 {
			continue
		}
		what, accepted := "listener", ""
		if len(v.listeners) > 1 {
			what = "listeners"
		}
		if len(v.cas) == 0 {
			accepted = "; there is nobody left to trust, so the " + what + " cannot be accepted"
		}
		whom := what + " " + some(listenerNames(v.listeners), 3)
		for i := range v.refs {
			if c := b.authorityCheck(&v.refs[i]); !c.Passed {
				b.report(diag.Finding{
					Severity: diag.Error, Code: c.Reason, Object: gw.Object.Ref.Diag(), Pos: c.Pos, Field: c.field,
					Message: "clients of " + whom + ": " + c.Detail + accepted, Hint: c.Fix,
				})
			}
		}
		if v.insecure() {
			field := v.field + ".mode"
			b.report(diag.Finding{
				Severity: diag.Warning, Code: InsecureFrontendValidationMode, Object: gw.Object.Ref.Diag(), Pos: gw.Object.At(field), Field: field,
				Message: whom + " lets clients in whatever certificate they present, or none",
				Hint:    "set mode: AllowValidOnly, unless the backends tell their clients apart themselves",
			})
		}
	}
}

func listenerNames(listeners []*Listener) []string {
	names := make([]string, len(listeners))
	for i, l := range listeners {
		names[i] = diag.Printable(l.Name())
	}
	return names
}

// authorityCheck tells how a reference to those that may vouch for clients fares.
func (c checker) authorityCheck(r *caRef) Check {
	check := c.caCheck(r)
	if !check.Passed {
		check.Reason = listenerReason(r)
	}
	return check
}

// listenerReason is the reason of a listener's condition ResolvedRefs for a reference to certificates of authorities.
func listenerReason(r *caRef) string {
	if r.reason == InvalidKind {
		return InvalidCACertificateKind
	}
	return r.reason
}

// clientChecks tells how the clients of a listener have to identify themselves.
func (c checker) clientChecks(l *Listener) []Check {
	var checks []Check
	for i := range l.cas {
		checks = append(checks, c.authorityCheck(&l.cas[i]))
	}
	return checks
}
