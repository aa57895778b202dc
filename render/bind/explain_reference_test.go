package bind

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gwsync/gwsync/render/manifest"
)

// TestReferred explains the objects that each archive of testdata/referred names, "KIND NAMESPACE/NAME" a line, and compares what is said
// of them, and the findings, with what the archive says.
func TestReferred(t *testing.T) {
	files, err := filepath.Glob("testdata/referred/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives in testdata/referred (%v)", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g, findings := Build(load(t, archive), Options{})
		golden(t, file, archive, "findings", describe(findings))
		golden(t, file, archive, "explain", explainObjects(t, g, archive))
		if *update {
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// explainObjects explains the objects that an archive names.
func explainObjects(t *testing.T, g *Graph, archive *txtar.Archive) string {
	t.Helper()
	var texts []string
	for _, f := range archive.Files {
		if f.Name != "objects" {
			continue
		}
		for line := range strings.Lines(string(f.Data)) {
			ref := parseRef(strings.TrimSpace(line))
			if e, ok := g.Explain(ref); ok {
				texts = append(texts, e.Text())
			} else {
				texts = append(texts, ref.String()+" is not explained\n")
			}
		}
	}
	return strings.Join(texts, "\n")
}

// parseRef reads "KIND NAMESPACE/NAME".
func parseRef(s string) manifest.Ref {
	kind, name, _ := strings.Cut(s, " ")
	namespace, name, _ := strings.Cut(name, "/")
	groups := map[string]string{
		"Service": "", "Secret": "", "ConfigMap": "", "Namespace": "", "EndpointSlice": "discovery.k8s.io",
	}
	group, ok := groups[kind]
	if !ok {
		group = gatewayGroup
	}
	return manifest.Ref{Group: group, Kind: kind, Namespace: namespace, Name: name}
}
