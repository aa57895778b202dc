package render_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// TestKongAcceptsGoldens posts the configuration of each golden to a Kong without a database: it takes every entity, with the
// configuration of every plugin, also where findings say that the manifests have errors.
func TestKongAcceptsGoldens(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range archive.Files {
				if flavor, name := path.Split(f.Name); name == "kong.yaml" {
					post(t, kong.Flavor(strings.TrimSuffix(flavor, "/")), f.Data)
				}
			}
		})
	}
}

// post wants a Kong to take a configuration, of which it holds every entity then.
func post(t *testing.T, flavor kong.Flavor, text []byte) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"config": string(text)})
	if err != nil {
		t.Fatal(err)
	}
	k := sandbox.New(sandbox.Config{Flavor: flavor, DBLess: true})
	r := httptest.NewRequest(http.MethodPost, "/config?flatten_errors=1", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	k.Admin().ServeHTTP(w, r)
	if w.Code != http.StatusCreated {
		t.Errorf("%s: %d %s", flavor, w.Code, w.Body)
		return
	}
	want, err := kong.Decode(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	has, _ := k.State()
	for e := range want.All() {
		if _, ok := has.Get(e.Key()); !ok {
			t.Errorf("%s: Kong does not hold %s", flavor, e)
		}
	}
}
