package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// release is a Kong of another version around the embedded one, which is a 3.9.3: it answers schemas and entities without the fields that
// the version lacks and with those that it adds, at their defaults, and refuses what it does not know.
//
// Its fields are by schema: "services", "plugins/key-auth"; those of plugins are fields of config.
type release struct {
	version string
	lacks   map[string][]string
	adds    map[string]map[string]any
	// unsaid are the settings that GET / does not hold.
	unsaid []string
	// without are the plugins that it does not have, and kinds.
	without []string

	kong http.Handler
}

// releases returns the oldest and the newest version that gwsync is for, as far as they differ from 3.9.3 where it matters.
//
// Sources: for 3.4, Kong 3.4.0, kong/plugins/*/schema.lua, kong/api/routes/kong.lua. 3.12 is not open source, and was not at hand. Its
// fields are those that public documentation names: developer.konghq.com/kubernetes-ingress-controller/sticky-sessions (since 3.11), and
// for tls_sans and identity_realms Konnect's API, of which no release is said; that plugins have partials is known from decK. That it lacks
// a field of rate-limiting is made up.
func releases() []*release {
	flat := map[string]any{
		"redis_host": field("string", nil), "redis_port": field("integer", 6379), "redis_password": field("string", nil),
		"redis_username": field("string", nil), "redis_ssl": field("boolean", false), "redis_ssl_verify": field("boolean", false),
		"redis_server_name": field("string", nil), "redis_timeout": field("number", 2000), "redis_database": field("integer", 0),
	}
	return []*release{
		{
			version: "3.4.2",
			lacks: map[string][]string{
				"plugins/key-auth": {"realm"}, "plugins/basic-auth": {"realm"}, "plugins/cors": {"private_network"},
				"plugins/rate-limiting": {"redis"}, "certificates": {"snis"},
			},
			adds:    map[string]map[string]any{"plugins/rate-limiting": flat},
			unsaid:  []string{"untrusted_lua_sandbox_requires", "port_maps", "db_update_propagation"},
			without: []string{"redirect", "standard-webhooks"},
		},
		{
			version: "3.12.0.0-enterprise-edition",
			adds: map[string]map[string]any{
				"services":         {"tls_sans": field("record", nil)},
				"upstreams":        {"sticky_sessions_cookie": field("string", nil), "sticky_sessions_cookie_path": field("string", "/")},
				"plugins":          {"partials": field("array", nil), "consumer_group": field("foreign", nil)},
				"plugins/key-auth": {"identity_realms": field("array", []any{map[string]any{"scope": "cp"}})},
			},
			lacks: map[string][]string{"plugins/rate-limiting": {"sync_rate"}},
		},
	}
}

func field(kind string, def any) map[string]any {
	out := map[string]any{"type": kind}
	switch kind {
	case "array":
		out["elements"] = map[string]any{"type": "record", "fields": []any{map[string]any{"scope": field("string", nil)}}}
	case "record":
		out["fields"] = []any{map[string]any{"dnsnames": field("array", nil)}}
	}
	if def != nil {
		out["default"] = def
	}
	return out
}

func (f *release) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	body, _ := io.ReadAll(r.Body)
	if path[0] == "schemas" && slices.Contains(f.without, path[len(path)-1]) {
		answer(w, http.StatusNotFound, `{"message":"No plugin named '`+path[len(path)-1]+`'"}`)
		return
	}
	var fields map[string]any
	if json.Unmarshal(body, &fields) == nil {
		if unknown := f.unknown(kindOf(path), fields); unknown != "" {
			answer(w, http.StatusBadRequest, unknown)
			return
		}
		body, _ = json.Marshal(fields)
	}
	rec := httptest.NewRecorder()
	inner := r.Clone(r.Context())
	inner.Body = io.NopCloser(bytes.NewReader(body))
	inner.ContentLength = int64(len(body))
	f.kong.ServeHTTP(rec, inner)
	var all any
	if json.Unmarshal(rec.Body.Bytes(), &all) == nil && rec.Code < 300 {
		f.edit(path, all)
		text, _ := json.Marshal(all)
		answer(w, rec.Code, string(text))
		return
	}
	answer(w, rec.Code, rec.Body.String())
}

// kindOf returns the schema that entities below a path have.
func kindOf(path []string) string {
	switch {
	case path[0] == "schemas" && len(path) > 1:
		return path[1]
	case len(path) > 2:
		return path[2]
	}
	return path[0]
}

// unknown returns the refusal of an entity with fields that the version lacks, and takes out those that it adds.
func (f *release) unknown(kind string, e map[string]any) string {
	refuse := func(path string) string {
		return `{"code":2,"name":"schema violation","message":"schema violation (` + path +
			`: unknown field)","fields":{"` + path + `":"unknown field"}}`
	}
	name, _ := e["name"].(string)
	if kind == "plugins" && slices.Contains(f.without, name) {
		return `{"code":2,"name":"schema violation","message":"no","fields":{"name":"plugin '` + name + `' not enabled"}}`
	}
	for _, lacking := range f.lacks[kind] {
		if e[lacking] != nil {
			return refuse(lacking)
		}
	}
	config, _ := e["config"].(map[string]any)
	for _, lacking := range f.lacks[kind+"/"+name] {
		if config[lacking] != nil {
			return refuse("config." + lacking)
		}
	}
	for added := range f.adds[kind] {
		delete(e, added)
	}
	for added := range f.adds[kind+"/"+name] {
		delete(config, added)
	}
	return ""
}

// edit makes an answer that of the version.
func (f *release) edit(path []string, body any) {
	top, _ := body.(map[string]any)
	switch {
	case path[0] == "":
		top["version"] = f.version
		for _, name := range f.unsaid {
			delete(top["configuration"].(map[string]any), name)
		}
		for _, name := range f.without {
			delete(top["plugins"].(map[string]any)["available_on_server"].(map[string]any), name)
		}
	case path[0] == "schemas":
		f.editSchema(strings.Join(path[1:], "/"), top)
	case top["data"] != nil:
		for _, e := range top["data"].([]any) {
			f.editEntity(kindOf(path), e.(map[string]any))
		}
	default:
		f.editEntity(kindOf(path), top)
	}
}

func (f *release) editSchema(name string, schema map[string]any) {
	target := schema
	if schema["fields"] == nil {
		return // an answer to validate
	}
	if strings.HasPrefix(name, "plugins/") {
		for _, named := range schema["fields"].([]any) {
			if config, ok := named.(map[string]any)["config"].(map[string]any); ok {
				target = config
			}
		}
	}
	fields, ok := target["fields"].([]any)
	if !ok {
		return
	}
	fields = slices.DeleteFunc(fields, func(named any) bool {
		for field := range named.(map[string]any) {
			return slices.Contains(f.lacks[name], field)
		}
		return false
	})
	for added, field := range f.adds[name] {
		fields = append(fields, map[string]any{added: field})
	}
	target["fields"] = fields
	if f.adds[name] != nil {
		delete(target, "shorthand_fields")
	}
}

func (f *release) editEntity(kind string, e map[string]any) {
	f.editFields(kind, e)
	if config, ok := e["config"].(map[string]any); ok && kind == "plugins" {
		f.editFields(kind+"/"+e["name"].(string), config)
	}
}

func (f *release) editFields(schema string, fields map[string]any) {
	for _, lacking := range f.lacks[schema] {
		delete(fields, lacking)
	}
	for added, field := range f.adds[schema] {
		fields[added] = field.(map[string]any)["default"]
	}
}

// TestVersions applies to Kongs of other versions, twice: the second time there is nothing to do, whatever fields they have.
func TestVersions(t *testing.T) {
	for _, r := range releases() {
		w := worlds(t)["database"]
		limits := []kong.Entity{
			ours(t, kong.Services, "limited", map[string]any{"host": "limited.example"}),
			ours(t, kong.Plugins, "rate-limiting",
				map[string]any{"service": ref(kong.Services, "limited"), "config": map[string]any{"minute": 5, "policy": "local"}}),
		}
		t.Run(r.version, func(t *testing.T) {
			r.kong = w.boot(t).Admin()
			for _, desired := range []kong.State{joined(t, w.first, limits...), joined(t, w.second, limits...), {}} {
				if plan, err := runOn(t.Context(), Config{Transport: inProcess{r}}, desired); err != nil || plan.Empty() {
					t.Fatalf("%v, error %v", plan, err)
				}
				if plan, err := runOn(t.Context(), Config{Transport: inProcess{r}}, desired); err != nil || !plan.Empty() {
					t.Errorf("a second time: %s: %v, error %v", plan, plan.Changes(), err)
				}
			}
		})
	}
}

func joined(t *testing.T, s kong.State, more ...kong.Entity) kong.State {
	t.Helper()
	return newState(t, append(slices.Collect(s.All()), more...)...)
}

// TestVersionLacks has manifests come to what an old Kong does not know: it is refused before anything is written, by name.
func TestVersionLacks(t *testing.T) {
	old := releases()[0]
	k := sandbox.New(sandbox.Config{})
	old.kong = k.Admin()
	service := ours(t, kong.Services, "s", map[string]any{"host": "h"})
	for _, test := range []struct {
		name   string
		fields map[string]any
		want   string
	}{
		{"redirect", map[string]any{"config": map[string]any{"location": "https://example.com"}}, "plugin 'redirect' not enabled"},
		{"key-auth", map[string]any{"config": map[string]any{"realm": "shop"}}, "config.realm: unknown field"},
	} {
		test.fields["service"] = ref(kong.Services, "s")
		_, err := runOn(t.Context(), Config{Transport: inProcess{old}}, newState(t, service, ours(t, kong.Plugins, test.name, test.fields)))
		var rejected *sync.RejectedError
		if !errors.As(err, &rejected) || len(rejected.Rejections) != 1 || !strings.Contains(rejected.Rejections[0].Reason, test.want) {
			t.Errorf("%s: got error %v, want a rejection for %q", test.name, err, test.want)
		}
		if s, _ := k.State(); s.Len() > 0 {
			t.Errorf("%s: %d entities were written", test.name, s.Len())
		}
	}
}

// TestVersionSettings reads what an old Kong says of itself.
func TestVersionSettings(t *testing.T) {
	old := releases()[0]
	old.kong = sandbox.New(sandbox.Config{Flavor: kong.Expressions}).Admin()
	c := client(t, old, Config{Targets: func(u kong.Entity) bool { return diff.Owned(u, "main") }})
	info, err := c.Info(t.Context())
	if err != nil || info.Version != "3.4.2" || info.Flavor != kong.Expressions || slices.Contains(info.Plugins, "redirect") {
		t.Errorf("got %+v, error %v", info, err)
	}
}
