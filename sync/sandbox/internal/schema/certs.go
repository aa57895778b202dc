package schema

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"
)

// parseCertificate returns the first certificate of a PEM text.
func parseCertificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, fmt.Errorf("no PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// Digest returns the SHA-256 of a certificate in hexadecimal digits, or "" if the text holds none.
func Digest(text string) string {
	c, err := parseCertificate(text)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

func certificateError(text string) string {
	if _, err := parseCertificate(text); err == nil {
		return ""
	}
	reason := asn1Header(text)
	if strings.Contains(text, "-----BEGIN ") || reason == "" {
		reason = "error:688010A:asn1 encoding routines:asn1_d2i_ex_primitive:nested asn1 error:crypto/asn1/tasn_dec.c:"
	}
	return "invalid certificate: x509.new: " + reason
}

// asn1Header returns what OpenSSL 3.0 says about a text that it tries to read as DER: one that is too short even for
// the length that its first bytes announce.
func asn1Header(text string) string {
	switch {
	case len(text) < 2:
		return "error:680007B:asn1 encoding routines:ASN1_get_object:header too long:crypto/asn1/asn1_lib.c:105:"
	case int(text[1]) < 0x80 && len(text)-2 < int(text[1]):
		return "error:680008E:asn1 encoding routines:asn1_d2i_read_bio:not enough data:crypto/asn1/a_d2i_fp.c:218:"
	}
	return ""
}

func keyError(text string) string {
	if publicKey(text) != nil {
		return ""
	}
	if len(text) < 2 {
		return "invalid key: pkey.new:load_key: " + asn1Header(text)
	}
	return "invalid key: pkey.new:load_key: error:1E08010C:DECODER routines:OSSL_DECODER_from_bio:unsupported:" +
		"crypto/encode_decode/decoder_lib.c:103:"
}

// publicKey returns the public key, in DER, of a PEM text with a private or a public key; nil if it has none.
func publicKey(text string) []byte {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil
	}
	if key, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
		return marshalPublic(key)
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if signer, ok := key.(crypto.Signer); ok {
			return marshalPublic(signer.Public())
		}
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return marshalPublic(key.Public())
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return marshalPublic(key.Public())
	}
	return nil
}

func marshalPublic(key any) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil
	}
	return der
}

// keyMatches compares a certificate with its key. suffix ends the fields' names, what begins the message.
func keyMatches(m map[string]any, suffix, what string) string {
	cert, ok := m["cert"+suffix].(string)
	key, ok2 := m["key"+suffix].(string)
	if !ok || !ok2 {
		return ""
	}
	c, err := parseCertificate(cert)
	if err != nil {
		return ""
	}
	return unless(bytes.Equal(marshalPublic(c.PublicKey), publicKey(key)), what+" does not match key")
}

func keyTypesDiffer(_ *Env, m map[string]any) string {
	cert, _ := m["cert"].(string)
	alt, _ := m["cert_alt"].(string)
	a, err := parseCertificate(cert)
	b, err2 := parseCertificate(alt)
	if err != nil || err2 != nil {
		return ""
	}
	return unless(a.PublicKeyAlgorithm != b.PublicKeyAlgorithm, "certificate and alternative certificate need to have different type "+
		"(e.g. RSA and ECDSA), the provided certificates were both of the same type")
}

func caCertificate(env *Env, m map[string]any) string {
	text, _ := m["cert"].(string)
	if strings.Count(text, "-----BEGIN CERTIFICATE-----") > 1 {
		return "please submit only one certificate at a time"
	}
	c, err := parseCertificate(text)
	switch {
	case err != nil:
		return ""
	case c.NotAfter.Before(env.Now()):
		return `certificate expired, "Not After" time is in the past`
	case !c.IsCA:
		return `certificate does not appear to be a CA because it is missing the "CA" basic constraint`
	}
	return ""
}
