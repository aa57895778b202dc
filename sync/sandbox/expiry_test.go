package sandbox

import (
	"testing"
	"time"
)

func TestExpiry(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	k := New(Config{Now: func() time.Time { return now }})
	must(t, k, "PUT /consumers/c", `{}`)
	if a := must(t, k, "POST /consumers/c/key-auth", `{"key":"long","ttl":60}`); a.body["ttl"] != 60.0 {
		t.Errorf("a key that expires: %v", a.body)
	}
	must(t, k, "POST /consumers/c/key-auth", `{"key":"short","ttl":5}`)
	must(t, k, "POST /consumers/c/key-auth", `{"key":"kept","ttl":5}`)
	must(t, k, "PATCH /key-auths/kept", `{"ttl":0}`)
	must(t, k, "POST /consumers/c/key-auth", `{"key":"ever"}`)
	must(t, k, "PATCH /key-auths/long", `{"tags":["a"]}`)
	_, before := k.State()
	now = now.Add(6 * time.Second)
	if s, after := k.State(); after == before || len(names(must(t, k, "GET /key-auths", ""), "key")) != 3 || s.Len() != 4 {
		t.Errorf("after six seconds there are %d entities in state %d, which was %d", s.Len(), after, before)
	}
	if a := ask(t, k, "GET /key-auths/short", ""); a.status != 404 {
		t.Errorf("a key that expired: %d, want 404", a.status)
	}
	if a := must(t, k, "GET /key-auths/long", ""); a.body["ttl"] != 54.0 {
		t.Errorf("a key with 54 seconds left: %v", a.body)
	}
	for _, key := range []string{"kept", "ever"} {
		if a := must(t, k, "GET /key-auths/"+key, ""); a.body["ttl"] != nil {
			t.Errorf("a key that does not expire: %v", a.body)
		}
	}
	a := ask(t, k, "POST /consumers/c/key-auth", `{"ttl":1.5}`)
	if a.body["message"] != "invalid option (ttl: must be an integer between 0 and 100000000)" {
		t.Errorf("half a second: %v", a.body)
	}
}

// TestDeclareExpiry declares when keys expire, which is a time, not how long they last.
func TestDeclareExpiry(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	k := New(Config{DBLess: true, Now: func() time.Time { return now }})
	must(t, k, "POST /config", `{"_format_version":"3.0","consumers":[{"username":"c","keyauth_credentials":[
		{"key":"gone","ttl":5},{"key":"there","ttl":1800000060}]}]}`)
	if a := must(t, k, "GET /key-auths", ""); len(names(a, "key")) != 1 || names(a, "key")[0] != "there" {
		t.Errorf("keys: %v", a.body)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	k := New(Config{})
	must(t, k, "PUT /consumers/c", `{}`)
	must(t, k, "POST /consumers/c/oauth2", `{"name":"app","client_id":"id"}`)
	must(t, k, "POST /oauth2/id/oauth2_tokens", `{"expires_in":5,"access_token":"t","ttl":60}`)
	if a := must(t, k, "GET /oauth2_tokens/t/credential", ""); a.body["client_id"] != "id" {
		t.Errorf("the credential of a token: %v", a.body)
	}
	must(t, k, "DELETE /consumers/c", "")
	if a := ask(t, k, "GET /oauth2_tokens/t", ""); a.status != 404 {
		t.Errorf("a token after its consumer: %d, want 404", a.status)
	}
	must(t, k, "PUT /sessions/s", `{"data":"x","expires":1}`)
	if a := must(t, k, "POST /acme_storage", `{"key":"k","value":"v"}`); a.body["value"] != "v" {
		t.Errorf("what ACME stores: %v", a.body)
	}
}
