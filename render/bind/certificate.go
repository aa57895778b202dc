package bind

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// certificateRef is a reference to a Secret with a certificate and its key, usable or not.
type certificateRef struct {
	from    source
	target  manifest.Ref
	field   string
	pos     diag.Pos
	grant   manifest.Ref
	object  manifest.Object // zero if the Secret is missing or must not be known
	reason  string          // "" if usable
	problem string          // what is wrong with a Secret that exists
}

// pair is a Secret's certificate and key, or what is wrong with them.
type pair struct {
	cert, key, problem string
	leaf               *x509.Certificate
}

// certificates resolves the certificateRefs of a listener that terminates TLS: those of others are to be ignored (GW ListenerTLSConfig). A
// listener without any gets one entry that says so, since it cannot serve.
func (b *builder) certificates(l *Listener) {
	if l.TLSMode() != gatewayv1.TLSModeTerminate {
		return
	}
	if l.Spec.TLS == nil || len(l.Spec.TLS.CertificateRefs) == 0 {
		field := l.field + ".tls.certificateRefs"
		l.refs = []certificateRef{{field: field, pos: l.Object.At(field), reason: InvalidCertificateRef}}
		return
	}
	for i, ref := range l.Spec.TLS.CertificateRefs {
		c := b.certificate(l.Object, l.field+".tls.certificateRefs["+strconv.Itoa(i)+"]", ref)
		l.refs = append(l.refs, c)
		if c.reason == "" {
			l.Certificates = append(l.Certificates, b.usable(c))
		}
	}
}

// certificate resolves a reference of an object to a Secret: kind, permission, existence, content, in this order (GW
// ListenerConditionResolvedRefs).
func (b *builder) certificate(o manifest.Object, field string, ref gatewayv1.SecretObjectReference) certificateRef {
	c := certificateRef{
		from: sourceOf(o), field: field, pos: o.At(field),
		target: manifest.Ref{
			Group: string(or(ref.Group, "")), Kind: string(or(ref.Kind, kindSecret)),
			Namespace: string(or(ref.Namespace, gatewayv1.Namespace(o.Ref.Namespace))), Name: string(ref.Name),
		},
	}
	if c.target.Group != "" || c.target.Kind != kindSecret {
		c.reason = InvalidCertificateRef
		return c
	}
	if c.target.Namespace != c.from.namespace {
		grant, ok := b.grants.allow(c.from, c.target)
		if !ok {
			c.reason = RefNotPermitted
			return c
		}
		c.grant = grant
	}
	object, _ := b.set.Get(c.target)
	secret, ok := object.Typed.(*corev1.Secret)
	if !ok {
		c.reason = InvalidCertificateRef
		return c
	}
	c.object = object
	if c.problem = b.pair(c.target, secret).problem; c.problem != "" {
		c.reason = InvalidCertificateRef
	}
	return c
}

// sourceOf is what a ReferenceGrant has to trust for an object's references. What a Gateway may refer to, its ListenerSets may not (LS
// ListenerSet).
func sourceOf(o manifest.Object) source {
	return source{o.Ref.Group, o.Ref.Kind, o.Ref.Namespace}
}

// usable returns what a usable reference is for.
func (b *builder) usable(c certificateRef) Certificate {
	p := b.pairs[c.target]
	return Certificate{Secret: c.object, Cert: p.cert, Key: p.key, Leaf: p.leaf, Pos: c.pos, Grant: c.grant}
}

// pair reads a TLS Secret, once.
func (b *builder) pair(ref manifest.Ref, s *corev1.Secret) pair {
	p, ok := b.pairs[ref]
	if !ok {
		p = readPair(s)
		b.pairs[ref] = p
	}
	return p
}

// ReadCertificate returns the certificate and key that a Secret of type kubernetes.io/tls holds, for those who refer to it without a
// [Listener]. The error says what is wrong with it, and nothing of what is in it.
func ReadCertificate(secret manifest.Object) (Certificate, error) {
	s, ok := secret.Typed.(*corev1.Secret)
	if !ok {
		return Certificate{}, fmt.Errorf("it is no %s", kindSecret)
	}
	p := readPair(s)
	if p.problem != "" {
		return Certificate{}, errors.New(p.problem)
	}
	return Certificate{Secret: secret, Cert: p.cert, Key: p.key, Leaf: p.leaf, Pos: secret.At("")}, nil
}

func readPair(s *corev1.Secret) pair {
	p := pair{cert: secretText(s, corev1.TLSCertKey), key: secretText(s, corev1.TLSPrivateKeyKey)}
	switch {
	case s.Type != corev1.SecretTypeTLS:
		p.problem = say("its type is %s, not %s", string(orOpaque(s.Type)), string(corev1.SecretTypeTLS))
	case p.cert == "":
		p.problem = "it has no " + corev1.TLSCertKey
	case p.key == "":
		p.problem = "it has no " + corev1.TLSPrivateKeyKey
	case isReference(p.cert):
		p.cert, p.key = trimReference(p.cert), trimReference(p.key)
	case isReference(p.key):
		p.key = trimReference(p.key)
		p.leaf, p.problem = readLeaf(p.cert)
	default:
		both, err := tls.X509KeyPair([]byte(p.cert), []byte(p.key))
		if err != nil {
			p.problem = say("its certificate and key cannot be used: %s", err.Error())
		}
		p.leaf = both.Leaf
	}
	return p
}

// readLeaf returns the first certificate of a PEM text whose key stays in a vault, or what is wrong with it.
func readLeaf(text string) (*x509.Certificate, string) {
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		leaf, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, say("its certificate cannot be used: %s", err.Error())
		}
		return leaf, ""
	}
	return nil, "its " + corev1.TLSCertKey + " holds no PEM certificate"
}

// isReference reports whether a value of a Secret only says in which of Kong's vaults the value is. Kong reads it there, so that it need
// not be among the manifests.
//
// Source: Kong 3.9.3, kong/pdk/vault.lua, is_reference.
func isReference(value string) bool {
	value = trimReference(value)
	return strings.HasPrefix(value, "{vault://") && strings.HasSuffix(value, "}") && len(value) > len("{vault://}")
}

// trimReference cuts off the line's end that a YAML block leaves behind a reference, which Kong would not take for one.
func trimReference(value string) string {
	if trimmed := strings.TrimSpace(value); strings.HasPrefix(trimmed, "{vault://") {
		return trimmed
	}
	return value
}

// secretText returns a value of a Secret. The API server lets stringData win over data.
func secretText(s *corev1.Secret, key string) string {
	if text, ok := s.StringData[key]; ok {
		return text
	}
	return string(s.Data[key])
}

func orOpaque(t corev1.SecretType) corev1.SecretType {
	if t == "" {
		return corev1.SecretTypeOpaque
	}
	return t
}

// or returns what p points to, or the default that the API server would have filled in.
func or[T any](p *T, missing T) T {
	if p == nil {
		return missing
	}
	return *p
}
