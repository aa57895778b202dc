package bind

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

// TestGolden builds the Graph of the manifests in every archive of testdata, and compares the findings and all explanations with
// what the archive says.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives in testdata (%v)", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			g, findings := Build(load(t, archive), Options{})
			golden(t, file, archive, "findings", describe(findings))
			golden(t, file, archive, "explain", explainAll(t, g))
			if *update {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// golden compares a section of the archive, or replaces it.
func golden(t *testing.T, file string, archive *txtar.Archive, section, got string) {
	t.Helper()
	for i := range archive.Files {
		f := &archive.Files[i]
		if f.Name != section {
			continue
		}
		if diff := cmp.Diff(string(f.Data), got); diff != "" && !*update {
			t.Errorf("%s: %s (-want +got):\n%s", file, section, diff)
		}
		f.Data = []byte(got)
		return
	}
	if !*update {
		t.Errorf("%s has no section %s; run with -update", file, section)
	}
	archive.Files = append(archive.Files, txtar.File{Name: section, Data: []byte(got)})
}

// load reads the manifests of an archive, which must be in order: their findings are not this package's.
func load(t testing.TB, archive *txtar.Archive) manifest.Set {
	t.Helper()
	files := fstest.MapFS{}
	for _, f := range archive.Files {
		if strings.HasSuffix(f.Name, ".yaml") {
			files[f.Name] = &fstest.MapFile{Data: []byte(testKeys().Replace(string(f.Data)))}
		}
	}
	set, findings, err := manifest.Load([]manifest.Input{{FS: files, Path: "."}}, manifest.Options{})
	if err != nil || findings.HasErrors() {
		t.Fatalf("the manifests do not load: %v\n%s", err, describe(findings))
	}
	return set
}

// describe renders findings with all that a report could show.
func describe(l diag.List) string {
	var b strings.Builder
	for _, f := range l.Sorted() {
		fmt.Fprintf(&b, "%s %s  %s  %s  %s\n  %s\n", f.Severity, f.Code, f.Pos, f.Object, f.Field, f.Message)
		for _, p := range f.Related {
			fmt.Fprintf(&b, "  see: %s\n", p)
		}
		if f.Hint != "" {
			fmt.Fprintf(&b, "  hint: %s\n", strings.ReplaceAll(f.Hint, "\n", "\n        "))
		}
	}
	return b.String()
}

func explainAll(t *testing.T, g *Graph) string {
	t.Helper()
	var refs []manifest.Ref
	for _, r := range g.Routes {
		refs = append(refs, r.Object.Ref)
	}
	for _, c := range g.Classes {
		refs = append(refs, c.Object.Ref)
	}
	for _, gw := range g.Gateways {
		refs = append(refs, gw.Object.Ref)
	}
	for _, s := range g.ListenerSets {
		refs = append(refs, s.Object.Ref)
	}
	for _, p := range g.Policies {
		refs = append(refs, p.Object.Ref)
	}
	var texts []string
	for _, r := range refs {
		e, ok := g.Explain(r)
		if !ok {
			t.Errorf("%s cannot be explained", r)
		}
		texts = append(texts, e.Text())
	}
	return strings.Join(texts, "\n")
}
