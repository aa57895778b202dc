package render

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// TestPartsDoNotMatter: what is looked at apart comes to what it comes to together, of all manifests of the tests.
func TestPartsDoNotMatter(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		in := fstest.MapFS{}
		for _, f := range archive.Files {
			if name, ok := strings.CutPrefix(f.Name, "in/"); ok {
				in[name] = &fstest.MapFile{Data: f.Data}
			}
		}
		set, _, err := manifest.Load([]manifest.Input{{FS: in, Path: "."}}, manifest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, flavor := range []kong.Flavor{kong.Expressions, kong.TraditionalCompatible} {
			g, _ := bind.Build(set, bind.Options{Flavor: flavor})
			target := Target{Flavor: flavor, RequestClientCertificates: true, Modules: []string{kong.AnyModule}}
			together, found := inPartsOf(1000, g, target)
			apart, foundApart := inPartsOf(1, g, target)
			if diff := cmp.Diff(together, apart); diff != "" {
				t.Errorf("%s, %s (-together +apart):\n%s", file, flavor, diff)
			}
			if diff := cmp.Diff(found, foundApart); diff != "" {
				t.Errorf("%s, %s: findings (-together +apart):\n%s", file, flavor, diff)
			}
		}
	}
}

// inPartsOf returns the translation of a graph in parts of some size: the entities as JSON, and where they come from.
func inPartsOf(size int, g *bind.Graph, target Target) (map[string]kong.Origin, diag.List) {
	t := &translator{partSize: size}
	out := map[string]kong.Origin{}
	for e := range t.translate(g, target).All() {
		out[e.String()+" "+string(e.AppendJSON(nil))] = e.Origin()
	}
	return out, t.findings.Sorted()
}
