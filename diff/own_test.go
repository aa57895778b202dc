package diff_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

func entityOf(t *testing.T, k kong.Kind, id string, fields map[string]any) kong.Entity {
	t.Helper()
	e, err := kong.New(k, id, fields, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAdoptionSelects(t *testing.T) {
	byHand := entityOf(t, kong.Services, "1", map[string]any{"name": "shop.cart", "tags": []string{"by-hand"}})
	others := entityOf(t, kong.Services, "2", map[string]any{"name": "shop.pay", "tags": diff.Tags("other")})
	for _, test := range []struct {
		names, tags    string
		byHand, others bool
	}{
		{"", "", false, false},
		{"services/shop.cart service/shop.pay", "", true, true},
		{"services/*", "", true, false},
		{"services/shop.*t", "", true, false},
		{"services/shop", "", false, false},
		{"routes/shop.cart", "", false, false},
		{"services/1 services/2", "", true, true},
		{"", "by-hand", true, false},
		{"", "managed-by:gwsync", false, false},
		{"", "gwsync:other", false, true},
	} {
		var a diff.Adoption
		for _, text := range strings.Fields(test.names) {
			p, err := diff.ParsePattern(text)
			if err != nil {
				t.Fatal(err)
			}
			a.Names = append(a.Names, p)
		}
		a.Tags = strings.Fields(test.tags)
		if got := a.Selects(byHand); got != test.byHand {
			t.Errorf("%v selects what is made by hand: %t", test, got)
		}
		if got := a.Selects(others); got != test.others {
			t.Errorf("%v selects what another instance owns: %t", test, got)
		}
	}
}

// TestIgnoredFields wants the live value in what would be written, and nothing else changed.
func TestIgnoredFields(t *testing.T) {
	mark := func(fields map[string]any) map[string]any {
		fields["tags"] = diff.Tags(instance)
		return fields
	}
	live, err := kong.NewState(entityOf(t, kong.Plugins, "1", mark(map[string]any{"name": "p", "enabled": true, "config": map[string]any{
		"limit": 7, "list": []any{map[string]any{"a": 1, "b": 1}, map[string]any{"a": 2, "b": 2}}, "map": map[string]any{"x/y": 1},
	}})))
	if err != nil {
		t.Fatal(err)
	}
	desired, err := kong.NewState(entityOf(t, kong.Plugins, "1", mark(map[string]any{"name": "p", "enabled": true, "config": map[string]any{
		"limit": 5, "unset": 1, "list": []any{map[string]any{"a": 9, "b": 1}, map[string]any{"a": 9, "b": 3}}, "map": map[string]any{"x/y": 9},
	}})))
	if err != nil {
		t.Fatal(err)
	}
	var rules []diff.Rule
	for _, text := range []string{"plugins/p/config/limit", "plugin/*/config/list/*/a",
		"plugins/p/config/map/x~1y", "plugins/p/config/unset"} {
		r, err := diff.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r)
	}
	p := computeWith(t, live, desired, diff.Options{Ignore: rules})
	var paths []string
	for _, c := range p.Changes() {
		for _, f := range c.Fields {
			paths = append(paths, f.Path)
		}
		config, _ := c.After.Field("config")
		want := map[string]any{"limit": int64(7), "map": map[string]any{"x/y": int64(1)},
			"list": []any{map[string]any{"a": int64(1), "b": int64(1)}, map[string]any{"a": int64(2), "b": int64(3)}}}
		if d := cmp.Diff(any(want), config); d != "" {
			t.Error("what is written, -want +got:\n" + d)
		}
	}
	if d := cmp.Diff([]string{"/config/list/1/b"}, paths); d != "" {
		t.Error("differences, -want +got:\n" + d)
	}
	if f := p.Findings(); len(f) > 0 {
		t.Error(f)
	}
}

// FuzzParseRule holds rules to being printed as they are read, and to protecting what must not be left alone.
func FuzzParseRule(f *testing.F) {
	for _, s := range []string{"plugins/*/config/limit", "services/a~1b/retries tag=x y", "upstreams/u/targets",
		"plugins/p/enabled", "a/b", "route/r/hosts/0", "plugins/p/config/*",
		"consumers/c/tags", "services/s/~1", "snis/*.example.com/name", "vaults/v/config/~0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := diff.ParseRule(text)
		if err != nil {
			return
		}
		again, err := diff.ParseRule(r.String())
		if err != nil || again != r {
			t.Errorf("%q is printed as %q, which is %v, %v", text, r, again, err)
		}
		field, _, _ := strings.Cut(strings.TrimPrefix(r.Field, "/"), "/")
		if field == "tags" || field == "id" || field == "*" || r.Kind == kong.Plugins && field != "config" {
			t.Errorf("%q is a rule", text)
		}
	})
}

// FuzzMasked has secrets wherever Kong has them, and wants none of their bytes in what may be shown.
func FuzzMasked(f *testing.F) {
	f.Add("a")
	f.Add("\n")
	f.Fuzz(func(t *testing.T, value string) {
		value = "SECRET" + strings.ToValidUTF8(value, "?")
		consumer := map[string]any{"id": "1"}
		for _, e := range []kong.Entity{
			entityOf(t, kong.Certificates, "2", map[string]any{"cert": "CERT", "key": value, "key_alt": value}),
			entityOf(t, kong.BasicAuthCredentials, "3", map[string]any{"username": "u", "password": value, "consumer": consumer}),
			entityOf(t, kong.KeyAuthCredentials, "5", map[string]any{"key": value, "consumer": consumer}),
			entityOf(t, kong.Vaults, "6", map[string]any{"prefix": "v", "config": map[string]any{"deep": map[string]any{"token": []any{value, 1}}}}),
			entityOf(t, kong.Plugins, "7", map[string]any{"name": "p", "tags": []string{kong.SecretTag("config", "x")},
				"config": map[string]any{"x": value, "y": "-----BEGIN PRIVATE KEY-----" + value}}),
		} {
			shown, n, err := diff.Masked(e, kong.Schemas{})
			if err != nil || n == 0 {
				t.Fatalf("%v: %d secrets, %v", e, n, err)
			}
			if text := string(shown.AppendJSON(nil)); strings.Contains(text, "SECRET") {
				t.Errorf("a secret in %s", text)
			}
		}
	})
}
