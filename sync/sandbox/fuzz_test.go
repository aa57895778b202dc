package sandbox

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// FuzzAdmin holds the Admin API to answering whatever it is asked: with JSON, and never with a status of 500 or more
// but 501. What it then holds is a state.
func FuzzAdmin(f *testing.F) {
	for _, file := range []string{"testdata/conversations.jsonl", "testdata/refused.jsonl"} {
		for _, c := range readConversations(f, file) {
			for _, s := range c.Steps {
				method, path, _ := strings.Cut(s.Request, " ")
				f.Add(method, path, string(encode(s.Body)), c.DBLess)
			}
		}
	}
	f.Add("PUT", "/certificates/a.example.com", `{"snis":["b","b"],"cert":"{vault://x/y}","key":"{vault://x/y}"}`, false)
	f.Add("POST", "/config", `{"config":"a: &a [1]\nb: [*a, *a]\n? [x]\n: 1"}`, true)
	f.Add("POST", "/config", `{"config":"_format_version: \"3.0\"\nservices: &a [*a]"}`, true)
	f.Add("POST", "/config", `{"_format_version":"3.0","certificates":[{"snis":[{"name":"x"}]}],"routes":{"a":1},"plugins":[null,3]}`, true)
	f.Add("POST", "/schemas/plugins/validate", `{"name":"rate-limiting","config":[1],"redis":{}}`, false)
	f.Add("POST", "/plugins", `{"name":"acme","config":{"storage_config":{"redis":{"auth":1,"namespace":{}}}}}`, false)
	f.Add("POST", "/services", `{"url":"//:x","tags":{"a":1},"ca_certificates":[{}],"client_certificate":{"id":{}}}`, false)
	kongs := map[bool]*Kong{false: New(Config{Flavor: kong.Expressions}), true: New(Config{DBLess: true})}
	f.Fuzz(func(t *testing.T, method, path, body string, dbLess bool) {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " #") ||
			strings.ContainsFunc(method, func(r rune) bool { return r < 'A' || r > 'Z' }) ||
			method == "" {
			return
		}
		k := kongs[dbLess]
		k.store = newStore(k.tables)
		k.config.DBLess = false
		must(t, k, "PUT /services/s", `{"host":"h","tags":["a"]}`)
		must(t, k, "PUT /routes/r", `{"paths":["/x"],"service":{"name":"s"}}`)
		must(t, k, "PUT /consumers/c", `{}`)
		must(t, k, "PUT /upstreams/u", `{}`)
		k.config.DBLess = dbLess
		q := httptest.NewRequest(method, "/", strings.NewReader(body))
		q.URL.Path, q.URL.RawQuery, _ = strings.Cut(path, "?")
		q.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		k.Admin().ServeHTTP(w, q)
		if w.Code >= 500 && w.Code != 501 {
			t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		if w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s: no JSON: %s", method, path, w.Body)
		}
		k.State()
	})
}
