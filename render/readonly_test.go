package render_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
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
	in := goldenInputs(t)
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

// TestLean holds what manifests come to for who asks for no more than that to what they come to for all others.
func TestLean(t *testing.T) {
	in := goldenInputs(t)
	for dir := range dirs(in) {
		var results [2]render.Result
		var texts [2]strings.Builder
		for i, lean := range []bool{false, true} {
			var err error
			results[i], err = render.Render([]manifest.Input{{FS: in, Path: dir}}, render.Options{
				Lean: lean, Target: render.Target{Flavor: kong.Expressions, AllowUnresolved: true, Modules: []string{kong.AnyModule}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := results[i].State.EncodeStored(&texts[i]); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(texts[0].String(), texts[1].String()); diff != "" {
			t.Errorf("%s:\n%s", dir, diff)
		}
		if diff := cmp.Diff(results[0].Findings, results[1].Findings); diff != "" {
			t.Errorf("%s:\n%s", dir, diff)
		}
		if results[0].Graph == nil || results[1].Graph != nil {
			t.Errorf("%s: only who asks for the graph has one", dir)
		}
	}
}

// goldenInputs returns the manifests of all archives of testdata, a directory each.
func goldenInputs(t *testing.T) fstest.MapFS {
	t.Helper()
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
	return in
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
