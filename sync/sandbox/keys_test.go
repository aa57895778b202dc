package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
)

// pemPair returns a new EC key in PEM: the private and the public half.
func pemPair(t *testing.T) (private, public string, key *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	half, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	private = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: whole}))
	return private, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: half})), key
}

// jwkOf returns a public key as a JSON Web Key.
func jwkOf(t *testing.T, key *ecdsa.PrivateKey, kid, more string) string {
	t.Helper()
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString
	return `{"kid":"` + kid + `","kty":"EC","crv":"P-256","x":"` + text(point[1:33]) + `","y":"` + text(point[33:]) + `"` + more + `}`
}

func TestKeys(t *testing.T) {
	t.Parallel()
	private, public, key := pemPair(t)
	_, other, _ := pemPair(t)
	k := New(Config{})
	must(t, k, "PUT /key-sets/set", `{"tags":["a"]}`)
	pair := func(private, public string) map[string]any {
		return map[string]any{"private_key": private, "public_key": public}
	}
	for _, c := range []struct {
		what    string
		body    map[string]any
		message string // "" if it is accepted
	}{
		{"a pair", map[string]any{"name": "a", "kid": "1", "pem": pair(private, public), "set": map[string]any{"name": "set"}}, ""},
		{"a key of a set with the same kid", map[string]any{"kid": "1", "pem": pair(private, public), "set": map[string]any{"name": "set"}},
			"UNIQUE violation"},
		{"the same kid outside the set", map[string]any{"name": "b", "kid": "1", "jwk": jwkOf(t, key, "1", "")}, ""},
		{"halves of two keys", map[string]any{"kid": "2", "pem": pair(private, other)},
			"schema violation (pem: public key does not match private key)"},
		{"a public key that is none", map[string]any{"kid": "2", "pem": pair(private, "x")}, "schema violation (pem: could not load public key)"},
		{"a private key that is public", map[string]any{"kid": "2", "pem": pair(public, public)},
			"schema violation (pem: could not load private key)"},
		{"no key", map[string]any{"kid": "2"}, "schema violation (at least one of these fields must be non-empty: 'jwk', 'pem')"},
		{"a key without a kid", map[string]any{"jwk": "{}"}, "schema violation (kid: required field missing)"},
		{"text", map[string]any{"kid": "2", "jwk": "x"}, "schema violation (could not json decode jwk string)"},
		{"another kid", map[string]any{"kid": "2", "jwk": jwkOf(t, key, "1", "")}, "schema violation (kid in jwk.kid must be equal to keys.kid)"},
		{"no point of the curve", map[string]any{"kid": "2", "jwk": strings.Replace(jwkOf(t, key, "2", ""), `"x":"`, `"x":"AAAA`, 1)},
			"schema violation (could not load JWK, likely not a valid key)"},
		{"a secret", map[string]any{"kid": "2", "jwk": `{"kid":"2","kty":"oct","k":"AAAA"}`},
			"schema violation (could not load JWK, likely not a valid key)"},
		{"an unknown member", map[string]any{"kid": "2", "jwk": jwkOf(t, key, "2", `,"ext":"x"`)},
			"schema violation (schema violation (ext: unknown field))"},
		{"a reference", map[string]any{"name": "c", "kid": "2", "jwk": "{vault://env/key}"}, ""},
	} {
		a := ask(t, k, "POST /keys", string(encode(c.body)))
		message, _ := a.body["message"].(string)
		if accepted := a.status == 201; accepted != (c.message == "") || !strings.HasPrefix(message, c.message) {
			t.Errorf("%s: %d %s, want %q", c.what, a.status, message, c.message)
		}
	}
	if got := names(must(t, k, "GET /key-sets/set/keys", ""), "name"); !slices.Equal(got, []string{"a"}) {
		t.Errorf("keys of the set: %v", got)
	}
	if a := must(t, k, "GET /keys/a/set", ""); a.body["name"] != "set" {
		t.Errorf("set of the key: %v", a.body)
	}
	must(t, k, "DELETE /key-sets/set", "")
	if a := ask(t, k, "GET /keys/a", ""); a.status != 404 {
		t.Errorf("a key after its set: %d, want 404", a.status)
	}
}

func TestVaults(t *testing.T) {
	t.Parallel()
	k := New(Config{})
	a := must(t, k, "PUT /vaults/mine", `{"name":"env","config":{"prefix":"SECRET_"}}`)
	if config, _ := a.body["config"].(map[string]any); config["prefix"] != "SECRET_" || a.body["prefix"] != "mine" {
		t.Errorf("vault is %v", a.body)
	}
	for body, want := range map[string]string{
		`{"name":"aws","prefix":"v"}`:                           "schema violation (name: vault 'aws' is not installed)",
		`{"name":"env","prefix":"env"}`:                         "schema violation (prefix: must not be one of: env)",
		`{"name":"env","prefix":"9"}`:                           "schema violation (prefix: invalid value: 9)",
		`{"name":"env","prefix":"vv","config":{"prefix":"-!"}}`: "schema violation (config.prefix: invalid value: -!)",
		`{"name":"env","prefix":"mine"}`:                        `UNIQUE violation detected on '{prefix="mine"}'`,
	} {
		if got := ask(t, k, "POST /vaults", body).body["message"]; got != want {
			t.Errorf("%s: %v, want %s", body, got, want)
		}
	}
	must(t, k, "GET /schemas/vaults/env", "")
	if got := ask(t, k, "GET /schemas/vaults/aws", "").body["message"]; got != "No vault named 'aws'" {
		t.Errorf("the schema of a vault that is not installed: %v", got)
	}
}

func TestDeclareKeysAndVaults(t *testing.T) {
	t.Parallel()
	private, public, _ := pemPair(t)
	k := New(Config{DBLess: true})
	must(t, k, "POST /config", string(encode(map[string]any{
		"_format_version": "3.0",
		"vaults":          []any{map[string]any{"name": "env", "prefix": "mine"}},
		"key_sets": []any{map[string]any{"name": "set", "keys": []any{
			map[string]any{"name": "key", "kid": "1", "pem": map[string]any{"private_key": private, "public_key": public}},
		}}},
	})))
	if a := must(t, k, "GET /keys/key/set", ""); a.body["name"] != "set" {
		t.Errorf("set of the key: %v", a.body)
	}
	must(t, k, "GET /vaults/mine", "")
	filters := `{"_format_version":"3.0","services":[{"name":"s","host":"h","filter_chains":[{"filters":[{"name":"f"}]}]}]}`
	if got := ask(t, k, "POST /config", filters).body["message"]; !strings.Contains(got.(string), "wasm support is not enabled") {
		t.Errorf("a filter chain: %v", got)
	}
}
