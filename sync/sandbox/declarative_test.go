package sandbox

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

const config = `
_format_version: "3.0"
_comment: for people
services:
- name: s
  host: h
  routes:
  - &r
    name: r
    paths: [/x]
    plugins:
    - name: cors
consumers:
- username: c
  basicauth_credentials:
  - username: u
    password: p
  acls:
  - group: g
upstreams:
- name: u
  targets:
  - target: a
routes:
- <<: *r
  name: other
  service: s
  strip_path: no
`

// hash returns the configuration_hash that /status answers.
func hash(t *testing.T, k *Kong) string {
	t.Helper()
	s, _ := must(t, k, "GET /status", "").body["configuration_hash"].(string)
	return s
}

func TestConfigRoundTrip(t *testing.T) {
	t.Parallel()
	k := New(Config{DBLess: true})
	if hash(t, k) != strings.Repeat("0", 32) {
		t.Errorf("hash of an empty Kong: %s", hash(t, k))
	}
	post := func(text string) int {
		return ask(t, k, "POST /config?check_hash=1", string(encode(map[string]any{"config": text}))).status
	}
	if got := []int{post(config), post(config)}; !cmp.Equal(got, []int{201, 304}) {
		t.Errorf("posted twice: %v, want created, then not modified", got)
	}
	before, generation := k.State()
	exported, _ := must(t, k, "GET /config", "").body["config"].(string)
	hashed := hash(t, k)
	if got := post(exported); got != 201 || hash(t, k) == hashed {
		t.Fatalf("the exported configuration: %d, hash %s", got, hash(t, k))
	}
	after, next := k.State()
	if diff := cmp.Diff(string(text(t, before)), string(text(t, after))); diff != "" || next == generation {
		t.Errorf("a Kong is what it exports (-before +after):\n%s", diff)
	}
	e, ok := after.Find("basicauth_credentials", "u")
	if !ok || e.Text("password") == "p" || len(e.Text("password")) != 40 {
		t.Errorf("a password is hashed once: %s", text(t, after))
	}
	if e, _ := after.Find(kong.Routes, "other"); e.Text("name") != "other" ||
		!strings.Contains(string(e.AppendJSON(nil)), `"strip_path":false`) {
		t.Errorf("a route with merged fields: %s", e.AppendJSON(nil))
	}
}

// text returns a state as JSON, an entity a line.
func text(t *testing.T, s kong.State) []byte {
	t.Helper()
	var b []byte
	for e := range s.All() {
		b = append(e.AppendJSON(append(b, e.Kind()...)), '\n')
	}
	return b
}

func TestConfigBodies(t *testing.T) {
	t.Parallel()
	k := New(Config{DBLess: true})
	for _, c := range []struct {
		kind, body string
		want       int
	}{
		{"application/yaml", config, 201},
		{"text/yaml", "- not an object", 400},
		{"application/json", `{"config":"_format_version: '3.0'"}`, 201},
		{"application/json", `{"config":"{\"_format_version\":\"3.0\"}"}`, 201},
		{"application/json", `{}`, 400},
		{"application/yaml", "_format_version: '3.0'\nservices: &a [*a]\n", 400}, // an alias within what it stands for
		{"", "", 400},
		// A plugin on a route that does not exist: here Kong itself fails with status 500.
		{"application/json", `{"_format_version":"3.0","plugins":[{"name":"cors","route":"nope"}]}`, 400},
		{"application/json", `{"_format_version":"3.0","consumers":[{"username":"a","custom_id":"1"},{"username":"b","custom_id":"1"}]}`, 400},
	} {
		q := httptest.NewRequest("POST", "/config", strings.NewReader(c.body))
		q.Header.Set("Content-Type", c.kind)
		w := httptest.NewRecorder()
		k.Admin().ServeHTTP(w, q)
		if w.Code != c.want {
			t.Errorf("%s %.60s: %d %s, want %d", c.kind, c.body, w.Code, w.Body, c.want)
		}
	}
}

func TestConfigKeepsWhatThereIsIfRefused(t *testing.T) {
	t.Parallel()
	k := New(Config{DBLess: true})
	must(t, k, "POST /config", `{"_format_version":"3.0","services":[{"name":"s","host":"h"}]}`)
	before, generation := k.State()
	if a := ask(t, k, "POST /config", `{"_format_version":"3.0","services":[{"name":"s"}]}`); a.status != 400 {
		t.Fatalf("a service without a host: %d", a.status)
	}
	after, next := k.State()
	if next != generation || before.Digest() != after.Digest() {
		t.Errorf("a refused configuration changed something: generation %d, then %d", generation, next)
	}
}

func TestLoadIsState(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{{}, {DBLess: true}, {Flavor: kong.Expressions}} {
		from := one(t, Config{Flavor: c.Flavor})
		want, _ := from.State()
		to := New(c)
		if err := to.Load(want); err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		got, _ := to.State()
		want = want.Where(func(e kong.Entity) bool { return true })
		if diff := cmp.Diff(string(text(t, want)), string(text(t, got))); diff != "" {
			t.Errorf("%+v: what was loaded is not what there is (-want +got):\n%s", c, diff)
		}
	}
	bad, err := kong.New(kong.Services, "00000000-0000-4000-8000-000000000001", map[string]any{"host": "h", "port": 70000}, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := kong.NewState(bad)
	if err != nil {
		t.Fatal(err)
	}
	if err := New(Config{}).Load(s); err == nil || !strings.Contains(err.Error(), "value should be between 0 and 65535") {
		t.Errorf("a service with port 70000: %v", err)
	}
}

func TestGenerationCountsChanges(t *testing.T) {
	t.Parallel()
	k := New(Config{})
	last := uint64(0)
	for _, c := range []struct {
		request, body string
		change        bool
	}{
		{"PUT /services/s", `{"host":"h"}`, true},
		{"GET /services/s", "", false},
		{"PUT /services/s", `{}`, false},
		{"PATCH /services/s", `{"port":1}`, true},
		{"DELETE /services/none", "", false},
		{"DELETE /services/s", "", true},
	} {
		_, last = k.State()
		ask(t, k, c.request, c.body)
		if _, now := k.State(); now > last != c.change {
			t.Errorf("%s: generation %d, then %d", c.request, last, now)
		}
	}
}
