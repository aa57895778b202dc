package schema

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"slices"
	"strings"
)

// pemKeys checks the two halves of a key in PEM. What OpenSSL adds to the message about a private key is left out.
//
// Source: kong/db/schema/typedefs.lua, validate_pem_keys.
func pemKeys(_ *Env, m map[string]any) string {
	public, hasPublic := m["public_key"].(string)
	private, hasPrivate := m["private_key"].(string)
	if isReference(public) || isReference(private) {
		return ""
	}
	var half []byte
	if hasPublic {
		block, _ := pem.Decode([]byte(public))
		if block == nil {
			return "could not load public key"
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return "could not load public key"
		}
		half = marshalPublic(key)
	}
	if hasPrivate {
		block, _ := pem.Decode([]byte(private))
		whole := publicKey(private)
		if block == nil || whole == nil || !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return "could not load private key"
		}
		return unless(!hasPublic || bytes.Equal(half, whole), "public key does not match private key")
	}
	return ""
}

// jwkTexts and jwkLists are the members that a JSON Web Key may have. The lists are never written.
var (
	jwkTexts = strings.Fields("issuer kty use alg kid x5u x5t x5t#S256 k x y crv n e d p q dp dq qi oth r t")
	jwkLists = strings.Fields("key_ops x5c")
)

// jsonWebKey checks a key's jwk: text in JSON, of the same kid as the key, that makes an RSA, EC or Edwards key.
//
// Source: kong/db/schema/entities/keys.lua; resty.openssl.auxiliary.jwk.
func jsonWebKey(_ *Env, m map[string]any) string {
	text, ok := m["jwk"].(string)
	if !ok || isReference(text) {
		return ""
	}
	var jwk map[string]any
	if json.Unmarshal([]byte(text), &jwk) != nil {
		return "could not json decode jwk string"
	}
	if jwk["kid"] != m["kid"] {
		return "kid in jwk.kid must be equal to keys.kid"
	}
	if !loadable(jwk) {
		return "could not load JWK, likely not a valid key"
	}
	var errs []string
	for _, name := range slices.Sorted(maps.Keys(jwk)) {
		switch {
		case slices.Contains(jwkTexts, name):
			if s, ok := jwk[name].(string); !ok || s == "" {
				errs = append(errs, name+": expected a string")
			}
		case slices.Contains(jwkLists, name):
			if _, ok := asList(jwk[name]); !ok {
				errs = append(errs, name+": expected an array")
			}
		default:
			errs = append(errs, name+": unknown field")
		}
	}
	if errs == nil {
		return ""
	}
	return "schema violation (" + strings.Join(errs, "; ") + ")"
}

// loadable reports whether OpenSSL can make a key of a JSON Web Key.
func loadable(jwk map[string]any) bool {
	member := func(name string) []byte {
		s, _ := jwk[name].(string)
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
		if err != nil {
			return nil
		}
		return b
	}
	switch jwk["kty"] {
	case "RSA":
		return len(member("n")) > 0 && len(member("e")) > 0
	case "EC":
		curve, size := ecdh.P256(), 32
		switch jwk["crv"] {
		case "P-256":
		case "P-384":
			curve, size = ecdh.P384(), 48
		case "P-521":
			curve, size = ecdh.P521(), 66
		default:
			return false
		}
		x, y := member("x"), member("y")
		if len(x) > size || len(y) > size {
			return false
		}
		point := make([]byte, 1+2*size)
		point[0] = 4
		copy(point[1+size-len(x):], x)
		copy(point[1+2*size-len(y):], y)
		_, err := curve.NewPublicKey(point)
		return err == nil
	case "OKP":
		known := slices.Contains([]any{"Ed25519", "X25519"}, jwk["crv"])
		return known && (len(member("x")) == ed25519.PublicKeySize || len(member("d")) == ed25519.SeedSize)
	}
	return false
}

// noFilters refuses all filter chains, as a Kong without WebAssembly does.
//
// Source: kong/runloop/wasm.lua, status.
func noFilters(*Env, map[string]any) string { return "wasm support is not enabled" }
