package render

import (
	"fmt"
	"slices"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// certificates renders the certificates of the listeners that terminate TLS, HTTPS and TLS alike: each Secret once, and an SNI for each
// server name that Kong has to find one by.
func (t *translator) certificates(g *bind.Graph) {
	var listeners []*bind.Listener
	for _, gateway := range g.Gateways {
		for _, l := range gateway.AllListeners() {
			if l.Programmed && len(l.Certificates) > 0 {
				listeners = append(listeners, l)
			}
		}
	}
	names := newServerNames(listeners)
	t.warnOfUnused(names, listeners)
	t.warnOfShared(listeners)
	owners := map[string]owner{}
	for _, claims := range [](func(*bind.Listener) []claim){names.own, names.further} {
		for _, l := range listeners {
			for _, c := range claims(l) {
				t.serverName(l, c, owners)
			}
		}
	}
}

// warnOfUnused reports the certificates of listeners with several that are for none of the listener's server names.
func (t *translator) warnOfUnused(names serverNames, listeners []*bind.Listener) {
	for _, l := range listeners {
		used := map[manifest.Ref]bool{}
		for _, c := range slices.Concat(names.own(l), names.further(l)) {
			for _, certificate := range c.certificates {
				used[certificate.Secret.Ref] = true
			}
		}
		for i, c := range l.Certificates {
			if used[c.Secret.Ref] {
				continue
			}
			field := fmt.Sprintf("spec.listeners[%d].tls.certificateRefs[%d]", l.Index, i)
			f := unsupported(l.Object, field, fmt.Sprintf("no client gets %s: it is for no server name of listener %s", c.Secret.Ref, l.Name()))
			f.Severity, f.Code = diag.Warning, UnusedCertificate
			f.Hint = "remove it, or give the Secret a certificate for the listener's hostname"
			t.report(f)
		}
	}
}

// owner is who has a server name.
type owner struct {
	certificate string
	listener    *bind.Listener
}

// serverName gives a server name its certificates, unless it has them by way of another listener.
func (t *translator) serverName(l *bind.Listener, c claim, owners map[string]owner) {
	field := fmt.Sprintf("spec.listeners[%d].tls.certificateRefs", l.Index)
	first, second, clash := pick(c.certificates)
	if clash != nil {
		f := unsupported(l.Object, field, fmt.Sprintf("%s and %s are both for server name %s, and Kong has one of each type of key for a name",
			first.Secret.Ref, clash.Secret.Ref, c.name))
		f.Code, f.Pos, f.Related = SNIConflict, clash.Pos, []diag.Pos{first.Pos}
		f.Hint = "keep one of the two, or let one have an RSA key and the other an ECDSA key"
		t.report(f)
	}
	certificate := t.pair(first, second)
	if o, ok := owners[c.name]; ok {
		if o.certificate != certificate {
			f := unsupported(l.Object, field, fmt.Sprintf("server name %s has the certificate of listener %s of %s already",
				c.name, o.listener.Name(), o.listener.Object.Ref))
			f.Code, f.Related = SNIConflict, []diag.Pos{o.listener.Pos}
			f.Hint = "give both listeners the same certificate: Kong has one for a server name, whatever the port"
			t.report(f)
		}
		return
	}
	owners[c.name] = owner{certificate, l}
	origin := &kong.Origin{Object: l.Object.Ref.Diag(), Field: fmt.Sprintf("spec.listeners[%d]", l.Index), Pos: l.Pos}
	t.add(kong.SNIs, kong.ID(kong.SNIs, c.name), map[string]any{"name": c.name, "certificate": certificate}, objectTags(l.Object.Ref), origin)
}

// pick returns the certificates that Kong presents for one name: the first, and one whose key is of another type, from which clients
// that know both choose. Clash is the next one of a type that is taken.
//
// Source: Kong 3.9.3, kong/db/schema/entities/certificates.lua (cert_alt).
func pick(all []bind.Certificate) (first bind.Certificate, second, clash *bind.Certificate) {
	first = all[0]
	for i, c := range all[1:] {
		switch {
		case c.Secret.Ref == first.Secret.Ref || second != nil && c.Secret.Ref == second.Secret.Ref:
		case second == nil && first.Leaf != nil && c.Leaf != nil && c.Leaf.PublicKeyAlgorithm != first.Leaf.PublicKeyAlgorithm:
			second = &all[i+1]
		case clash == nil:
			clash = &all[i+1]
		}
	}
	return first, second, clash
}

// certificate adds the Certificate of a Secret, unless it is there, and returns its id.
func (t *translator) certificate(c bind.Certificate) string { return t.pair(c, nil) }

// pair adds the Certificate of a Secret, or of two whose keys are of different types, unless it is there, and returns its id.
func (t *translator) pair(first bind.Certificate, second *bind.Certificate) string {
	fields := map[string]any{}
	ref := first.Secret.Ref
	name := ref.Namespace + "/" + ref.Name
	if second != nil {
		if second.Secret.Ref.Compare(ref) < 0 { // one pair, whichever a listener names first
			swapped := first
			first, second = *second, &swapped
		}
		ref = first.Secret.Ref
		name = ref.Namespace + "/" + ref.Name + "," + second.Secret.Ref.Namespace + "/" + second.Secret.Ref.Name
		fields["cert_alt"], fields["key_alt"] = second.Cert, second.Key
	}
	fields["cert"], fields["key"] = first.Cert, first.Key
	id := kong.ID(kong.Certificates, name)
	t.addOnce(kong.Certificates, id, fields, objectTags(ref), &kong.Origin{Object: ref.Diag(), Pos: first.Secret.At("")})
	return id
}
