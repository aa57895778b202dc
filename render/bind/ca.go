package bind

import (
	"crypto/x509"
	"encoding/pem"

	corev1 "k8s.io/api/core/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// caRef is a reference to a bundle of certificates of authorities, usable or not.
type caRef struct {
	from    source
	target  manifest.Ref
	field   string
	pos     diag.Pos
	grant   manifest.Ref
	object  manifest.Object // zero if it is missing or must not be known
	pem     string
	reason  string // "" if usable, else InvalidKind, RefNotPermitted or InvalidCACertificateRef
	problem string // what is wrong with an object that exists
}

// bundle is the certificates in a ca.crt, or what is wrong with it.
type bundle struct{ pem, problem string }

// caCertificate resolves a reference of an object to a bundle of certificates: kind, permission, existence, content, in this order (GW
// FrontendTLSValidation, BTP BackendTLSPolicyValidation). From is what a ReferenceGrant has to trust where target is in another namespace.
// A listener calls the reason InvalidKind InvalidCACertificateKind.
func (b *builder) caCertificate(from source, o manifest.Object, field string, target manifest.Ref) caRef {
	c := caRef{from: from, target: target, field: field, pos: o.At(field)}
	if target.Group != "" || target.Kind != kindConfigMap && target.Kind != kindSecret {
		c.reason = InvalidKind
		return c
	}
	if target.Namespace != from.namespace {
		grant, ok := b.grants.allow(from, target)
		if !ok {
			c.reason = RefNotPermitted
			return c
		}
		c.grant = grant
	}
	object, ok := b.set.Get(target)
	if !ok {
		c.reason = InvalidCACertificateRef
		return c
	}
	found := b.bundle(object)
	c.object, c.pem, c.problem = object, found.pem, found.problem
	if c.problem != "" {
		c.reason = InvalidCACertificateRef
	}
	return c
}

// certificate returns what a usable reference is for.
func (c caRef) certificate() CACertificate {
	return CACertificate{Object: c.object, PEM: c.pem, Pos: c.pos, Grant: c.grant}
}

// caCertificates returns what the usable ones of the references are for.
func caCertificates(refs []caRef) []CACertificate {
	var out []CACertificate
	for _, c := range refs {
		if c.reason == "" {
			out = append(out, c.certificate())
		}
	}
	return out
}

// bundle reads the ca.crt of a ConfigMap or a Secret, once.
func (b *builder) bundle(o manifest.Object) bundle {
	found, ok := b.bundles[o.Ref]
	if ok {
		return found
	}
	switch t := o.Typed.(type) {
	case *corev1.ConfigMap:
		found = readBundle(t.Data[corev1.ServiceAccountRootCAKey])
	case *corev1.Secret:
		found = readBundle(secretText(t, corev1.ServiceAccountRootCAKey))
	}
	b.bundles[o.Ref] = found
	return found
}

// readBundle returns the certificates in a PEM text and nothing else that it holds: somebody may have put a key there.
func readBundle(text string) bundle {
	if text == "" {
		return bundle{problem: "it has no " + corev1.ServiceAccountRootCAKey}
	}
	var out []byte
	n := 0
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		n++
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return bundle{problem: say("certificate %d of its %s cannot be used: %s", n, corev1.ServiceAccountRootCAKey, err.Error())}
		}
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})...)
	}
	if n == 0 {
		return bundle{problem: "its " + corev1.ServiceAccountRootCAKey + " holds no PEM certificate"}
	}
	return bundle{pem: string(out)}
}

// caCheck tells how a reference to a bundle of certificates fares, and why. Whose reference it is, the caller says.
func (c checker) caCheck(r *caRef) Check {
	switch {
	case r.reason == "":
		grant := c.grantCheck(r.from, r.target, r.grant)
		return pass(checkCertificate, c.at(r.target, ""), "certificates of %s; %s", r.target, grant.Detail)
	case r.reason == RefNotPermitted:
		grant := c.grantCheck(r.from, r.target, r.grant)
		return deny(checkCertificate, r.reason, r.pos, "%s", grant.Detail).in(r.field).fix(grant.Fix)
	case r.reason == InvalidKind:
		return deny(checkCertificate, r.reason, r.pos,
			"kind %s of group %q holds no certificates of authorities: ConfigMaps and Secrets of the core group do",
			r.target.Kind, r.target.Group).in(r.field).fix("name a ConfigMap with a ca.crt, by group: \"\" and kind: ConfigMap")
	case r.problem != "":
		return deny(checkCertificate, r.reason, r.pos, "%s is not usable: %s", r.target, r.problem).in(r.field).
			fix(say("put the PEM certificates of the authorities into ca.crt of the %s%s", r.target.Kind, place(c.at(r.target, ""))))
	}
	return c.absent(checkCertificate, r.reason, r.pos, r.target, func() string { return c.otherBundles(r.target) }).in(r.field)
}

// otherBundles says which ConfigMap or Secret may have been meant.
func (c checker) otherBundles(missing manifest.Ref) string {
	if near := c.guess.nearest(missing.Name, c.names()[scope{kind: missing.Kind, namespace: missing.Namespace}]); len(near) > 0 {
		return say("did you mean %s?", either(near, 3))
	}
	return say("add the %s, with the PEM certificates of the authorities in ca.crt, to namespace %s", missing.Kind, missing.Namespace)
}
