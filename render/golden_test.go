package render_test

import (
	"bytes"
	"flag"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// TestGolden renders the manifests (in/*) of each testdata/*.txtar in both flavors. The first lines of a file are comments,
// and options of the target: "allow-unresolved", "declarative", "request-client-certificates", "lua-requires MODULES",
// "backend-address TEMPLATE".
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in := fstest.MapFS{}
	want := map[string]string{}
	out := &txtar.Archive{Comment: archive.Comment}
	for _, f := range archive.Files {
		if name, ok := strings.CutPrefix(f.Name, "in/"); ok {
			in[name] = &fstest.MapFile{Data: f.Data}
			out.Files = append(out.Files, f)
		} else {
			want[f.Name] = string(f.Data)
		}
	}
	got := map[string]string{}
	for _, flavor := range []kong.Flavor{kong.TraditionalCompatible, kong.Expressions} {
		state, findings := renderCase(t, in, flavor, string(archive.Comment))
		for name, text := range map[string]string{path.Join(string(flavor), "kong.yaml"): state,
			path.Join(string(flavor), "findings"): findings} {
			if text != "" {
				got[name] = text
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" && !*update {
		t.Errorf("(-want +got; -update rewrites):\n%s", diff)
	}
	if *update {
		for _, name := range []string{
			"traditional_compatible/findings", "traditional_compatible/kong.yaml", "expressions/findings", "expressions/kong.yaml",
		} {
			if text, ok := got[name]; ok {
				out.Files = append(out.Files, txtar.File{Name: name, Data: []byte(text)})
			}
		}
		if err := os.WriteFile(file, txtar.Format(out), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func renderCase(t *testing.T, in fstest.MapFS, flavor kong.Flavor, comment string) (state, findings string) {
	t.Helper()
	target := render.Target{Flavor: flavor}
	for line := range strings.Lines(comment) {
		switch option, value, _ := strings.Cut(strings.TrimSpace(line), " "); option {
		case "allow-unresolved":
			target.AllowUnresolved = true
		case "declarative":
			target.Declarative = true
		case "request-client-certificates":
			target.RequestClientCertificates = true
		case "lua-requires":
			target.Modules = strings.Fields(value)
		case "backend-address":
			var err error
			if target.Addresses, err = render.NewAddresses(value, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	result, err := render.Render([]manifest.Input{{FS: in, Path: "."}}, render.Options{Target: target})
	if err != nil {
		t.Fatal(err)
	}
	if err := result.State.Dangling(); err != nil {
		t.Error(err)
	}
	var b bytes.Buffer
	if err := result.State.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.String(), findingsText(result.Findings)
}

func findingsText(l diag.List) string {
	var b strings.Builder
	for _, f := range l {
		b.WriteString(f.Pos.String() + ": " + f.Severity.String() + ": " + f.Message + " [" + f.Code + "]\n")
	}
	return b.String()
}
