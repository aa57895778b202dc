package render_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/status"
)

// TestManifestsAreOnlyRead: what is written alike in several manifests is one value in memory, so that to change it for the one would
// change it for all.
func TestManifestsAreOnlyRead(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	in := fstest.MapFS{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if name, ok := strings.CutPrefix(f.Name, "in/"); ok {
				in[filepath.Base(file)+"/"+name] = &fstest.MapFile{Data: f.Data}
			}
		}
	}
	for dir := range dirs(in) {
		set, _, err := manifest.Load([]manifest.Input{{FS: in, Path: dir}}, manifest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		before := held(t, set)
		for _, flavor := range []kong.Flavor{kong.Expressions, kong.TraditionalCompatible} {
			g, _ := bind.Build(set, bind.Options{Flavor: flavor})
			target := render.Target{Flavor: flavor, AllowUnresolved: true, RequestClientCertificates: true, Modules: []string{kong.AnyModule}}
			render.Translate(g, target)
			render.Explain(g, target)
			status.Of(g)
		}
		for ref, text := range held(t, set) {
			if before[ref] != text {
				t.Errorf("%s: %s was changed:\n%s\n%s", dir, ref, before[ref], text)
			}
		}
	}
}

// dirs returns the directories of files.
func dirs(in fstest.MapFS) map[string]bool {
	out := map[string]bool{}
	for name := range in {
		out[name[:strings.IndexByte(name, '/')]] = true
	}
	return out
}

// held returns the objects of a set as JSON.
func held(t *testing.T, set manifest.Set) map[string]string {
	t.Helper()
	out := map[string]string{}
	for o := range set.All() {
		text, err := json.Marshal(o.Typed)
		if err != nil {
			t.Fatal(err)
		}
		out[o.Ref.String()] = string(text)
	}
	return out
}
