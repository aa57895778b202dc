package graph_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/graph"
	"github.com/gwsync/gwsync/render/manifest"
)

var update = flag.Bool("update", false, "rewrite the drawings in testdata")

// TestGolden draws the manifests of every archive of testdata in all formats, and around each object that a section "around KIND
// NAMESPACE NAME" is about.
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
			want := string(txtar.Format(archive))
			d := drawing(t, archive)
			for i := range archive.Files {
				if f := &archive.Files[i]; !strings.HasSuffix(f.Name, ".yaml") {
					f.Data = []byte(section(t, d, f.Name))
				}
			}
			got := txtar.Format(archive)
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("-want +got (-update rewrites):\n%s", diff)
			}
		})
	}
}

func drawing(t *testing.T, archive *txtar.Archive) graph.Drawing {
	t.Helper()
	files := fstest.MapFS{}
	for _, f := range archive.Files {
		if strings.HasSuffix(f.Name, ".yaml") {
			files[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	return draw(t, files)
}

func draw(t *testing.T, files fstest.MapFS) graph.Drawing {
	t.Helper()
	set, _, err := manifest.Load([]manifest.Input{{FS: files, Path: "."}}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g, _ := bind.Build(set, bind.Options{})
	return graph.New(set, g)
}

// section returns what a section of an archive has to hold.
func section(t *testing.T, d graph.Drawing, name string) string {
	t.Helper()
	switch words := strings.Fields(name); {
	case name == "mermaid":
		return d.Mermaid()
	case name == "dot":
		return d.Dot()
	case name == "json":
		return document(t, d)
	case len(words) == 4 && words[0] == "around":
		near, ok := d.Around(ref(words[1], words[2], words[3]))
		if !ok {
			return "not drawn\n"
		}
		return outline(near)
	}
	t.Fatalf("unknown section %q", name)
	return ""
}

func ref(kind, namespace, name string) manifest.Ref {
	r := manifest.Ref{Group: "gateway.networking.k8s.io", Kind: kind, Namespace: namespace, Name: name}
	switch kind {
	case "Service", "Secret", "ConfigMap":
		r.Group = ""
	case "Namespace":
		r.Group, r.Namespace = "", ""
	}
	return r
}

func document(t *testing.T, d graph.Drawing) string {
	t.Helper()
	s, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// outline is a drawing in short.
func outline(d graph.Drawing) string {
	var b strings.Builder
	for _, n := range d.Nodes {
		b.WriteString(strings.TrimSpace(n.ID+" "+n.Reason) + "\n")
	}
	for _, e := range d.Edges {
		b.WriteString(strings.TrimSpace(e.From+" "+string(e.Relation)+" "+e.To+" "+e.Reason) + "\n")
	}
	return b.String()
}

// TestStableNames wants the same lines for an object, whatever else is drawn.
func TestStableNames(t *testing.T) {
	one := fstest.MapFS{"a.yaml": {Data: []byte(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: m, namespace: shop}
spec:
  parentRefs: [{name: kong}]
  rules: [{backendRefs: [{name: echo, port: 80}]}]
`)}}
	both := fstest.MapFS{"a.yaml": one["a.yaml"], "b.yaml": {Data: []byte(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a, namespace: shop}
spec: {}
`)}}
	for _, format := range []func(graph.Drawing) string{graph.Drawing.Mermaid, graph.Drawing.Dot} {
		alone, together := format(draw(t, one)), format(draw(t, both))
		for line := range strings.Lines(alone) {
			if !strings.Contains(together, line) {
				t.Errorf("the line %q is not in\n%s", line, together)
			}
		}
	}
}
