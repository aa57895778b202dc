// Package examples_test renders every example and loads it into an embedded Kong.
package examples_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync/sandbox"
)

var update = flag.Bool("update", false, "rewrite the golden files of the examples")

func TestExamples(t *testing.T) {
	dirs, err := filepath.Glob("*/README.md")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no examples", err)
	}
	for _, readme := range dirs {
		dir := filepath.Dir(readme)
		for _, flavor := range []kong.Flavor{kong.TraditionalCompatible, kong.Expressions} {
			t.Run(dir+"/"+string(flavor), func(t *testing.T) {
				text := renderExample(t, dir, flavor)
				compareGolden(t, filepath.Join(dir, "kong."+string(flavor)+".golden"), text)
				load(t, flavor, text)
			})
		}
	}
}

// renderExample returns what `gwsync render` prints for an example, which must be without findings.
func renderExample(t *testing.T, dir string, flavor kong.Flavor) []byte {
	t.Helper()
	inputs := []manifest.Input{{FS: os.DirFS(dir), Path: "."}}
	result, err := render.Render(inputs, render.Options{Target: render.Target{Flavor: flavor, Tags: diff.Tags("default")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Findings {
		t.Errorf("%s: %s: %s", f.Pos, f.Severity, f.Message)
	}
	var b bytes.Buffer
	if err := result.State.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compareGolden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites):\n%s", file, diff)
	}
}

// load posts the text to a Kong without a database, and reads back that all of it is there.
func load(t *testing.T, flavor kong.Flavor, text []byte) {
	t.Helper()
	k := sandbox.New(sandbox.Config{Flavor: flavor, DBLess: true})
	server := httptest.NewServer(k.Admin())
	defer server.Close()
	body, err := json.Marshal(map[string]string{"config": string(text)})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(server.URL+"/config", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("Kong refuses it: %s: %s", resp.Status, answer)
	}
	want, err := kong.Decode(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	live, _ := k.State()
	for e := range want.All() {
		if _, ok := live.Get(e.Key()); !ok {
			t.Errorf("%s is not in Kong", e.Key())
		}
	}
}
