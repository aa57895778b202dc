package manifest

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gwsync/gwsync/render/diag"
)

// TestGolden loads the files in/* of each testdata/*.txtar and compares what Load says with the rest of the archive:
// findings.txt, skipped.txt and the objects as JSON, each at its place. Run it with -update to rewrite them. In the input,
// "␍" stands for a carriage return and "␀" for a NUL byte, and "␠" for a byte order mark.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			out := &txtar.Archive{Comment: archive.Comment}
			tree := fstest.MapFS{}
			for _, f := range archive.Files {
				if name, ok := strings.CutPrefix(f.Name, "in/"); ok {
					out.Files = append(out.Files, f)
					r := strings.NewReplacer("␍\n", "\r\n", "␀", "\x00", "␠", "\ufeff")
					tree[name] = &fstest.MapFile{Data: []byte(r.Replace(string(f.Data)))}
				}
			}
			set, findings, err := Load([]Input{{FS: tree, Path: "."}}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range []txtar.File{
				{Name: "findings.txt", Data: []byte(findingsText(findings))},
				{Name: "skipped.txt", Data: []byte(skippedText(set))},
				{Name: "objects.txt", Data: []byte(objectsText(t, set))},
			} {
				if len(f.Data) > 0 {
					out.Files = append(out.Files, f)
				}
			}
			checkGolden(t, path, string(txtar.Format(out)))
		})
	}
}

func findingsText(l diag.List) string {
	var b strings.Builder
	for _, f := range l {
		fmt.Fprintf(&b, "%s: %s: %s: %s\n", f.Pos, f.Severity, f.Code, f.Message)
		for _, line := range []struct{ name, text string }{{"object", f.Object.String()}, {"field", f.Field}, {"hint", f.Hint}} {
			if line.text != "" {
				fmt.Fprintf(&b, "  %s: %s\n", line.name, line.text)
			}
		}
		for _, p := range f.Related {
			fmt.Fprintf(&b, "  see: %s\n", p)
		}
	}
	return b.String()
}

func skippedText(s Set) string {
	var b strings.Builder
	for _, k := range s.Skipped() {
		fmt.Fprintf(&b, "%d %s\n", k.Count, strings.Trim(k.Kind+"."+k.Group, "."))
	}
	return b.String()
}

func objectsText(t *testing.T, s Set) string {
	var b strings.Builder
	for o := range s.All() {
		data, err := json.MarshalIndent(o.Typed, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s: %s %s\n%s\n", o.At(""), o.Ref, o.Version, data)
	}
	return b.String()
}
