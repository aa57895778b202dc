package render_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// filtered renders a rule for /x with filters, and returns a Kong whose echo tells what would have arrived; ok is false if there are
// errors.
func filtered(t *testing.T, flavor kong.Flavor, filters ...map[string]any) (handler http.Handler, ok bool) {
	t.Helper()
	rule := map[string]any{
		"matches": []any{map[string]any{"path": map[string]any{"type": "PathPrefix", "value": "/x"}}},
		"filters": filters,
	}
	if filters[0]["type"] != "RequestRedirect" {
		rule["backendRefs"] = []any{map[string]any{"name": "a", "port": 8080}}
	}
	text, err := json.Marshal([]any{rule})
	if err != nil {
		t.Fatal(err)
	}
	in := fstest.MapFS{"all.yaml": &fstest.MapFile{Data: []byte(gatewayWith(" " + string(text)))}}
	result, err := render.Render([]manifest.Input{{FS: in, Path: "."}}, render.Options{Target: render.Target{Flavor: flavor}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Findings {
		if f.Severity == diag.Error {
			return nil, false
		}
	}
	return proxy.New(func() (kong.State, uint64) { return result.State, 1 }, flavor, proxy.Options{}), true
}

// echoed is what arrives at the backend of a Kong without one.
type echoed struct {
	Path    string
	Headers map[string]string
}

func askEcho(t *testing.T, k http.Handler, header http.Header) (*httptest.ResponseRecorder, echoed) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/x/y", nil)
	r.Host, r.Header = "example.com", header
	w := httptest.NewRecorder()
	k.ServeHTTP(w, r)
	var e echoed
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
			t.Fatalf("%s: %v", w.Body, err)
		}
	}
	return w, e
}

// FuzzFilterText holds that what a filter says arrives as it is said, or is refused: no text of a manifest is taken for a template, for
// code or for another header.
func FuzzFilterText(f *testing.F) {
	for _, s := range []string{
		"a", "$(1+1)", "$(headers.host)", "::a", `"]] .. kong.x --`, "a\r\nB: c", "é", "%$(x)", "/$(1+1)", "/a%20b", "/a b", "/%zz", "/?x", "/#x",
		"//evil.example", "/..", "/'\"", "/@x", "@host", " a ", "a:b", "\xff", "\x00", `\`, "/a/", "/$('x')",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		for _, flavor := range []kong.Flavor{kong.TraditionalCompatible, kong.Expressions} {
			checkHeaderText(t, flavor, s)
			checkPathText(t, flavor, s)
		}
	})
}

func checkHeaderText(t *testing.T, flavor kong.Flavor, s string) {
	t.Helper()
	set := map[string]any{"set": []any{map[string]any{"name": "X-Value", "value": s}}}
	k, ok := filtered(t, flavor, map[string]any{"type": "RequestHeaderModifier", "requestHeaderModifier": set},
		map[string]any{"type": "ResponseHeaderModifier", "responseHeaderModifier": set})
	if !ok {
		return
	}
	answer, got := askEcho(t, k, http.Header{})
	want := strings.Trim(s, " \t")
	if v := strings.Trim(got.Headers["X-Value"], " \t"); v != want {
		t.Errorf("%s: header %q arrives as %q (%d)", flavor, s, v, answer.Code)
	}
	if v := strings.Trim(answer.Header().Get("X-Value"), " \t"); v != want {
		t.Errorf("%s: header %q is answered as %q", flavor, s, v)
	}
}

func checkPathText(t *testing.T, flavor kong.Flavor, s string) {
	t.Helper()
	for kind, want := range map[string]string{"ReplaceFullPath": s, "ReplacePrefixMatch": strings.TrimRight(s, "/") + "/y"} {
		if want == "" {
			want = "/"
		}
		path := map[string]any{"type": kind, strings.ToLower(kind[:1]) + kind[1:]: s}
		k, ok := filtered(t, flavor, map[string]any{"type": "URLRewrite", "urlRewrite": map[string]any{"path": path}})
		if ok {
			if answer, got := askEcho(t, k, http.Header{}); got.Path != want {
				t.Errorf("%s: %s %q arrives as %q (%d)", flavor, kind, s, got.Path, answer.Code)
			}
		}
		k, ok = filtered(t, flavor, map[string]any{"type": "RequestRedirect", "requestRedirect": map[string]any{"path": path}})
		if ok {
			if answer, _ := askEcho(t, k, http.Header{}); answer.Header().Get("Location") != "http://example.com"+want {
				t.Errorf("%s: %s %q leads to %d %q", flavor, kind, s, answer.Code, answer.Header().Get("Location"))
			}
		}
	}
}

// FuzzOrigin holds that CORS allows the origins that it should and no others, whatever a client sends.
func FuzzOrigin(f *testing.F) {
	for _, s := range []string{
		"https://www.foo.com", "https://www.foo.com:443", "https://a.b.bar.com", "https://.bar.com", "https://evil.com/.bar.com", "null", "",
		"http://any:81", "http://[::1]:81", "https://www.foo.com.", "https://www.foo.com\x00", "HTTPS://WWW.FOO.COM", "https://x@a.bar.com",
		"https://%2e.bar.com", "https://a.bar.com:0443", "://", "https://",
	} {
		f.Add(s)
	}
	k := map[kong.Flavor]http.Handler{}
	allowed := regexp.MustCompile(`^(https://www\.foo\.com(:443)?|https://[a-z0-9._:[\]-]+\.bar\.com(:443)?|http://[a-z0-9._:[\]-]+:81)$`)
	f.Fuzz(func(t *testing.T, origin string) {
		for _, flavor := range []kong.Flavor{kong.TraditionalCompatible, kong.Expressions} {
			if k[flavor] == nil {
				k[flavor], _ = filtered(t, flavor, map[string]any{"type": "CORS", "cors": map[string]any{
					"allowOrigins": []string{"https://www.foo.com", "https://*.bar.com", "http://*:81"},
				}})
			}
			answer, _ := askEcho(t, k[flavor], http.Header{"Origin": {origin}})
			want := []string(nil)
			if answer.Code == http.StatusOK && allowed.MatchString(strings.Map(lower, origin)) {
				want = []string{origin}
			}
			got := answer.Header()["Access-Control-Allow-Origin"]
			refused := answer.Code == http.StatusBadRequest // a header that is none
			if !refused && answer.Code != http.StatusOK || len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
				t.Errorf("%s: %q is answered %d with %q, want %q", flavor, origin, answer.Code, got, want)
			}
		}
	})
}

// lower returns the lower case of a letter of ASCII.
func lower(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}
