package docs_test

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	gwdiff "github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/docs"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

var update = flag.Bool("update", false, "rewrite the output of the examples in findings.md")

// withoutExample are the codes whose findings take more than a few lines of YAML.
var withoutExample = []string{
	gwdiff.IgnoreMatchesNothing,
	manifest.CodeUnreadable, manifest.CodeTooLarge, manifest.CodeNotFollowed, manifest.CodeAliasLimit,
	render.MissingSetting, render.NameCollision, render.SharedConnections, render.SNIConflict, render.TLSWithoutSNI, render.TooManyMatches,
	render.UnknownPlugin, render.UnusedCertificate,
}

// TestCodes holds the page to the constants of the program: every code has a section, and every section a code.
func TestCodes(t *testing.T) {
	var want, got []string
	for _, file := range []string{"../render/manifest/codes.go", "../render/bind/code.go", "../render/code.go", "../diff/code.go"} {
		want = append(want, constants(t, file)...)
	}
	for _, f := range docs.Findings() {
		got = append(got, f.Code)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("codes of the program (-) and sections of findings.md (+):\n%s", diff)
	}
}

// constants returns the values of all string constants of a file.
func constants(t *testing.T, file string) []string {
	t.Helper()
	var out []string
	ast.Inspect(parse(t, file), func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			for _, v := range spec.Values {
				if s, ok := stringOf(v); ok {
					out = append(out, s)
				}
			}
		}
		return true
	})
	if len(out) == 0 {
		t.Errorf("no constants in %s", file)
	}
	return out
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func stringOf(e ast.Expr) (string, bool) {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(literal.Value)
	return s, err == nil
}

// TestCodesAreConstants wants no finding with a code that is written out where it is used: TestCodes would not know it.
func TestCodesAreConstants(t *testing.T) {
	err := filepath.WalkDir("../render", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		ast.Inspect(parse(t, path), func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				checkCode(t, path, n.Key, n.Value)
			case *ast.AssignStmt:
				for i := range min(len(n.Lhs), len(n.Rhs)) {
					if selector, ok := n.Lhs[i].(*ast.SelectorExpr); ok {
						checkCode(t, path, selector.Sel, n.Rhs[i])
					}
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkCode(t *testing.T, path string, field, value ast.Expr) {
	t.Helper()
	name, ok := field.(*ast.Ident)
	if s, literal := stringOf(value); ok && literal && s != "" && (name.Name == "Code" || name.Name == "Reason") {
		t.Errorf("%s: the code %q is no constant", path, s)
	}
}

// TestExamples runs the example of every section.
func TestExamples(t *testing.T) {
	page, err := os.ReadFile("findings.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	common, _, _ := strings.Cut(strings.SplitN(text, "```yaml\n", 2)[1], "```")
	for _, f := range docs.Findings() {
		t.Run(f.Code, func(t *testing.T) {
			example, ok := exampleOf(f.Text)
			reasonOnly := f.Severity == "reason only"
			if ok == (reasonOnly || slices.Contains(withoutExample, f.Code)) {
				t.Fatalf("there is an example: %v", ok)
			}
			if !ok {
				return
			}
			output, severities := lint(t, common, example, f.Code)
			for _, s := range severities {
				if !slices.Contains(strings.Fields(f.Severity), s) {
					t.Errorf("severity %s, and the page says %s", s, f.Severity)
				}
			}
			if diff := cmp.Diff(example.output, output); diff != "" && !*update {
				t.Errorf("-page +program (-update rewrites):\n%s", diff)
			}
			text = strings.Replace(text, f.Text, strings.Replace(f.Text, example.block(example.output), example.block(output), 1), 1)
		})
	}
	if *update {
		if err := os.WriteFile("findings.md", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// example is a manifest and what lint says of it.
type example struct{ info, yaml, output string }

// block is how the example stands on the page, with that output.
func (e example) block(output string) string {
	return "```yaml" + e.info + "\n" + e.yaml + "```\n\n```\n" + output + "```\n"
}

func exampleOf(section string) (example, bool) {
	_, rest, ok := strings.Cut(section, "```yaml")
	if !ok {
		return example{}, false
	}
	var e example
	e.info, rest, _ = strings.Cut(rest, "\n")
	e.yaml, rest, _ = strings.Cut(rest, "```\n\n```\n")
	e.output, _, _ = strings.Cut(rest, "```")
	return e, true
}

// lint returns what lint says of an example, of the findings with the code, and their severities. Of two flavors it takes the one that has
// something to say.
func lint(t *testing.T, common string, e example, code string) (output string, severities []string) {
	t.Helper()
	name := "example.yaml"
	var o render.Options
	for _, word := range strings.Fields(e.info) {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "file":
			name = value
		case "gateway":
			namespace, name, _ := strings.Cut(value, "/")
			o.Bind.Gateways = append(o.Bind.Gateways, types.NamespacedName{Namespace: namespace, Name: name})
		default:
			t.Fatalf("unknown word %q", word)
		}
	}
	files := fstest.MapFS{"common.yaml": {Data: []byte(common)}, name: {Data: []byte(e.yaml)}}
	for _, o.Target.Flavor = range []kong.Flavor{kong.TraditionalCompatible, kong.Expressions} {
		result, err := render.Render([]manifest.Input{{FS: files, Path: "."}}, o)
		if err != nil {
			t.Fatal(err)
		}
		found := slices.DeleteFunc(result.Findings, func(f diag.Finding) bool { return f.Code != code })
		if len(found) == 0 {
			continue
		}
		for _, f := range found {
			severities = append(severities, f.Severity.String())
		}
		var b bytes.Buffer
		if err := report.Findings(&b, found); err != nil {
			t.Fatal(err)
		}
		return b.String(), severities
	}
	t.Errorf("the example has no finding %s", code)
	return "", nil
}

// TestLookup finds codes however they are written.
func TestLookup(t *testing.T) {
	f, ok := docs.Lookup("refnotpermitted")
	if !ok || f.Code != bind.RefNotPermitted || f.Severity != "error" || !strings.HasPrefix(f.Text, "### RefNotPermitted\n\nerror\n\n") {
		t.Errorf("got %+v, %v", f, ok)
	}
	if _, ok := docs.Lookup("Nothing"); ok {
		t.Error("there is something called Nothing")
	}
}
