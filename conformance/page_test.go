package conformance

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/conformance.md")

// TestPage holds the tables of docs/conformance.md to the expectations.
func TestPage(t *testing.T) {
	const page = "../docs/conformance.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- expectations -->\n", "<!-- end -->\n"
	before, rest, ok := strings.Cut(string(text), begin)
	got, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the page has no place for the tables")
	}
	want := tables()
	if *update {
		if err := os.WriteFile(page, []byte(before+begin+want+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if d := cmp.Diff(want, got); d != "" {
		t.Errorf("expectations (-) and page (+); -update rewrites it:\n%s", d)
	}
}

func tables() string {
	var b strings.Builder
	for _, f := range []kong.Flavor{kong.Expressions, kong.TraditionalCompatible} {
		fmt.Fprintf(&b, "\n### %s\n\n| test | |\n|---|---|\n", f)
		expected := expectations(f)
		for _, name := range slices.Sorted(maps.Keys(expected)) {
			fmt.Fprintf(&b, "| %s | %s |\n", name, expected[name])
		}
	}
	return b.String() + "\n"
}

// String says what is expected, for the page.
func (e expectation) String() string {
	switch {
	case e.refused != "":
		return "refused: `" + e.refused + "`"
	case e.cluster != "":
		return "takes a cluster: " + e.cluster
	}
	return "passes with `" + strings.Join(e.settings, "`, `") + "` in kong.conf"
}
