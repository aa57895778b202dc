package render

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

const (
	// caLabel marks Secrets and ConfigMaps that hold a certificate of an authority, as the Ingress Controller reads them.
	caLabel = annotationPrefix + "ca-cert"
	// caIDKey is where they hold the id that the CACertificate is to have.
	caIDKey = "id"
)

// labelledCAs adds the certificates of authorities in Secrets and ConfigMaps with the label of the Ingress Controller, whether anything
// refers to them or not: plugins do by id.
func (t *translator) labelledCAs() {
	ids := map[string]manifest.Object{}
	var others []manifest.Object
	for o := range t.set.All() {
		switch kind := o.Ref.Kind; {
		case kind != "Secret" && kind != "ConfigMap" || o.Labels()[caLabel] != "true":
		case !t.ours(o):
			others = append(others, o)
		default:
			t.nameCAs(o, ids)
			if _, err := t.caCertificatesOf(o); err != nil {
				f := unsupported(o, "data", err.Error())
				f.Code = bind.InvalidCACertificateRef
				t.report(f)
			}
		}
	}
	for _, o := range others {
		t.nameCAs(o, ids)
	}
}

// nameCAs notes which ids the certificates of a labelled object have. Ids are the objects that say them.
func (t *translator) nameCAs(o manifest.Object, ids map[string]manifest.Object) {
	own, blocks, err := caBlocksOf(o, caText(o))
	if err != nil {
		return
	}
	for _, block := range blocks {
		digest := digestOf(block)
		if _, ok := t.authorities[digest]; ok {
			continue
		}
		t.authorities[digest] = authority{cmp.Or(own, kong.ID(kong.CACertificates, digest)), o.Ref.Diag()}
		if first, ok := ids[own]; ok && own != "" {
			t.report(collision(o, "data.id", fmt.Sprintf("its id is that of %s", first.Ref), first.At("data.id")))
		}
		ids[own] = o
	}
}

// caCertificatesOf adds the certificates of authorities that a Secret or a ConfigMap holds, under cert or ca.crt, and returns their ids.
func (t *translator) caCertificatesOf(o manifest.Object) ([]string, error) {
	text := caText(o)
	if text == "" {
		return nil, errors.New("it holds no certificate under cert or ca.crt")
	}
	return t.caCertificates(o, text)
}

func caText(o manifest.Object) string {
	return cmp.Or(datum(o, "cert"), datum(o, corev1.ServiceAccountRootCAKey))
}

// caCertificates adds the certificates of authorities in a PEM text that an object holds, and returns their ids in order. A certificate is
// there once, whoever refers to it: Kong has none twice. Its id is what a labelled object says it is, else it derives from the certificate.
//
// Source: Kong 3.9.3, kong/db/schema/entities/ca_certificates.lua.
func (t *translator) caCertificates(o manifest.Object, text string) ([]string, error) {
	own, blocks, err := caBlocksOf(o, text)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, block := range blocks {
		id, err := t.caCertificate(o, own, block)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// caCertificate adds one certificate, unless it is there, and returns its id.
func (t *translator) caCertificate(o manifest.Object, own string, block *pem.Block) (string, error) {
	digest := digestOf(block)
	named := t.authorities[digest]
	if own != "" && named.id != "" && own != named.id {
		return "", fmt.Errorf("it holds the certificate that %s holds under another id", named.object)
	}
	fields := map[string]any{"cert": string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})), "cert_digest": digest}
	id := cmp.Or(named.id, kong.ID(kong.CACertificates, digest))
	return t.addOnce(kong.CACertificates, id, fields, t.tagsOf(o), &kong.Origin{Object: o.Ref.Diag(), Pos: o.At("")}).ID, nil
}

func digestOf(block *pem.Block) string {
	sum := sha256.Sum256(block.Bytes)
	return hex.EncodeToString(sum[:])
}

// authority is the id of a CACertificate and the object that says it.
type authority struct {
	id     string
	object diag.Object
}

// caBlocksOf returns the certificates in a PEM text that an object holds, and the id that it says theirs is, "" for none.
func caBlocksOf(o manifest.Object, text string) (own string, blocks []*pem.Block, err error) {
	if blocks, err = caBlocks(text); err != nil {
		return "", nil, err
	}
	own = datum(o, caIDKey)
	switch {
	case own == "" || o.Labels()[caLabel] != "true":
		return "", blocks, nil
	case !kong.IsUUID(own):
		return "", nil, errors.New("its id is no UUID")
	case len(blocks) > 1:
		return "", nil, errors.New("it holds several certificates, of which its id can be that of one")
	}
	return own, blocks, nil
}

// caBlocks returns the certificates in a PEM text, all of which must be of authorities. Whether they are out of date is Kong's to say.
func caBlocks(text string) ([]*pem.Block, error) {
	var out []*pem.Block
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue // somebody may have put a key there
		}
		out = append(out, block)
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("its certificate %d cannot be used: %w", len(out), err)
		}
		if !c.IsCA {
			return nil, fmt.Errorf("its certificate %d is none of an authority: it lacks the basic constraint CA", len(out))
		}
	}
	if len(out) == 0 {
		return nil, errors.New("it holds no PEM certificate")
	}
	return out, nil
}

// clientCertificate adds the certificate and key of a Secret, which Kong is to show to backends, and returns its id.
func (t *translator) clientCertificate(secret manifest.Object) (string, error) {
	c, err := bind.ReadCertificate(secret)
	if err != nil {
		return "", err
	}
	return t.certificate(c), nil
}

// datum returns a value of a Secret or a ConfigMap; "" if there is none.
func datum(o manifest.Object, key string) string {
	switch v := o.Typed.(type) {
	case *corev1.Secret:
		return string(v.Data[key])
	case *corev1.ConfigMap:
		return v.Data[key]
	}
	return ""
}
