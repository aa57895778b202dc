package kong_test

import (
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

const (
	pluginsSchema = `{"fields": [
		{"name": {"type": "string", "required": true}},
		{"enabled": {"type": "boolean", "default": true}},
		{"protocols": {"type": "set", "default": ["grpc", "http"], "elements": {"type": "string"}}},
		{"config": {"type": "record", "abstract": true}}]}`
	transformerSchema = `{"fields": [
		{"protocols": {"type": "set", "default": ["https", "http"], "elements": {"type": "string"}}},
		{"config": {"type": "record", "required": true, "fields": [
			{"token": {"type": "string", "encrypted": true}},
			{"made": {"type": "string", "auto": true}},
			{"with": {"type": "map", "values": {"type": "string", "referenceable": true}}},
			{"list": {"type": "set", "elements": {"type": "string"}}},
			{"optional": {"type": "record", "required": false, "fields": [{"x": {"type": "number", "default": 1}}]}},
			{"rules": {"type": "array", "elements": {"type": "record", "fields": [{"on": {"type": "boolean", "default": true}}]}}},
			{"add": {"type": "record", "required": true, "fields": [
				{"headers": {"type": "array", "default": [], "elements": {"type": "string"}}},
				{"uri": {"type": "string"}},
				{"made": {"type": "string", "auto": true}},
				{"key": {"type": "string", "encrypted": true}}]}}],
			"shorthand_fields": [
				{"add_uri": {"type": "string", "deprecation": {"message": "old", "replaced_with": [{"path": ["add", "uri"]}]}}},
				{"add_key": {"type": "string", "deprecation": {"replaced_with": [{"path": ["add", "key"]}]}}},
				{"old_uri": {"type": "string", "translate_backwards": ["add", "uri"]}},
				{"other": {"type": "string"}}]}}]}`
)

func schemas(t *testing.T) kong.Schemas {
	t.Helper()
	s, err := kong.Schemas{}.WithKind(kong.Plugins, []byte(pluginsSchema))
	if err != nil {
		t.Fatal(err)
	}
	if s, err = s.WithPlugin("transformer", []byte(transformerSchema)); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFillAddsWhatKongWouldAnswer(t *testing.T) {
	s := schemas(t)
	for _, c := range []struct {
		name   string
		fields map[string]any
		want   string
	}{
		{"nothing configured", map[string]any{"name": "transformer"},
			`{"id":"x","config":{"add":{"headers":[]}},"enabled":true,"name":"transformer","protocols":["http","https"]}`},
		{"given values stay", map[string]any{"name": "transformer", "enabled": false,
			"config": map[string]any{"optional": map[string]any{}, "rules": []any{map[string]any{}, map[string]any{"on": false}}}},
			`{"id":"x","config":{"add":{"headers":[]},"optional":{"x":1},"rules":[{"on":true},{"on":false}]},"enabled":false,` +
				`"name":"transformer","protocols":["http","https"]}`},
		{"the field of a deprecated shorthand", map[string]any{"name": "transformer", "config": map[string]any{"add_uri": "/a", "other": "b"}},
			`{"id":"x","config":{"add":{"headers":[],"uri":"/a"},"other":"b"},"enabled":true,"name":"transformer","protocols":["http","https"]}`},
		{"what the field itself says", map[string]any{"name": "transformer",
			"config": map[string]any{"add_uri": "/a", "add": map[string]any{"uri": "/b"}, "add_key": nil}},
			`{"id":"x","config":{"add":{"headers":[],"uri":"/b"}},"enabled":true,"name":"transformer","protocols":["http","https"]}`},
		{"a plugin without a schema", map[string]any{"name": "other", "config": map[string]any{"a": 1}},
			`{"id":"x","config":{"a":1},"enabled":true,"name":"other","protocols":["grpc","http"]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := kong.New(kong.Plugins, "x", c.fields, kong.Origin{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Fill(e)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.AppendJSON(nil)) != c.want {
				t.Errorf("got  %s\nwant %s", got.AppendJSON(nil), c.want)
			}
			again, err := s.Fill(got)
			if err != nil || !again.Equal(got) {
				t.Errorf("filling twice changes it: %s, %v", again.AppendJSON(nil), err)
			}
		})
	}
}

// What a Kong answers is the same as what it was given if only the order in sets, defaults and shorthands differ. A default that is gone
// is a difference.
func TestComparer(t *testing.T) {
	s := schemas(t)
	same := s.Comparer()
	for _, c := range []struct {
		name, live, given string
		want              bool
	}{
		{"defaults", `{"name":"transformer","enabled":true,"protocols":["http","https"],"config":{"add":{"headers":[]}}}`,
			`{"name":"transformer"}`, true},
		{"order in a set", `{"name":"transformer","enabled":true,"protocols":["https","http"],"config":{"add":{"headers":[]},"list":["b","a"]}}`,
			`{"name":"transformer","config":{"list":["a","b","a"]}}`, true},
		{"order in an array", `{"name":"transformer","enabled":true,"protocols":["http","https"],"config":{"add":{"headers":["b","a"]}}}`,
			`{"name":"transformer","config":{"add":{"headers":["a","b"]}}}`, false},
		{"a shorthand beside its field", `{"name":"transformer","enabled":true,"protocols":["http","https"],
			"config":{"add":{"headers":[],"uri":"/a"},"add_uri":"/a","old_uri":"/a"}}`, `{"name":"transformer","config":{"old_uri":"/a"}}`, true},
		{"a default that is gone", `{"name":"transformer","enabled":null,"protocols":["http","https"],"config":{"add":{"headers":[]}}}`,
			`{"name":"transformer"}`, false},
		{"another name", `{"name":"other","enabled":true,"protocols":["grpc","http"]}`, `{"name":"transformer"}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			live, given := pluginOf(t, c.live), pluginOf(t, c.given)
			if got := same(live, given); got != c.want {
				t.Errorf("got %v", got)
			}
			filled, err := s.Fill(given)
			if err != nil {
				t.Fatal(err)
			}
			held, err := s.Resolve(live)
			if err != nil {
				t.Fatal(err)
			}
			if filled.Equal(held) != c.want {
				t.Errorf("Fill:    %s\nResolve: %s", filled.AppendJSON(nil), held.AppendJSON(nil))
			}
		})
	}
}

// A secret that Kong made up stays, wherever in an entity it is; what the manifests say counts.
func TestKeepWhatKongMadeUp(t *testing.T) {
	s := schemas(t)
	live := pluginOf(t, `{"name":"transformer","config":{"token":"t","made":"m","add":{"made":"n","uri":"/a"}}}`)
	for _, c := range []struct{ given, want string }{
		{`{"name":"transformer"}`, `{"id":"x","config":{"add":{"made":"n"},"made":"m"},"name":"transformer"}`},
		{`{"name":"transformer","config":{"made":"ours"}}`, `{"id":"x","config":{"add":{"made":"n"},"made":"ours"},"name":"transformer"}`},
		{`{"name":"other"}`, `{"id":"x","name":"other"}`},
	} {
		got, err := s.Keep(pluginOf(t, c.given), live)
		if err != nil || string(got.AppendJSON(nil)) != c.want {
			t.Errorf("got %s, %v, want %s", got.AppendJSON(nil), err, c.want)
		}
	}
	if got, err := s.Keep(live, kong.Entity{}); err != nil || !got.Equal(live) {
		t.Errorf("of a new entity nothing is kept, got %s, %v", got.AppendJSON(nil), err)
	}
}

func pluginOf(t *testing.T, text string) kong.Entity {
	t.Helper()
	e, err := kong.Read(kong.Plugins, []byte(`{"id":"x",`+text[1:]))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSecretsAreKnownByTableAndBySchema(t *testing.T) {
	s := schemas(t)
	plugin := entity(t, kong.Plugins, "p", map[string]any{"name": "transformer"})
	certificate := entity(t, kong.Certificates, "c", map[string]any{"cert": "public"})
	for _, c := range []struct {
		e    kong.Entity
		path []string
		want bool
	}{
		{plugin, []string{"config", "token"}, true},
		{plugin, []string{"config", "token", "below"}, true},
		{plugin, []string{"config", "with", "Authorization"}, true}, // it can be in a vault
		{plugin, []string{"config", "add", "headers", "0"}, false},
		{plugin, []string{"config", "add_key"}, true},
		{plugin, []string{"config", "add_uri"}, false},
		{plugin, []string{"config", "nothing", "there"}, false},
		{certificate, []string{"key"}, true},
		{certificate, []string{"cert"}, false},
	} {
		if got := s.Secret(c.e, c.path...); got != c.want {
			t.Errorf("Secret(%s, %q) = %v, want %v", c.e.Kind(), c.path, got, c.want)
		}
	}
}

func TestASchemaThatIsNone(t *testing.T) {
	for _, text := range []string{"", "[]", "{}", `{"fields":[{"a":{"default":}}]}`} {
		if _, err := (kong.Schemas{}).WithKind(kong.Services, []byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
