package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

const instance = "test"

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// TestReports reads files with a live and a desired state, in Kong's declarative format, and the reports on the plan between
// them. All entities are ours but those with the tag "foreign".
func TestReports(t *testing.T) {
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
			r := report.Report{Command: "diff", Target: "http://user:password@kong:8001", Revision: "0a1b2c3",
				Plan: plan(t, declared(t, a.Files[0].Data), declared(t, a.Files[1].Data))}
			want := txtar.Archive{Comment: a.Comment, Files: append(a.Files[:2:2],
				txtar.File{Name: "text", Data: []byte(text(t, r, false))},
				txtar.File{Name: "json", Data: []byte(document(t, r))})}
			if *update {
				if err := os.WriteFile(file, txtar.Format(&want), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(txtar.Format(a)), string(txtar.Format(&want))); d != "" {
				t.Error("-want +got:\n" + d)
			}
		})
	}
}

func plan(t *testing.T, live, desired kong.State) diff.Plan {
	t.Helper()
	p, err := diff.Compute(live, desired, diff.Options{Instance: instance})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// declared returns the state of a declarative configuration, each entity at a line of its own.
func declared(t *testing.T, config []byte) kong.State {
	t.Helper()
	s, err := kong.Decode(bytes.NewReader(append([]byte("_format_version: \"3.0\"\n"), config...)))
	if err != nil {
		t.Fatal(err)
	}
	var all []kong.Entity
	for e := range s.All() {
		if !e.HasTag("foreign") {
			e = mark(t, e)
		}
		all = append(all, e.WithOrigin(kong.Origin{
			Object: diag.Object{Kind: "HTTPRoute", Namespace: "default", Name: "echo"},
			Pos:    diag.Pos{File: "routes/echo.yaml", Line: len(all) + 1, Col: 3},
		}))
	}
	return state(t, all...)
}

func mark(t *testing.T, e kong.Entity) kong.Entity {
	t.Helper()
	e, err := e.With("tags", append(e.Tags(), diff.Tags(instance)...))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func state(t *testing.T, entities ...kong.Entity) kong.State {
	t.Helper()
	s, err := kong.NewState(entities...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func text(t *testing.T, r report.Report, color bool) string {
	t.Helper()
	var b strings.Builder
	if err := report.Text(&b, r, report.TextOptions{Color: color}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func document(t *testing.T, r report.Report) string {
	t.Helper()
	var b strings.Builder
	if err := report.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func findings(t *testing.T, l diag.List) string {
	t.Helper()
	var b strings.Builder
	if err := report.Findings(&b, l); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var someFindings = diag.List{
	{Severity: diag.Warning, Code: "NoMatchingParent", Object: diag.Object{Kind: "HTTPRoute", Namespace: "a", Name: "b"},
		Message: "no gateway"},
	{Severity: diag.Error, Code: "RefNotPermitted", Object: diag.Object{Kind: "HTTPRoute", Namespace: "a", Name: "b"},
		Pos: diag.Pos{File: "routes/echo.yaml", Line: 14, Col: 9}, Field: "spec.rules[0].backendRefs[0]",
		Message: "service test/echo is in another namespace",
		Hint:    "add this ReferenceGrant:\nkind: ReferenceGrant\nmetadata:\n  name: echo\n",
		Related: []diag.Pos{{File: "services.yaml", Line: 3}}},
}

func TestFindingsReadLikeACompilers(t *testing.T) {
	want := `HTTPRoute a/b: warning: no gateway [NoMatchingParent]

routes/echo.yaml:14:9: error: service test/echo is in another namespace [RefNotPermitted]
    see also services.yaml:3
    hint: add this ReferenceGrant:
      kind: ReferenceGrant
      metadata:
        name: echo
`
	if d := cmp.Diff(want, findings(t, someFindings)); d != "" {
		t.Error("-want +got:\n" + d)
	}
	if got := findings(t, nil); got != "" {
		t.Errorf("got %q for no findings", got)
	}
}

type hinted struct{ error }

func (hinted) Hint() string { return "start it" }

func TestJSONOfAnError(t *testing.T) {
	service := func(host string) kong.State {
		return declared(t, []byte("services: [{name: s, host: "+host+"}]"))
	}
	p := plan(t, service("a"), service("b"))
	got := document(t, report.Report{Command: "apply", Plan: p, Findings: someFindings, Failed: p.Changes(),
		Err: hinted{errors.New("kong <cannot> be reached")}})
	var d map[string]any
	if err := json.Unmarshal([]byte(got), &d); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"result": "error",
		"error":  map[string]any{"message": "kong <cannot> be reached", "hint": "start it"},
		"failed": []any{map[string]any{"op": "update", "kind": "services", "name": "s", "id": p.Changes()[0].After.ID(),
			"origin": d["changes"].([]any)[0].(map[string]any)["origin"]}},
		"summary": map[string]any{"create": 0., "update": 1., "delete": 0., "conflicts": 0., "errors": 1., "warnings": 1., "applied": 0.,
			"failed": 1., "skipped": 0.,
			"rolled_back": 0.},
		"findings": []any{
			map[string]any{"severity": "warning", "code": "NoMatchingParent", "object": "HTTPRoute a/b", "message": "no gateway"},
			map[string]any{"severity": "error", "code": "RefNotPermitted", "object": "HTTPRoute a/b", "file": "routes/echo.yaml",
				"line": 14., "col": 9.,
				"field": "spec.rules[0].backendRefs[0]", "message": "service test/echo is in another namespace", "hint": someFindings[1].Hint,
				"related": []any{map[string]any{"file": "services.yaml", "line": 3.}}},
		},
	}
	for name := range want {
		if d := cmp.Diff(want[name], d[name]); d != "" {
			t.Errorf("%s: -want +got:\n%s", name, d)
		}
	}
	if !strings.Contains(got, "<cannot>") {
		t.Errorf("characters of HTML are escaped: %s", got)
	}
}

func TestColorsAreOnlyColors(t *testing.T) {
	live := declared(t, []byte("services: [{name: s, host: a, port: 1}, {name: gone, host: a}]"))
	desired := declared(t, []byte("services: [{name: s, host: b}, {name: new, host: a, path: /x}]"))
	r := report.Report{Plan: plan(t, live, desired)}
	colored := text(t, r, true)
	if got := strings.NewReplacer("\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "", "\x1b[2m", "",
		"\x1b[0m", "").Replace(colored); got != text(t, r, false) {
		t.Errorf("without its colors the text is\n%s", got)
	}
	if !strings.Contains(colored, "\x1b[32m+ service new\x1b[0m") || !strings.Contains(colored, "\x1b[31m- service gone\x1b[0m") {
		t.Errorf("got %q", colored)
	}
}
