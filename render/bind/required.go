package bind

import (
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// Requirement is a Secret or ConfigMap that a Gateway, a listener or a policy asks for, usable or not.
type Requirement struct {
	// Target is what is named, with all defaults. Whether it exists is not to be asked if Reason is RefNotPermitted.
	Target manifest.Ref
	Pos    diag.Pos
	// Grant is the ReferenceGrant that allows an object of another namespace; else zero.
	Grant manifest.Ref
	// Reason is why it cannot be used; "" if it can.
	Reason string
}

// RequiredCertificates returns spec.tls.certificateRefs of a listener that terminates TLS, in order. The usable ones are
// [Listener.Certificates].
func (l *Listener) RequiredCertificates() []Requirement {
	var out []Requirement
	for _, c := range l.refs {
		if c.target != (manifest.Ref{}) {
			out = append(out, Requirement{c.target, c.pos, c.grant, c.reason})
		}
	}
	return out
}

// RequiredCAs returns the certificates of authorities that the listener's clients are to be verified with. The usable ones are
// [Listener.ClientCAs].
func (l *Listener) RequiredCAs() []Requirement {
	var out []Requirement
	for i := range l.cas {
		c := &l.cas[i]
		out = append(out, Requirement{c.target, c.pos, c.grant, listenerReason(c)})
	}
	return out
}

// RequiredCAs returns spec.validation.caCertificateRefs, in order. The usable ones are [BackendTLSPolicy.CACertificates].
func (p *BackendTLSPolicy) RequiredCAs() []Requirement {
	var out []Requirement
	for _, c := range p.refs {
		out = append(out, Requirement{c.target, c.pos, c.grant, c.reason})
	}
	return out
}

// RequiredCertificate returns spec.tls.backend.clientCertificateRef, if there is one. If it is usable, it is
// [Gateway.ClientCertificate].
func (g *Gateway) RequiredCertificate() (Requirement, bool) {
	if g.client == nil {
		return Requirement{}, false
	}
	return Requirement{g.client.target, g.client.pos, g.client.grant, g.client.reason}, true
}
