package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

// answer is what the Admin API answered.
type answer struct {
	status int
	header http.Header
	body   map[string]any
}

// ask sends a request with a body in JSON, if there is one.
func ask(t *testing.T, k *Kong, request, body string) answer {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	q := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	k.Admin().ServeHTTP(w, q)
	a := answer{status: w.Code, header: w.Header()}
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
			t.Fatalf("%s: answer is no JSON: %v", request, err)
		}
	}
	return a
}

// must is ask for a request that has to succeed.
func must(t *testing.T, k *Kong, request, body string) answer {
	t.Helper()
	a := ask(t, k, request, body)
	if a.status >= 300 {
		t.Fatalf("%s %s: %d %v", request, body, a.status, a.body)
	}
	return a
}

// names returns a field of all entities of a list.
func names(a answer, field string) []string {
	out := []string{}
	list, _ := a.body["data"].([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		s, _ := m[field].(string)
		out = append(out, s)
	}
	return out
}

// walk follows the pages of a list to the end.
func walk(t *testing.T, k *Kong, path, field string) (all []string, pages int) {
	t.Helper()
	for path != "" {
		a := must(t, k, "GET "+path, "")
		all, pages = append(all, names(a, field)...), pages+1
		path, _ = a.body["next"].(string)
	}
	return all, pages
}

func TestPages(t *testing.T) {
	t.Parallel()
	const n = 2500
	for _, dbLess := range []bool{false, true} {
		k := New(Config{DBLess: true})
		doc := map[string]any{"_format_version": "3.0"}
		var services []any
		for i := range n {
			tags := []string{"all"}
			if i%5 == 0 {
				tags = append(tags, "fifth")
			}
			services = append(services, map[string]any{"name": fmt.Sprintf("s%d", i), "host": "h", "tags": tags})
		}
		doc["services"] = services
		must(t, k, "POST /config", string(encode(doc)))
		k.config.DBLess = dbLess
		ids, pages := walk(t, k, "/services?size=1000", "id")
		if len(ids) != n || pages != 3 || !slices.IsSorted(ids) || len(slices.Compact(ids)) != n {
			t.Errorf("DB-less %t: %d services on %d pages, want %d on 3, by id", dbLess, len(ids), pages, n)
		}
		for filter, want := range map[string]int{"all": n, "fifth": n / 5, "all,fifth": n / 5, "all/fifth": n, "fifth,none": 0} {
			if got, _ := walk(t, k, "/services?tags="+filter, "id"); len(got) != want {
				t.Errorf("DB-less %t: tags=%s: %d services, want %d", dbLess, filter, len(got), want)
			}
		}
		if got, _ := walk(t, k, "/tags", "entity_id"); len(got) != n+n/5 {
			t.Errorf("DB-less %t: /tags has %d entries, want %d", dbLess, len(got), n+n/5)
		}
		if got, _ := walk(t, k, "/tags/fifth?size=7", "entity_id"); len(got) != n/5 {
			t.Errorf("DB-less %t: /tags/fifth has %d entries, want %d", dbLess, len(got), n/5)
		}
	}
}

func TestTagFilterRefuses(t *testing.T) {
	t.Parallel()
	k := New(Config{})
	for query, want := range map[string]string{
		"tags=":            "invalid option (tags: cannot be null)",
		"tags=a,b/c":       "invalid option (tags: invalid filter syntax)",
		"tags=,a":          "invalid option (tags: invalid filter syntax)",
		"tags=a,b,c,d,e,f": "invalid option (tags: cannot query more than 5 tags)",
		"size=x":           "size must be a number",
	} {
		if a := ask(t, k, "GET /services?"+query, ""); a.status != 400 || a.body["message"] != want {
			t.Errorf("%s: %d %v, want %q", query, a.status, a.body["message"], want)
		}
	}
}

// one is a Kong that holds an entity or two of each kind.
func one(t *testing.T, c Config) *Kong {
	t.Helper()
	k := New(c)
	for _, r := range [][2]string{
		{"PUT /services/s", `{"host":"h"}`},
		{"PUT /routes/r", `{"paths":["/x"],"service":{"name":"s"}}`},
		{"POST /routes/r/plugins", `{"name":"cors"}`},
		{"PUT /consumers/c", `{"custom_id":"1"}`},
		{"POST /consumers/c/key-auth", `{"key":"k"}`},
		{"PUT /consumers/c/acls/g", `{}`},
		{"POST /consumers/c/plugins", `{"name":"request-size-limiting"}`},
		{"PUT /upstreams/u", `{}`},
		{"POST /upstreams/u/targets", `{"target":"a:1"}`},
		{"POST /upstreams/u/targets", `{"target":"b:2","weight":7}`},
	} {
		must(t, k, r[0], r[1])
	}
	return k
}

func TestDeleteCascadesOrRefuses(t *testing.T) {
	t.Parallel()
	k := one(t, Config{})
	if a := ask(t, k, "DELETE /services/s", ""); a.status != 400 || a.body["name"] != "foreign key violation" {
		t.Errorf("deleting a service with a route: %d %v", a.status, a.body)
	}
	for _, path := range []string{"/consumers/c", "/upstreams/u", "/routes/r", "/services/s"} {
		must(t, k, "DELETE "+path, "")
	}
	if s, _ := k.State(); s.Len() != 0 {
		t.Errorf("left behind: %v", s.Kinds())
	}
	if got, _ := walk(t, k, "/tags", "tag"); len(got) != 0 {
		t.Errorf("tags left behind: %v", got)
	}
}

func TestPatchMerges(t *testing.T) {
	t.Parallel()
	k := New(Config{})
	must(t, k, "PUT /plugins/00000000-0000-4000-8000-000000000001",
		`{"name":"rate-limiting","config":{"minute":5,"redis":{"port":1}},"tags":["a","b"]}`)
	a := must(t, k, "PATCH /plugins/00000000-0000-4000-8000-000000000001", `{"config":{"hour":60,"redis":{"host":"h"}},"tags":["c"]}`)
	config, _ := a.body["config"].(map[string]any)
	redis, _ := config["redis"].(map[string]any)
	got := []any{config["minute"], config["hour"], redis["host"], redis["port"], config["redis_host"], a.body["tags"]}
	if diff := cmp.Diff([]any{5.0, 60.0, "h", 1.0, "h", []any{"c"}}, got); diff != "" {
		t.Errorf("minute, hour, redis host and port, the deprecated redis_host, tags (-want +got):\n%s", diff)
	}
	a = ask(t, k, "PATCH /plugins/00000000-0000-4000-8000-000000000001", `{"config":{"minute":null,"hour":null}}`)
	want := "schema violation (when updating, at least one of these fields must be non-empty: 'config.second', 'config.minute', " +
		"'config.hour', 'config.day', 'config.month', 'config.year')"
	if a.status != 400 || a.body["message"] != want {
		t.Errorf("no limit left: %d %v", a.status, a.body["message"])
	}
	a = ask(t, k, "PATCH /services/none", `{"host":"h"}`)
	if a.status != 404 || a.body["message"] != `could not find the entity with '{name="none"}'` {
		t.Errorf("no such service: %d %v", a.status, a.body)
	}
}

func TestReferencesByName(t *testing.T) {
	t.Parallel()
	k := one(t, Config{})
	a := ask(t, k, "POST /routes", `{"paths":["/y"],"service":{"name":"none"}}`)
	want := "foreign key unresolved (service.name: the foreign key cannot be resolved with '{name=\"none\"}' for an existing 'services' " +
		"entity)"
	if a.status != 400 || a.body["code"] != 13.0 || a.body["message"] != want {
		t.Errorf("unknown service: %d %v", a.status, a.body)
	}
	a = ask(t, k, "POST /routes", `{"paths":["/y"],"service":"s"}`)
	if a.status != 400 || a.body["message"] != "schema violation (service.id: missing primary key)" {
		t.Errorf("a service that is no object: %d %v", a.status, a.body)
	}
}

func TestBelowEachOther(t *testing.T) {
	t.Parallel()
	k := one(t, Config{})
	must(t, k, "PUT /services/other", `{"host":"h"}`)
	for request, want := range map[string]int{
		"GET /services/s/routes/r":     200,
		"GET /services/other/routes/r": 404,
		"GET /services/none/routes":    404,
		"GET /routes/r/service":        200,
		"DELETE /routes/r/service":     405,
		"GET /consumers/c/acls/g":      200,
		"GET /consumers/c/acls/none":   404,
		"GET /upstreams/u/targets/a:1": 200,
		"GET /services/s/":             200,
	} {
		if a := ask(t, k, request, ""); a.status != want {
			t.Errorf("%s: %d, want %d", request, a.status, want)
		}
	}
	if a := must(t, k, "PATCH /routes/r/service", `{"retries":1}`); a.body["retries"] != 1.0 || a.body["name"] != "s" {
		t.Errorf("a route's service is patched: %v", a.body)
	}
	must(t, k, "PUT /routes/lonely", `{"paths":["/l"]}`)
	must(t, k, "PUT /routes/lonely/service", `{"name":"new","host":"h"}`)
	if a := must(t, k, "GET /services/new/routes", ""); !slices.Equal(names(a, "name"), []string{"lonely"}) {
		t.Errorf("a route gets a service: %v", a.body)
	}
	must(t, k, "DELETE /services/new/routes/lonely", "")
	if got := names(must(t, k, "GET /upstreams/u/targets", ""), "target"); !slices.Equal(got, []string{"b:2", "a:1"}) &&
		!slices.Equal(got, []string{"a:1", "b:2"}) {
		t.Errorf("targets: %v", got)
	}
	if a := must(t, k, "PATCH /upstreams/u/targets/b:2", `{"weight":8}`); a.body["weight"] != 8.0 {
		t.Errorf("a target is patched: %v", a.body)
	}
	must(t, k, "DELETE /upstreams/u/targets/b:2", "")
	if a := ask(t, k, "POST /upstreams/u/targets", `{"target":"a:1"}`); a.status != 409 {
		t.Errorf("the same target twice: %d", a.status)
	}
}

func TestPluginProtocols(t *testing.T) {
	t.Parallel()
	k := one(t, Config{})
	route, _ := must(t, k, "GET /routes/r", "").body["id"].(string)
	plugin := `{"name":"http-log","config":{"http_endpoint":"http://h/"},"protocols":["%s"],"route":{"id":"` + route + `"}}`
	want := "schema violation (protocols: must match the associated route's protocols)"
	if a := ask(t, k, "POST /plugins", fmt.Sprintf(plugin, "tcp")); a.status != 400 || a.body["message"] != want {
		t.Errorf("%d %v, want %q", a.status, a.body, want)
	}
	must(t, k, "POST /plugins", fmt.Sprintf(plugin, "http"))
}

func TestRefusesWhatItDoesNotModel(t *testing.T) {
	t.Parallel()
	k := one(t, Config{})
	must(t, k, "PUT /upstreams/checked", `{"healthchecks":{"passive":{"unhealthy":{"timeouts":1}}}}`)
	must(t, k, "POST /upstreams/checked/targets", `{"target":"1.2.3.4:80"}`)
	must(t, k, "PUT /upstreams/named", `{}`)
	must(t, k, "POST /upstreams/named/targets", `{"target":"a.example.com:80"}`)
	for _, r := range [][2]string{
		{"GET /upstreams/checked/health", ""},
		{"GET /upstreams/named/health", ""},
		{"PUT /upstreams/checked/targets/1.2.3.4:80/unhealthy", ""},
		{"GET /timers", ""},
		{"GET /schemas/workspaces", ""},
		{"GET /metrics", ""},
		{"GET /acme", ""},
		{"POST /consumers/c/oauth2", `{"name":"a","hash_secret":true,"client_secret":"s"}`},
	} {
		a := ask(t, k, r[0], r[1])
		message, _ := a.body["message"].(string)
		if a.status != 501 || !strings.HasPrefix(message, "the sandbox does not model ") {
			t.Errorf("%s: %d %v, want 501", r[0], a.status, a.body)
		}
	}
	off := New(Config{DBLess: true})
	for _, body := range []string{
		`{"_format_version":"1.1"}`,
	} {
		if a := ask(t, off, "POST /config", body); a.status != 501 {
			t.Errorf("%s: %d %v, want 501", body, a.status, a.body)
		}
	}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	k := one(t, Config{Version: "3.9.9"})
	if a := ask(t, k, "HEAD /services/s", ""); a.status != 200 || a.body != nil {
		t.Errorf("HEAD: %d %v", a.status, a.body)
	}
	if a := ask(t, k, "OPTIONS /services/s", ""); a.status != 204 || a.header.Get("Allow") != "DELETE, GET, HEAD, OPTIONS, PATCH, PUT" {
		t.Errorf("OPTIONS: %d %v", a.status, a.header)
	}
	if a := ask(t, k, "OPTIONS /timers", ""); a.header.Get("Allow") != "OPTIONS" {
		t.Errorf("OPTIONS of what is not modelled: %v", a.header)
	}
	for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
		if a := ask(t, k, method+" /filter-chains", ""); a.status != 400 {
			t.Errorf("%s /filter-chains without WebAssembly: %d, want 400", method, a.status)
		}
	}
	if a := ask(t, k, "POST /services", `[1]`); a.status != 400 {
		t.Errorf("a body that is no object: %d", a.status)
	}
	for kind, want := range map[string]int{"text/plain": 415, "application/x-www-form-urlencoded": 400,
		"application/json; charset=utf-8": 201} {
		q := httptest.NewRequest("POST", "/services", strings.NewReader(`{"host":"h"}`))
		q.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		k.Admin().ServeHTTP(w, q)
		if w.Code != want || w.Header().Get("Server") != "kong/3.9.9" {
			t.Errorf("%s: %d from %s, want %d", kind, w.Code, w.Header().Get("Server"), want)
		}
	}
	a := must(t, k, "GET /endpoints", "")
	if list, _ := a.body["data"].([]any); !slices.Contains(list, any("/services/{services}/routes/{routes}")) {
		t.Errorf("/endpoints: %v", a.body)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	k := New(Config{Flavor: kong.Expressions})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 25 {
				body := fmt.Sprintf(`{"name":"s%d-%d","host":"h","tags":["t"]}`, i, j)
				ask(t, k, "POST /services", body)
				ask(t, k, "GET /services?size=5", "")
				ask(t, k, "GET /tags/t", "")
				k.State()
			}
		})
	}
	wg.Wait()
	if s, _ := k.State(); s.Len() != 100 {
		t.Errorf("%d services, want 100", s.Len())
	}
}
