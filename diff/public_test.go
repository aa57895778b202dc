package diff_test

import (
	"strings"
	"testing"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// TestPublicHoldsNoSecret, and gives the entity back where the secrets are known: law 7 of what a journal keeps.
func TestPublicHoldsNoSecret(t *testing.T) {
	for kind, fields := range map[kong.Kind]map[string]any{
		kong.Certificates:       {"cert": "public", "key": "hunter2", "key_alt": "hunter2"},
		kong.KeyAuthCredentials: {"key": "hunter2", "ttl": 3},
		kong.Vaults:             {"prefix": "public", "config": map[string]any{"token": "hunter2"}},
		kong.Plugins: {"name": "public", "config": map[string]any{"a/b": map[string]any{"pem": "-----BEGIN PRIVATE KEY-----hunter2"},
			"list": []any{map[string]any{"pem": "-----BEGIN PRIVATE KEY-----hunter2"}}, "n": 1}},
	} {
		e, err := kong.New(kind, kong.ID(kind, "x"), fields, kong.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		public, omitted, err := diff.Public(kong.Schemas{}, e)
		if err != nil || len(omitted) == 0 {
			t.Fatalf("%s: %v, %v", kind, omitted, err)
		}
		if text := string(public.AppendJSON(nil)); strings.Contains(text, "hunter2") {
			t.Errorf("%s: %s", kind, text)
		}
		whole, complete, err := diff.Graft(public, e, omitted)
		if err != nil || !complete || !whole.Equal(e) {
			t.Errorf("%s: %s is not what it was: %v", kind, whole.AppendJSON(nil), err)
		}
		if _, complete, _ := diff.Graft(public, public, omitted); complete {
			t.Errorf("%s: secrets from nowhere", kind)
		}
	}
}
