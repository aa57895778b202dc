package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// konnect is a fake of Konnect's API around an embedded Kong, written after its public documentation and after what decK asks of it:
// control planes by name; entities below core-entities; JSON schemas of kinds; a listing of all targets; no GET / and no PATCH; PUT creates
// targets and leaves the SNIs of a certificate alone.
type konnect struct {
	kong http.Handler

	mu   sync.Mutex
	seen []string
}

const (
	planeID = "7f9fd312-a987-4628-b4c5-bb4f4fddd5f7"
	plane   = "/v2/control-planes/" + planeID + "/core-entities"
)

func (k *konnect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	k.seen = append(k.seen, r.Method+" "+r.URL.Path)
	k.mu.Unlock()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	path, inside := strings.CutPrefix(r.URL.Path, plane)
	switch {
	case r.Header.Get("Authorization") != "Bearer kpat":
		answer(w, http.StatusUnauthorized, `{"status":401,"title":"Unauthorized","detail":"Invalid credentials"}`)
	case r.URL.Path == "/v2/control-planes":
		name, all := r.URL.Query().Get("filter[name][eq]"), ""
		if name == "shop" {
			all = `{"id":"` + planeID + `","name":"shop","config":{}}`
		}
		answer(w, http.StatusOK, `{"meta":{"page":{"total":1}},"data":[`+all+`]}`)
	case !inside || path == "" || path == "/" || r.Method == http.MethodPatch:
		answer(w, http.StatusNotFound, `{"message":"no Route matched with those values"}`)
	case strings.HasPrefix(path, "/v1/schemas/json/"):
		k.schema(w, strings.TrimPrefix(path, "/v1/schemas/json/"))
	case path == "/targets":
		k.targets(w)
	case r.Method == http.MethodPut && (strings.Contains(path, "/targets/") || strings.HasPrefix(path, "/certificates/")):
		k.put(w, r, path)
	default:
		k.ask(w, r.Method, path+"?"+r.URL.RawQuery, r.Body)
	}
}

func answer(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

// ask asks the Kong inside.
func (k *konnect) ask(w http.ResponseWriter, method, target string, body io.Reader) {
	r := httptest.NewRequest(method, target, body)
	r.Header.Set("Content-Type", "application/json")
	k.kong.ServeHTTP(w, r)
}

func (k *konnect) asked(method, target string, body io.Reader) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	k.ask(w, method, target, body)
	return w
}

// put creates or updates what Kong itself would not.
func (k *konnect) put(w http.ResponseWriter, r *http.Request, path string) {
	body, _ := io.ReadAll(r.Body)
	updated := k.asked(http.MethodPatch, path, bytes.NewReader(body))
	if updated.Code != http.StatusNotFound {
		answer(w, updated.Code, updated.Body.String())
		return
	}
	k.ask(w, http.MethodPost, path[:strings.LastIndexByte(path, '/')], bytes.NewReader(body))
}

// targets lists all targets.
func (k *konnect) targets(w http.ResponseWriter) {
	all := []any{}
	for _, u := range list(k.asked(http.MethodGet, "/upstreams?size=1000", nil).Body) {
		id := u.(map[string]any)["id"].(string)
		all = append(all, list(k.asked(http.MethodGet, "/upstreams/"+id+"/targets?size=1000", nil).Body)...)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": all, "offset": nil})
}

func list(body io.Reader) []any {
	var page struct{ Data []any }
	_ = json.NewDecoder(body).Decode(&page)
	return page.Data
}

// schema answers a kind's schema as JSON schema.
func (k *konnect) schema(w http.ResponseWriter, name string) {
	names := map[string]kong.Kind{"service": kong.Services, "route": kong.Routes, "plugin": kong.Plugins, "upstream": kong.Upstreams,
		"target": kong.Targets, "certificate": kong.Certificates, "sni": kong.SNIs, "consumer": kong.Consumers}
	kind, ok := names[name]
	if !ok {
		answer(w, http.StatusNotFound, `{"message":"entity not found"}`)
		return
	}
	var lua any
	_ = json.NewDecoder(k.asked(http.MethodGet, "/schemas/"+string(kind), nil).Body).Decode(&lua)
	_ = json.NewEncoder(w).Encode(asJSONSchema(lua.(map[string]any)))
}

// asJSONSchema says a schema of Kong as JSON schema.
func asJSONSchema(lua map[string]any) map[string]any {
	out := map[string]any{"type": lua["type"]}
	if d, ok := lua["default"]; ok {
		out["default"] = d
	}
	if fields, ok := lua["fields"].([]any); ok {
		properties := map[string]any{}
		for _, f := range fields {
			for name, field := range f.(map[string]any) {
				properties[name] = asJSONSchema(field.(map[string]any))
			}
		}
		out["type"], out["properties"] = "object", properties
	}
	if elements, ok := lua["elements"].(map[string]any); ok {
		out["type"], out["items"] = "array", asJSONSchema(elements)
		out["uniqueItems"] = lua["type"] == "set"
	}
	return out
}

func TestKonnect(t *testing.T) {
	for _, flavor := range []kong.Flavor{"", kong.Expressions} {
		w := worlds(t)["database"]
		if flavor == kong.Expressions {
			w = worlds(t)["database, expressions"]
		}
		t.Run("flavor "+string(flavor), func(t *testing.T) {
			k := w.boot(t)
			fake := &konnect{kong: k.Admin()}
			config := Config{URL: "https://eu.api.konghq.com", ControlPlane: "shop", Flavor: flavor, Transport: inProcess{fake},
				Headers: http.Header{"Authorization": {"Bearer kpat"}}}
			before, _ := k.State()
			for _, desired := range []kong.State{w.first, w.second, {}} {
				if plan, err := runOn(t.Context(), config, desired); err != nil || plan.Empty() {
					t.Fatalf("%v, error %v", plan, err)
				}
				if plan, err := runOn(t.Context(), config, desired); err != nil || !plan.Empty() {
					t.Errorf("a second time: %s: %v, error %v", plan, plan.Changes(), err)
				}
				if n := len(held(k)); n != before.Len()+desired.Len() {
					t.Errorf("%d entities, want %d of theirs and %d of ours", n, before.Len(), desired.Len())
				}
			}
			for _, line := range fake.seen {
				if strings.Contains(line, "/upstreams/") && strings.HasPrefix(line, "GET") && strings.HasSuffix(line, "/targets") {
					t.Errorf("%s: all targets can be listed at once", line)
				}
			}
		})
	}
}

func TestKonnectInfo(t *testing.T) {
	fake := &konnect{kong: sandbox.New(sandbox.Config{}).Admin()}
	config := Config{URL: "https://eu.api.konghq.com", ControlPlane: "shop", Headers: http.Header{"Authorization": {"Bearer kpat"}}}
	info, err := client(t, fake, config).Info(t.Context())
	if err != nil || info.Flavor != kong.TraditionalCompatible || !info.Database || info.Settle <= 0 || info.Settings.Plugins != nil {
		t.Errorf("got %+v, error %v", info, err)
	}
	config.ControlPlane = "shops"
	_, err = client(t, fake, config).Info(t.Context())
	check(t, err, "there is no control plane shops at https://eu.api.konghq.com", "region")
	if o := ObstacleOf(err); o != BadWorkspace {
		t.Errorf("the obstacle is %q", o)
	}
	config.Headers = http.Header{"Authorization": {"Bearer hunter2"}}
	_, err = client(t, fake, config).Info(t.Context())
	check(t, err, "401 Unauthorized", "--konnect-token-file")
	_, err = client(t, &script{}, config).Info(t.Context())
	check(t, err, "is not Konnect", "--konnect-addr")
}
