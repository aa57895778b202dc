package sandbox

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

// TestSchemasSayTheDefaults posts entities and fills in the same by what /schemas answers: a client that reads the
// schemas knows what Kong adds.
func TestSchemasSayTheDefaults(t *testing.T) {
	t.Parallel()
	for _, f := range []kong.Flavor{kong.Expressions, kong.TraditionalCompatible} {
		k := New(Config{Flavor: f})
		var schemas kong.Schemas
		for _, e := range k.tables.Entities {
			a := must(t, k, "GET /schemas/"+e.Name, "")
			var err error
			if schemas, err = schemas.WithKind(kong.Kind(e.Name), encode(a.body)); err != nil {
				t.Fatalf("%s: %v", e.Name, err)
			}
		}
		for _, name := range k.tables.Entity("plugins").Subschemas() {
			a := must(t, k, "GET /schemas/plugins/"+name, "")
			var err error
			if schemas, err = schemas.WithPlugin(name, encode(a.body)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for kind, fields := range map[kong.Kind]map[string]any{
			kong.Services:  {"name": "s", "host": "h"},
			kong.Routes:    {"name": "r", "paths": []any{"/"}},
			kong.Upstreams: {"name": "u", "healthchecks": map[string]any{"active": map[string]any{"timeout": 3.0}}},
			kong.Consumers: {"username": "c"},
			kong.Plugins:   {"name": "rate-limiting", "config": map[string]any{"minute": 1.0, "redis": map[string]any{"port": 2.0}}},
		} {
			id := kong.ID(kind, "x")
			want, err := kong.New(kind, id, fields, kong.Origin{})
			if err != nil {
				t.Fatal(err)
			}
			if want, err = schemas.Fill(want); err != nil {
				t.Fatal(err)
			}
			must(t, k, "PUT /"+string(kind)+"/"+id, string(encode(fields)))
			s, _ := k.State()
			got, _ := s.Get(kong.Key{Kind: kind, ID: id})
			if diff := cmp.Diff(string(want.AppendJSON(nil)), string(got.AppendJSON(nil))); diff != "" {
				t.Errorf("%s %s (-schemas +Kong):\n%s", f, kind, diff)
			}
		}
	}
}

func TestFlavorsDiffer(t *testing.T) {
	t.Parallel()
	expression := `{"expression":"http.path == \"/\""}`
	if a := ask(t, New(Config{}), "POST /routes", expression); a.status != 400 {
		t.Errorf("an expression in traditional_compatible: %d", a.status)
	}
	must(t, New(Config{Flavor: kong.Expressions}), "POST /routes", expression)
	cluster := `{"name":"rate-limiting","config":{"minute":1,"policy":"cluster"}}`
	must(t, New(Config{}), "POST /schemas/plugins/validate", cluster)
	if a := ask(t, New(Config{DBLess: true}), "POST /schemas/plugins/validate", cluster); a.status != 400 {
		t.Errorf("rate limits of a cluster without a database: %d", a.status)
	}
}
