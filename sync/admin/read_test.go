package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
	gwsync "github.com/gwsync/gwsync/sync"
)

func TestInfo(t *testing.T) {
	s := &script{answers: map[string][]string{"GET /": {"200 " + rootAnswer}}}
	c := client(t, s, Config{})
	for range 2 {
		got, err := c.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		plugins := []string{"cors", "key-auth"}
		settings := kong.DefaultSettings()
		settings.Flavor, settings.Plugins = kong.Expressions, plugins
		want := gwsync.Info{Version: "3.9.3", Flavor: kong.Expressions, Database: true, Settle: 10e9, Plugins: plugins, Settings: settings}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
	if got := s.lines(); len(got) != 1 {
		t.Errorf("asked %d times", len(got))
	}
}

func TestInfoDefaultsAreKongs(t *testing.T) {
	s := &script{answers: map[string][]string{"GET /": {`200 {"version":"3.4.0","configuration":{"database":"off"}}`}}}
	got, err := client(t, s, Config{}).Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := gwsync.Info{Version: "3.4.0", Flavor: kong.TraditionalCompatible, Settle: 10e9, Settings: kong.DefaultSettings()}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Kong writes an empty list as it writes an empty object.
func TestInfoSettings(t *testing.T) {
	s := &script{answers: map[string][]string{"GET /team/kong": {`200 {"version":"3.9.3","configuration":{
		"database":"off","role":"control_plane","router_flavor":"expressions","untrusted_lua":"off",
		"untrusted_lua_sandbox_requires":["cjson.safe"],
		"proxy_listen":["0.0.0.0:80"],"stream_listen":["0.0.0.0:53 udp"],"port_maps":{}},"plugins":{"available_on_server":{"acl":{}}}}`}}}
	got, err := client(t, s, Config{Workspace: "team"}).Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := kong.Settings{
		Role: "control_plane", Flavor: kong.Expressions, UntrustedLua: "off", Requires: []string{"cjson.safe"},
		ProxyListen: []string{"0.0.0.0:80"}, StreamListen: []string{"0.0.0.0:53 udp"}, Plugins: []string{"acl"}, Workspace: "team",
	}
	if d := cmp.Diff(want, got.Settings); d != "" {
		t.Error(d)
	}
}

// A Kong on a replicated database has its nodes wait for the replicas before they take up a write.
func TestSettleWaitsForTheDatabase(t *testing.T) {
	s := &script{answers: map[string][]string{"GET /": {`200 {"version":"3.9.3","configuration":{"database":"postgres",
		"worker_state_update_frequency":5,"db_update_frequency":4,"db_update_propagation":1.5}}`}}}
	got, err := client(t, s, Config{}).Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Settle != 10500*time.Millisecond {
		t.Errorf("settles in %s", got.Settle)
	}
}

// Rebuilding routes and plugins takes workers a while, however short their periods are.
func TestSettleWaitsForRebuilding(t *testing.T) {
	s := &script{answers: map[string][]string{"GET /": {`200 {"version":"3.9.3","configuration":{"database":"postgres",
		"worker_state_update_frequency":0.1,"db_update_frequency":0.1}}`}}}
	got, err := client(t, s, Config{}).Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Settle < 5*time.Second {
		t.Errorf("settles in %s", got.Settle)
	}
}

// What the workers are to build is told by two versions. As long as one is missing they have not begun to; a Kong that has no such
// endpoint, or lets nobody see it, does not tell.
func TestHeard(t *testing.T) {
	const router, plugins, options = "GET /cache/router:version", "GET /cache/plugins_iterator:version", "OPTIONS /cache/router:version"
	const missing = `404 {"message":"Not found"}`
	for name, tt := range map[string]struct {
		router, plugins, options, root, want string
		tells                                bool
	}{
		"both":        {`200 {"message":"r1"}`, `200 {"message":"p1"}`, missing, rootAnswer, "r1 p1", true},
		"one":         {missing, `200 {"message":"p1"}`, missing, rootAnswer, "", true},
		"none":        {missing, missing, "204 ", rootAnswer, "", true},
		"no endpoint": {missing, missing, missing, rootAnswer, "", false},
		"refused":     {`403 {"message":"you do not have permissions"}`, `200 {"message":"p1"}`, "204 ", rootAnswer, "", false},
		"control plane": {missing, missing, "204 ", strings.Replace(rootAnswer, `{"database"`, `{"role":"control_plane","database"`, 1),
			"", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{answers: map[string][]string{
				"GET /": {"200 " + tt.root}, router: {tt.router}, plugins: {tt.plugins}, options: {tt.options}}}
			got, err := client(t, s, Config{}).Heard(t.Context())
			if got != tt.want || (err == nil) != tt.tells {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// listing answers GET /KIND with n entities of the kind, in pages. Its `next` leads elsewhere, which nobody may follow.
type listing struct {
	t *testing.T
	n map[string]int
	script
}

func (l *listing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	n, ok := l.n[r.URL.Path]
	if !ok {
		l.script.ServeHTTP(w, r)
		return
	}
	size, err := strconv.Atoi(r.URL.Query().Get("size"))
	if err != nil || size < 1 || size > 1000 {
		l.t.Errorf("%s: Kong allows sizes from 1 to 1000", r.URL)
	}
	first, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	page := map[string]any{"data": []any{}, "next": nil}
	if first+size < n {
		page["offset"], page["next"] = strconv.Itoa(first+size), "http://thief.example/"+kind+"?offset=1"
	}
	for i := first; i < min(first+size, n); i++ {
		e := map[string]any{"id": id(i), "created_at": 1795383895, "tags": nil}
		switch kind {
		case "targets":
			e["target"], e["upstream"] = fmt.Sprint("10.0.0.1:", i), map[string]any{"id": strings.Split(r.URL.Path, "/")[2]}
			e["id"] = id(i) + strings.Split(r.URL.Path, "/")[2]
		case "certificates":
			e["cert"], e["snis"] = "PEM", []string{"a.example"}
		case "upstreams":
			e["name"] = kind + strconv.Itoa(i)
			e["tags"] = []string{[]string{"ours", "theirs"}[i%2]}
		default:
			e["name"] = kind + strconv.Itoa(i)
		}
		page["data"] = append(page["data"].([]any), e)
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(page); err != nil {
		l.t.Error(err)
	}
	l.mu.Lock()
	l.seen = append(l.seen, exchange{line: r.Method + " " + r.URL.Path})
	l.mu.Unlock()
}

func id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func newListing(t *testing.T) *listing {
	l := &listing{t: t, n: map[string]int{}, script: script{answers: map[string][]string{"GET /": {"200 " + rootAnswer}}}}
	for _, row := range kong.Rows() {
		l.n["/"+row.Kind.Collection()] = 0
	}
	return l
}

func TestReadFollowsPages(t *testing.T) {
	l := newListing(t)
	l.n["/routes"], l.n["/services"], l.n["/consumers"] = 2500, 1000, 1
	got, err := client(t, l, Config{}).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	count := map[kong.Kind]int{}
	for e := range got.All() {
		count[e.Kind()]++
	}
	if d := cmp.Diff(map[kong.Kind]int{kong.Routes: 2500, kong.Services: 1000, kong.Consumers: 1}, count); d != "" {
		t.Error(d)
	}
	asked := map[string]int{}
	for _, e := range l.seen {
		asked[strings.TrimPrefix(e.line, "GET /")]++
	}
	want := map[string]int{"": 1, "routes": 3} // SNIs need a certificate, and targets an upstream; credentials need a consumer, which there is
	for _, k := range []string{"services", "consumers", "plugins", "upstreams", "certificates",
		"ca_certificates", "key-sets", "keys", "vaults", "acls", "basic-auths", "hmac-auths", "jwts", "key-auths", "oauth2"} {
		want[k] = 1
	}
	if d := cmp.Diff(want, asked); d != "" {
		t.Error(d)
	}
}

func TestReadListsTargetsOfTheUpstreamsAskedFor(t *testing.T) {
	l := newListing(t)
	l.n["/upstreams"] = 4
	for i := range 4 {
		l.n["/upstreams/"+id(i)+"/targets"] = 2
	}
	ours := func(u kong.Entity) bool { return u.HasTag("ours") }
	s, err := client(t, l, Config{Targets: ours}).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for e := range s.Of(kong.Targets) {
		upstream, _ := e.Ref("upstream")
		got = append(got, upstream.ID+" "+e.Name())
	}
	slices.Sort(got)
	want := []string{id(0) + " 10.0.0.1:0", id(0) + " 10.0.0.1:1", id(2) + " 10.0.0.1:0", id(2) + " 10.0.0.1:1"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestReadLeavesOutTheNamesThatKongAddsToCertificates(t *testing.T) {
	l := newListing(t)
	l.n["/certificates"] = 1
	s, err := client(t, l, Config{}).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for e := range s.Of(kong.Certificates) {
		if got := string(e.AppendJSON(nil)); got != `{"id":"`+id(0)+`","cert":"PEM"}` {
			t.Errorf("got %s", got)
		}
	}
}

func TestSettling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Kong's clock is an hour ahead of ours, and the last write was 3 seconds ago. It takes 10 until all act on it.
		now := time.Now().Add(time.Hour)
		l := newListing(t)
		l.header = http.Header{"Date": {now.UTC().Format(http.TimeFormat)}}
		delete(l.n, "/routes")
		l.answers["GET /routes?size=1000"] = []string{fmt.Sprintf(`200 {"data":[{"id":"1","name":"a","updated_at":%d},
			{"id":"2","name":"b","updated_at":%d}]}`, now.Unix()-3, now.Unix()-300)}
		c := client(t, l, Config{})
		if got := c.Settling(); got != 0 {
			t.Errorf("before it was read: %s", got)
		}
		if _, err := c.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, want := range []time.Duration{8 * time.Second, 6 * time.Second, 4 * time.Second, 2 * time.Second} {
			if got := c.Settling(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			time.Sleep(2 * time.Second)
		}
	})
}

func TestReadFails(t *testing.T) {
	for _, test := range []struct{ name, answer, want string }{
		{"forbidden", `403 {"message":"no"}`, "GET /plugins: 403 Forbidden: no"},
		{"endless", `200 {"data":[],"offset":"again"}`, "its listing of plugins never ends"},
		{"no id", `200 {"data":[{"name":"cors"}]}`, "one of the plugins has no id"},
		{"no list", `200 {"data":"hunter2"}`, "not what Kong answers"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newListing(t)
			delete(l.n, "/plugins")
			for _, q := range []string{"", "offset=again&"} {
				l.answers["GET /plugins?"+q+"size=1000"] = []string{test.answer}
			}
			_, err := client(t, l, Config{}).Read(t.Context())
			check(t, err, test.want, "")
		})
	}
}

func TestReadWithoutDatabase(t *testing.T) {
	answer, err := json.Marshal(map[string]string{"config": `
_format_version: '3.0'
_transform: false
services:
- id: 00000000-0000-4000-8000-000000000001
  name: s
  host: h
  path: ~
  created_at: 1795383899
filter_chains:
- id: 00000000-0000-4000-8000-000000000002
  filters: []
`})
	if err != nil {
		t.Fatal(err)
	}
	s := &script{answers: map[string][]string{"GET /": {"200 " + dblessRoot}, "GET /config": {"200 " + string(answer)}}}
	got, err := client(t, s, Config{}).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for e := range got.All() {
		all = append(all, string(e.Kind())+" "+string(e.AppendJSON(nil)))
	}
	want := []string{`services {"id":"` + id(1) + `","host":"h","name":"s"}`, `filter_chains {"id":"` + id(2) + `","filters":[]}`}
	if d := cmp.Diff(want, all); d != "" {
		t.Error(d)
	}
}

func TestSchemasAreAskedForOnce(t *testing.T) {
	const schema = `200 {"fields":[{"config":{"type":"record","required":true,"fields":[{"secret":{"type":"string","encrypted":true}}]}}]}`
	s := &script{answers: map[string][]string{
		"GET /schemas/plugins":          {schema},
		"GET /schemas/plugins/key-auth": {schema},
	}}
	c := client(t, s, Config{})
	known := entityOf(t, kong.Plugins, `{"id":"1","name":"key-auth"}`)
	unknown := entityOf(t, kong.Plugins, `{"id":"2","name":"nope"}`)
	state, err := kong.NewState(known, unknown)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := c.Schemas(t.Context(), state)
		if err != nil {
			t.Fatal(err)
		}
		if !got.HasKind(kong.Plugins) || !got.HasPlugin("key-auth") || got.HasPlugin("nope") {
			t.Errorf("got %v", got)
		}
		if !got.Secret(known, "config", "secret") {
			t.Error("the plugin's secret is not known as one")
		}
	}
	lines := s.lines()
	slices.Sort(lines)
	want := []string{"GET /schemas/plugins", "GET /schemas/plugins/key-auth", "GET /schemas/plugins/nope", "GET /schemas/plugins/nope"}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
}

func TestNamesCannotLeaveTheirPlaceInAPath(t *testing.T) {
	s := &script{}
	c := client(t, s, Config{})
	for _, name := range []string{"..", ".", "a/../../config", "a?b", "a#b", "%2e%2e"} {
		e, err := kong.New(kong.Plugins, "1", map[string]any{"name": name}, kong.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		state, err := kong.NewState(e)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Schemas(t.Context(), state)
		if strings.Trim(name, ".") == "" && err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, line := range s.lines() {
		path, err := url.PathUnescape(strings.TrimPrefix(line, "GET /schemas/plugins"))
		if err != nil || strings.Count(line, "/") > 3 || strings.ContainsAny(line, "?#") {
			t.Errorf("asked for %s %q, %v", line, path, errors.Unwrap(err))
		}
	}
}
