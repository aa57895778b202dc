package kong_test

import (
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// TestSecretTag holds entities to their tags: what they name is secret, all below it, and nothing else.
func TestSecretTag(t *testing.T) {
	for _, c := range []struct {
		tagged, path []string
		secret       bool
	}{
		{[]string{"config"}, []string{"config", "minute"}, true},
		{[]string{"config"}, []string{"name"}, false},
		{[]string{"config", "redis", "password"}, []string{"config", "redis", "password"}, true},
		{[]string{"config", "redis", "password"}, []string{"config", "redis"}, false},
		{[]string{"config", "redis", "password"}, []string{"config", "redis", "port"}, false},
		{[]string{"config", "add"}, []string{"config", "add", "headers", "0"}, true},
		{[]string{"config", "add"}, []string{"config", "address"}, false},
		{[]string{"config", "a.b"}, []string{"config", "a.b"}, true},
		{[]string{"config", "a/b", "c"}, []string{"config", "other"}, true}, // no tag can name it: all around it is secret
		{[]string{"config", "ü"}, []string{"config", "ü"}, true},
	} {
		e, err := kong.New(kong.Plugins, "8c6a3ee1-1b1f-4a3c-9a5f-6c2e2c2a7a11", map[string]any{
			"name": "x", "config": map[string]any{}, "tags": []string{"other", kong.SecretTag(c.tagged...)},
		}, kong.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		if got := (kong.Schemas{}).Secret(e, c.path...); got != c.secret {
			t.Errorf("%q tagged, %q: %v", c.tagged, c.path, got)
		}
	}
}
