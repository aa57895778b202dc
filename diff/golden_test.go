package diff_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// TestPlans reads files with a live and a desired state, in Kong's declarative format, and the plan between them. All entities
// are ours but those with the tag "foreign".
func TestPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := printPlan(compute(t, decode(t, a, "live.yaml"), decode(t, a, "desired.yaml")))
			if *update {
				a.Files = append(a.Files[:2], txtar.File{Name: "plan", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(archived(t, a, "plan")), got); d != "" {
				t.Error("-want +got:\n" + d)
			}
		})
	}
}

func archived(t *testing.T, a *txtar.Archive, name string) []byte {
	t.Helper()
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	t.Fatalf("no file %s", name)
	return nil
}

func decode(t *testing.T, a *txtar.Archive, name string) kong.State {
	t.Helper()
	s, err := kong.Decode(bytes.NewReader(append([]byte("_format_version: \"3.0\"\n"), archived(t, a, name)...)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var marked []kong.Entity
	for e := range s.All() {
		if !e.HasTag("foreign") {
			if e, err = e.With("tags", append(e.Tags(), diff.Tags(instance)...)); err != nil {
				t.Fatal(err)
			}
		}
		marked = append(marked, e)
	}
	if s, err = kong.NewState(marked...); err != nil {
		t.Fatal(err)
	}
	return s
}

func printPlan(p diff.Plan) string {
	var b strings.Builder
	fmt.Fprintln(&b, p)
	for _, c := range p.Changes() {
		fmt.Fprintln(&b, c)
		if c.Op == diff.Update {
			for _, f := range c.Fields {
				fmt.Fprintf(&b, "  %s: %v -> %v\n", f.Path, f.Old, f.New)
			}
		}
	}
	for _, c := range p.Conflicts() {
		fmt.Fprintln(&b, "conflict:", c)
	}
	for i, phase := range p.Phases() {
		fmt.Fprintf(&b, "%d. %s\n", i+1, phase.Name)
		for i, w := range phase.Writes {
			fmt.Fprintf(&b, "   %c %v%s", 'a'+i, w, form(w))
			for _, before := range w.After {
				fmt.Fprintf(&b, ", after %c", 'a'+before)
			}
			b.WriteByte('\n')
		}
		if phase.Settle {
			fmt.Fprintln(&b, "   settle")
		}
	}
	return b.String()
}

// form says what is special about what is written.
func form(w diff.Write) string {
	enabled, set := w.Entity.Field("enabled")
	switch {
	case w.Op == diff.Delete:
		return ""
	case set && enabled == false:
		return " (disabled)"
	case neverMatches(w.Entity) && w.Entity.HasTag("gwsync-parked"):
		return " (parked)"
	}
	return ""
}
