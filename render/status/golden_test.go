package status_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/status"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

// TestGolden compares the statuses of the manifests in every archive of testdata with what the archive says: for people, and as data.
func TestGolden(t *testing.T) {
	for file, archive := range archives(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			objects := statuses(t, archive)
			var table strings.Builder
			if err := status.Table(&table, objects); err != nil {
				t.Fatal(err)
			}
			golden(t, archive, "table", table.String())
			golden(t, archive, "status", dump(t, objects))
			if *update {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// archives returns those of testdata by file name.
func archives(t testing.TB) map[string]*txtar.Archive {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives in testdata (%v)", err)
	}
	out := map[string]*txtar.Archive{}
	for _, file := range files {
		if out[file], err = txtar.ParseFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// statuses returns the objects of an archive, whose manifests must be in order.
func statuses(t testing.TB, archive *txtar.Archive) []status.Object {
	t.Helper()
	files := fstest.MapFS{}
	for _, f := range archive.Files {
		if strings.HasSuffix(f.Name, ".yaml") {
			files[f.Name] = &fstest.MapFile{Data: []byte(keys().Replace(string(f.Data)))}
		}
	}
	set, findings, err := manifest.Load([]manifest.Input{{FS: files, Path: "."}}, manifest.Options{})
	if err != nil || findings.HasErrors() {
		t.Fatalf("the manifests do not load: %v\n%v", err, findings)
	}
	graph, _ := bind.Build(set, bind.Options{})
	return status.Of(graph)
}

// dump returns the objects as YAML without what the manifests say already, and without the times, which are all the same.
func dump(t testing.TB, objects []status.Object) string {
	t.Helper()
	var out strings.Builder
	if err := status.YAML(&out, objects); err != nil {
		t.Fatal(err)
	}
	var asJSON strings.Builder
	if err := status.JSON(&asJSON, objects); err != nil {
		t.Fatal(err)
	}
	whole, err := yaml.JSONToYAML([]byte(asJSON.String()))
	if diff := cmp.Diff(string(whole), out.String()); err != nil || diff != "" {
		t.Errorf("part by part it reads otherwise than as a whole (%v):\n%s", err, diff)
	}
	var list struct{ Items []map[string]any }
	if err := yaml.Unmarshal([]byte(out.String()), &list); err != nil {
		t.Fatal(err)
	}
	for _, o := range list.Items {
		delete(o, "apiVersion")
		delete(o, "spec")
		removeTimes(o)
	}
	text, err := yaml.Marshal(list.Items)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func removeTimes(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "lastTransitionTime")
		for _, e := range v {
			removeTimes(e)
		}
	case []any:
		for _, e := range v {
			removeTimes(e)
		}
	}
}

// golden compares a section of the archive, or replaces it.
func golden(t *testing.T, archive *txtar.Archive, section, got string) {
	t.Helper()
	for i := range archive.Files {
		f := &archive.Files[i]
		if f.Name != section {
			continue
		}
		if diff := cmp.Diff(string(f.Data), got); diff != "" && !*update {
			t.Errorf("%s (-want +got):\n%s", section, diff)
		}
		f.Data = []byte(got)
		return
	}
	if !*update {
		t.Errorf("there is no section %s; run with -update", section)
	}
	archive.Files = append(archive.Files, txtar.File{Name: section, Data: []byte(got)})
}
