package report_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/render/diag"
)

func TestFindingsJSON(t *testing.T) {
	want := `{
  "format_version": "1.0",
  "command": "lint",
  "result": "error",
  "summary": {
    "errors": 1,
    "warnings": 0,
    "infos": 1,
    "files": 2
  },
  "objects": {
    "HTTPRoute": 1,
    "Service": 2
  },
  "skipped": {
    "Deployment": 3
  },
  "findings": [
    {
      "severity": "error",
      "code": "RefNotPermitted",
      "object": "HTTPRoute a/b",
      "file": "route.yaml",
      "line": 14,
      "col": 9,
      "field": "spec.rules[0].backendRefs[0]",
      "message": "denied",
      "hint": "add a grant",
      "related": [
        {
          "file": "services.yaml",
          "line": 3
        }
      ]
    },
    {
      "severity": "info",
      "code": "ForeignParent",
      "file": "route.yaml",
      "line": 20,
      "message": "a mesh"
    }
  ],
  "error": {
    "message": "1 error in the manifests"
  }
}
`
	var b strings.Builder
	err := report.FindingsJSON(&b, report.Lint{
		Objects: map[string]int{"HTTPRoute": 1, "Service": 2}, Skipped: map[string]int{"Deployment": 3}, Files: 2,
		Findings: diag.List{
			{Code: "ForeignParent", Pos: diag.Pos{File: "route.yaml", Line: 20}, Message: "a mesh"},
			{Severity: diag.Error, Code: "RefNotPermitted", Object: diag.Object{Kind: "HTTPRoute", Namespace: "a", Name: "b"},
				Pos: diag.Pos{File: "route.yaml", Line: 14, Col: 9}, Field: "spec.rules[0].backendRefs[0]", Message: "denied",
				Hint: "add a grant", Related: []diag.Pos{{File: "services.yaml", Line: 3}}},
		},
		Err: errors.New("1 error in the manifests"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error("-want +got:\n" + d)
	}
}

func TestGitHubAnnotations(t *testing.T) {
	want := `::error title=RefNotPermitted,file=a%2Cb.yaml,line=14,col=9::100%25 denied%0A    hint: add:%0A      kind: ReferenceGrant
::warning title=NoParentRefs::no parent
::notice title=ForeignParent,file=a,line=1::a mesh
`
	got := annotations(t, diag.List{
		{Code: "ForeignParent", Pos: diag.Pos{File: "a", Line: 1}, Message: "a mesh"},
		{Severity: diag.Warning, Code: "NoParentRefs", Message: "no parent"},
		{Severity: diag.Error, Code: "RefNotPermitted", Pos: diag.Pos{File: "a,b.yaml", Line: 14, Col: 9}, Message: "100% denied",
			Hint: "add:\nkind: ReferenceGrant"},
	})
	if d := cmp.Diff(want, got); d != "" {
		t.Error("-want +got:\n" + d)
	}
}

func annotations(t *testing.T, l diag.List) string {
	t.Helper()
	var b strings.Builder
	if err := report.GitHub(&b, l); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// FuzzGitHubAnnotations reads commands as a GitHub runner does, and wants what was put in: one command a finding, and no other.
//
// Source: github.com/actions/runner, src/Runner.Common/ActionCommand.cs.
func FuzzGitHubAnnotations(f *testing.F) {
	for _, s := range []string{"", "plain", "a\n::error::b", "a::b,c=d%0A", "%25", "\r::stop-commands::x", "\x1b[2J\u202e", "\xff"} {
		f.Add(s, s+"x")
	}
	f.Fuzz(func(t *testing.T, s, other string) {
		out := annotations(t, diag.List{
			{Severity: diag.Error, Code: s, Pos: diag.Pos{File: other, Line: 1}, Message: s, Hint: other},
			{Severity: diag.Warning, Code: other, Message: other, Hint: s},
		})
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if len(lines) != 2 {
			t.Fatalf("%d lines of 2 findings:\n%s", len(lines), out)
		}
		for i, words := range [][2]string{{s, other}, {other, s}} {
			head, data, _ := strings.Cut(strings.TrimPrefix(lines[i], "::"), "::")
			_, list, _ := strings.Cut(head, " ")
			properties := strings.Split(list, ",")
			if want := "title=" + diag.Printable(words[0]); unescape(properties[0]) != want {
				t.Errorf("got %q, want %q", unescape(properties[0]), want)
			}
			if file := "file=" + diag.Printable(words[1]); i == 0 && other != "" && unescape(properties[1]) != file {
				t.Errorf("got %q, want %q", unescape(properties[1]), file)
			}
			if message := unescape(data); !strings.HasPrefix(message, diag.Printable(words[0])) {
				t.Errorf("got %q, want %q first", message, diag.Printable(words[0]))
			}
			if strings.ContainsFunc(lines[i], func(r rune) bool { return !strconv.IsPrint(r) }) {
				t.Errorf("not printable: %q", lines[i])
			}
		}
	})
}

// unescape is the runner's.
func unescape(s string) string {
	for _, pair := range slices.Backward([][2]string{{"%25", "%"}, {"%0D", "\r"}, {"%0A", "\n"}, {"%3A", ":"}, {"%2C", ","}}) {
		s = strings.ReplaceAll(s, pair[0], pair[1])
	}
	return s
}
