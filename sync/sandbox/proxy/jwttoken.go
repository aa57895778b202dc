package proxy

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// token is a JSON Web Token (RFC 7519).
type token struct {
	signed         string // what the signature is of
	algorithm      string
	header, claims map[string]any
	signature      []byte
}

// decodeBase64URL decodes base64url, with or without padding.
func decodeBase64URL(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}

// parseToken reads a token without verifying it.
//
// Source: Kong 3.9.3, kong/plugins/jwt/jwt_parser.lua.
func parseToken(s string) (*token, error) {
	parts := strings.SplitN(s, ".", 3)
	if len(parts) < 3 {
		return nil, errTokenJSON
	}
	t := &token{signed: parts[0] + "." + parts[1]}
	for i, into := range []*map[string]any{&t.header, &t.claims} {
		b, err := decodeBase64URL(parts[i])
		if err != nil {
			return nil, errTokenJSON
		}
		v, ok := decodeLuaJSON(b)
		if *into, _ = v.(map[string]any); !ok {
			return nil, errTokenJSON
		}
	}
	t.algorithm, _ = t.header["alg"].(string)
	if _, ok := hashOf(t.algorithm); !ok && t.algorithm != "EdDSA" {
		return nil, errTokenAlgorithm
	}
	var err error
	if t.signature, err = decodeBase64URL(parts[2]); err != nil {
		return nil, errTokenSignature
	}
	return t, nil
}

// claim returns a claim, or failing that a field of the header, as text.
func (t *token) claim(name string) (string, bool) {
	for _, from := range []map[string]any{t.claims, t.header} {
		switch v := from[name].(type) {
		case string:
			return v, true
		case float64:
			return luaNumber(v), true
		}
	}
	return "", false
}

// hashOf returns the hash of a signature algorithm other than EdDSA, and whether the algorithm is known.
func hashOf(algorithm string) (crypto.Hash, bool) {
	if len(algorithm) != 5 {
		return 0, false
	}
	switch algorithm[:2] {
	case "HS", "RS", "ES", "PS":
	default:
		return 0, false
	}
	switch algorithm[2:] {
	case "256":
		return crypto.SHA256, true
	case "384":
		return crypto.SHA384, true
	case "512":
		return crypto.SHA512, true
	}
	return 0, false
}

var errSignatureSize = errors.New("the signature has the wrong size")

// verify reports whether the signature is one by the secret, or by the private key of the public key in PEM. Errors are Kong's:
// where its code breaks off.
func (t *token) verify(secret []byte) (bool, error) {
	hash, _ := hashOf(t.algorithm)
	if strings.HasPrefix(t.algorithm, "HS") {
		mac := hmac.New(hash.New, secret)
		mac.Write([]byte(t.signed))
		return hmac.Equal(mac.Sum(nil), t.signature), nil
	}
	key, err := publicKey(secret)
	if err != nil {
		return false, err
	}
	if k, ok := key.(ed25519.PublicKey); ok {
		return t.algorithm == "EdDSA" && ed25519.Verify(k, []byte(t.signed), t.signature), nil
	}
	if t.algorithm == "EdDSA" {
		return false, nil
	}
	digest := hash.New()
	digest.Write([]byte(t.signed))
	sum := digest.Sum(nil)
	switch k := key.(type) {
	case *rsa.PublicKey:
		return t.verifyRSA(k, hash, sum)
	case *ecdsa.PublicKey:
		return t.verifyECDSA(k, sum)
	}
	return false, fmt.Errorf("a public key of type %T", key)
}

func (t *token) verifyRSA(k *rsa.PublicKey, hash crypto.Hash, sum []byte) (bool, error) {
	switch t.algorithm[:2] {
	case "RS":
		return rsa.VerifyPKCS1v15(k, hash, sum, t.signature) == nil, nil
	case "PS":
		if len(t.signature) != 256 {
			return false, errSignatureSize
		}
		return rsa.VerifyPSS(k, hash, sum, t.signature, nil) == nil, nil
	}
	return false, nil
}

func (t *token) verifyECDSA(k *ecdsa.PublicKey, sum []byte) (bool, error) {
	sizes := map[string]int{"ES256": 64, "ES384": 96, "ES512": 132}
	size, ok := sizes[t.algorithm]
	switch {
	case !ok:
		return false, nil
	case len(t.signature) != size:
		return false, errSignatureSize
	}
	r, s := new(big.Int).SetBytes(t.signature[:size/2]), new(big.Int).SetBytes(t.signature[size/2:])
	return ecdsa.Verify(k, sum, r, s), nil
}

var errPublicKey = errors.New("the consumer's public key is invalid")

func publicKey(text []byte) (any, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errPublicKey
	}
	if block.Type == "RSA PUBLIC KEY" {
		return x509.ParsePKCS1PublicKey(block.Bytes)
	}
	return x509.ParsePKIXPublicKey(block.Bytes)
}
