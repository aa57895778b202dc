package proxy

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

// Windows are those of the clock: the minute that ends lets requests through again, the hour still counts.
func TestRateLimitWindows(t *testing.T) {
	now := time.Date(2026, 1, 31, 23, 59, 58, 0, time.UTC)
	state := stateOf(t, `{"_format_version":"3.0","services":[{"name":"s","host":"h","routes":[{"name":"r","paths":["/a"],
		"plugins":[{"name":"rate-limiting","config":{"minute":1,"year":3}}]}]}]}`)
	generation := uint64(1)
	p := New(func() (kong.State, uint64) { return state, generation }, kong.TraditionalCompatible,
		Options{Now: func() time.Time { return now }})
	ask := func() string {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("GET", "/a", nil))
		h := w.Header()
		return fmt.Sprintf("%d remaining %s minute %s year %s reset %s retry %s", w.Code, h.Get("RateLimit-Remaining"),
			h.Get("X-RateLimit-Remaining-Minute"), h.Get("X-RateLimit-Remaining-Year"), h.Get("RateLimit-Reset"), h.Get("Retry-After"))
	}
	var got []string
	got = append(got, ask(), ask())
	now = now.Add(2 * time.Second)
	generation++ // counters outlive the configuration
	got = append(got, ask())
	p.Trace(httptest.NewRequest("GET", "/a", nil)) // does not count
	now = now.Add(time.Minute)
	got = append(got, ask(), ask())
	now = now.Add(time.Minute)
	got = append(got, ask())
	want := []string{
		"200 remaining 0 minute 0 year 2 reset 2 retry ", "429 remaining 0 minute 0 year 2 reset 2 retry 2",
		"200 remaining 0 minute 0 year 1 reset 60 retry ", "200 remaining 0 minute 0 year 0 reset 28857540 retry ",
		"429 remaining 0 minute 0 year 0 reset 28857540 retry 28857540", "429 remaining 0 minute 1 year 0 reset 28857480 retry 28857480",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTokensOfPublicKeys(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edPublic, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for algorithm, key := range map[string]struct {
		public any
		sign   func(signed []byte) ([]byte, error)
	}{
		"RS256": {&rsaKey.PublicKey, func(b []byte) ([]byte, error) {
			sum := sha256.Sum256(b)
			return rsa.SignPKCS1v15(rand.Reader, rsaKey, crypto.SHA256, sum[:])
		}},
		"PS256": {&rsaKey.PublicKey, func(b []byte) ([]byte, error) {
			sum := sha256.Sum256(b)
			return rsa.SignPSS(rand.Reader, rsaKey, crypto.SHA256, sum[:], nil)
		}},
		"ES256": {&ecKey.PublicKey, func(b []byte) ([]byte, error) {
			sum := sha256.Sum256(b)
			r, s, err := ecdsa.Sign(rand.Reader, ecKey, sum[:])
			return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), err
		}},
		"EdDSA": {edPublic, func(b []byte) ([]byte, error) { return ed25519.Sign(edKey, b), nil }},
	} {
		t.Run(algorithm, func(t *testing.T) {
			der, err := x509.MarshalPKIXPublicKey(key.public)
			if err != nil {
				t.Fatal(err)
			}
			public, _ := json.Marshal(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
			state := stateOf(t, `{"_format_version":"3.0","services":[{"name":"s","host":"h","routes":[{"name":"r","paths":["/a"],
				"plugins":[{"name":"jwt"}]}]}],"consumers":[{"username":"alice","jwt_secrets":[{"key":"k","algorithm":"`+algorithm+
				`","rsa_public_key":`+string(public)+`}]}]}`)
			p := New(func() (kong.State, uint64) { return state, 1 }, kong.TraditionalCompatible, Options{})
			encode := base64.RawURLEncoding.EncodeToString
			signed := encode([]byte(`{"alg":"`+algorithm+`"}`)) + "." + encode([]byte(`{"iss":"k"}`))
			signature, err := key.sign([]byte(signed))
			if err != nil {
				t.Fatal(err)
			}
			ask := func(signature []byte) Trace {
				r := httptest.NewRequest("GET", "/a", nil)
				r.Header.Set("Authorization", "Bearer "+signed+"."+encode(signature))
				return p.Trace(r)
			}
			if got := ask(signature); len(got.Sent) != 1 || got.Sent[0].Header.Get("X-Consumer-Username") != "alice" {
				t.Errorf("a good token: got %d %s", got.Status, got.Body)
			}
			signature[7] ^= 1
			if got := ask(signature); got.Status != 401 || got.Sent != nil {
				t.Errorf("a bad token: got %d %s", got.Status, got.Body)
			}
		})
	}
}

// consumerConfig has a route with key-auth, and a plugin for whoever has the key k.
func consumerConfig(plugin string) string {
	return `{"_format_version":"3.0",
		"services":[{"name":"s","host":"h","routes":[{"name":"r","paths":["/a"],"plugins":[{"name":"key-auth"}]}]}],
		"consumers":[{"username":"alice","keyauth_credentials":[{"key":"k"}],"plugins":[` + plugin + `]},
		{"username":"bob","keyauth_credentials":[{"key":"l"}]}]}`
}

func TestPluginsOfConsumers(t *testing.T) {
	for plugin, want := range map[string]int{
		`{"name":"request-termination","config":{"status_code":418}}`:        418,
		`{"name":"bot-detection"}`:                                           501, // which runs before anybody is known in Kong: never
		`{"name":"response-transformer","config":{"remove":{"json":["x"]}}}`: 200,
	} {
		state := stateOf(t, consumerConfig(plugin))
		p := New(func() (kong.State, uint64) { return state, 1 }, kong.TraditionalCompatible, Options{})
		for key, want := range map[string]int{"k": want, "l": 200, "": 401} {
			r := httptest.NewRequest("GET", "/a", nil)
			if key != "" {
				r.Header.Set("apikey", key)
			}
			if got := p.Trace(r); got.Status != want {
				t.Errorf("%s, key %q: got %d %s, want %d", plugin, key, got.Status, got.Body, want)
			}
		}
	}
}

func TestStoredPasswords(t *testing.T) {
	for stored, want := range map[string]int{
		"pw": 200,
		"7106df0a0a1b3a8f4b4ac1b9d4c3c2a5c9b0d0e1": 401, // another one's hash
	} {
		state := stateOf(t, `{"_format_version":"3.0",
			"services":[{"name":"s","host":"h","routes":[{"name":"r","paths":["/a"],"plugins":[{"name":"basic-auth"}]}]}],
			"consumers":[{"username":"alice","basicauth_credentials":[{"username":"al","password":"`+stored+`"}]}]}`)
		p := New(func() (kong.State, uint64) { return state, 1 }, kong.TraditionalCompatible, Options{})
		r := httptest.NewRequest("GET", "/a", nil)
		r.SetBasicAuth("al", "pw")
		if got := p.Trace(r); got.Status != want {
			t.Errorf("%s: got %d, want %d", stored, got.Status, want)
		}
		r.SetBasicAuth("al", stored)
		if got := p.Trace(r); stored != "pw" && got.Status != 401 {
			t.Errorf("a hash is no password: got %d", got.Status)
		}
	}
}

// No configuration of a plugin, however odd, makes the proxy panic or let a request through that it cannot judge.
func FuzzPluginConfig(f *testing.F) {
	for _, s := range []string{
		`{"origins":["(","*"],"credentials":true,"max_age":1.5}`, `{"key_names":[""],"hide_credentials":true,"key_in_body":true}`,
		`{"allow":["10.0.0.0/8","::1"],"status":42}`, `{"second":0.5,"limit_by":"path"}`, `{"access":["x ="],"log":[""]}`,
		`{"uri_param_names":["x"],"claims_to_verify":["exp"],"maximum_expiration":-1}`, `{"replace":{"uri":"$(((","headers":["a"]}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, config string) {
		var v map[string]any
		if json.Unmarshal([]byte(config), &v) != nil {
			return
		}
		for _, k := range kinds() {
			p, err := kong.New(kong.Plugins, "b32379d9-3d28-5683-a79c-72139be6e34f", map[string]any{"name": k.name, "config": v}, kong.Origin{})
			if err != nil {
				return
			}
			r, err := kong.New(kong.Routes, "b32379d9-3d28-5683-a79c-72139be6e34e", map[string]any{"name": "r", "paths": []any{"/a"}}, kong.Origin{})
			if err != nil {
				t.Fatal(err)
			}
			state, err := kong.NewState(p, r)
			if err != nil {
				t.Fatal(err)
			}
			proxy := New(func() (kong.State, uint64) { return state, 1 }, kong.TraditionalCompatible, Options{})
			in := httptest.NewRequest("OPTIONS", "/a?x=1", nil)
			in.Header.Set("Origin", "http://x.com")
			in.Header.Set("Authorization", "Basic YTpi")
			proxy.Trace(in)
		}
	})
}
