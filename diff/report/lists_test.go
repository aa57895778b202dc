package report_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/render/diag"
)

// severalFindings are findings of each severity, some of them alike, and one without a place.
func severalFindings() diag.List {
	return diag.List{
		{Code: "ForeignParent", Pos: diag.Pos{File: "a b#1.yaml", Line: 1}, Message: "a mesh"},
		{Severity: diag.Warning, Code: "NoParentRefs", Message: "no parent"},
		{Severity: diag.Error, Code: "RefNotPermitted", Pos: diag.Pos{File: "c:d.yaml", Line: 14, Col: 9}, Message: "see [this](http://x)",
			Hint: "add:\nkind: ReferenceGrant", Related: []diag.Pos{{File: "s.yaml", Line: 3}}},
		{Severity: diag.Error, Code: "RefNotPermitted", Pos: diag.Pos{File: "c:d.yaml", Line: 15, Col: 9}, Message: "see [this](http://x)"},
	}
}

// sarif is what a reader of SARIF takes.
type sarif struct {
	Version string
	Runs    []struct {
		Tool struct {
			Driver struct {
				Rules []struct{ ID, HelpURI string }
			}
		}
		Results []struct {
			RuleID, Level string
			Message       struct{ Text string }
			Locations     []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI string }
					Region           *struct{ StartLine, StartColumn int }
				}
			}
			PartialFingerprints map[string]string
		}
	}
}

func sarifOf(t *testing.T, l diag.List) sarif {
	t.Helper()
	var b bytes.Buffer
	if err := report.SARIF(&b, l); err != nil {
		t.Fatal(err)
	}
	var out sarif
	if err := json.Unmarshal(b.Bytes(), &out); err != nil || out.Version != "2.1.0" || len(out.Runs) != 1 {
		t.Fatalf("%v in %s", err, b.String())
	}
	return out
}

func TestSARIF(t *testing.T) {
	run := sarifOf(t, severalFindings()).Runs[0]
	var got []string
	prints := map[string]bool{}
	for _, r := range run.Results {
		place := r.Locations[0].PhysicalLocation
		line := ""
		if place.Region != nil {
			line = strings.Repeat("|", place.Region.StartLine)
		}
		got = append(got, r.Level+" "+r.RuleID+" "+place.ArtifactLocation.URI+line+" "+r.Message.Text)
		prints[r.PartialFingerprints["gwsync/v1"]] = true
	}
	want := []string{
		"error RefNotPermitted ./c:d.yaml|||||||||||||| see [this] (http://x)\n    hint: add:\n      kind: ReferenceGrant",
		"error RefNotPermitted ./c:d.yaml||||||||||||||| see [this] (http://x)",
		"warning NoParentRefs . no parent",
		"note ForeignParent a%20b%231.yaml| a mesh",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("-want +got:\n" + d)
	}
	if len(prints) != len(want) {
		t.Error("two findings have one fingerprint")
	}
	if len(run.Tool.Driver.Rules) != 3 || !strings.HasSuffix(run.Tool.Driver.Rules[0].HelpURI, "/docs/findings.md#foreignparent") {
		t.Errorf("rules %v", run.Tool.Driver.Rules)
	}
}

// TestFingerprintsStay moves findings to other lines, as an edit above them does: they are still the same.
func TestFingerprintsStay(t *testing.T) {
	before, moved := severalFindings(), severalFindings()
	for i := range moved {
		moved[i].Pos.Line += 7
	}
	a, b := sarifOf(t, before).Runs[0].Results, sarifOf(t, moved).Runs[0].Results
	for i := range a {
		if d := cmp.Diff(a[i].PartialFingerprints, b[i].PartialFingerprints); d != "" {
			t.Error(d)
		}
	}
}

// issue is one of a report on code quality.
type issue struct {
	Description string
	CheckName   string `json:"check_name"`
	Fingerprint string
	Severity    string
	Location    struct {
		Path  string
		Lines struct{ Begin int }
	}
}

func gitlab(t *testing.T, l diag.List) []issue {
	t.Helper()
	var b bytes.Buffer
	if err := report.GitLab(&b, l); err != nil {
		t.Fatal(err)
	}
	var out []issue
	if err := json.Unmarshal(b.Bytes(), &out); err != nil {
		t.Fatalf("%v in %s", err, b.String())
	}
	return out
}

func TestGitLab(t *testing.T) {
	issues := gitlab(t, severalFindings())
	var got []string
	prints := map[string]bool{}
	for _, i := range issues {
		got = append(got, strings.Join([]string{i.Severity, i.CheckName, i.Location.Path, i.Description}, " "))
		prints[i.Fingerprint] = true
		if i.Location.Lines.Begin < 1 {
			t.Errorf("%v has no line", i)
		}
	}
	want := []string{
		"critical RefNotPermitted c:d.yaml see [this](http://x)", "critical RefNotPermitted c:d.yaml see [this](http://x)",
		"minor NoParentRefs . no parent", "info ForeignParent a b#1.yaml a mesh",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("-want +got:\n" + d)
	}
	if len(prints) != len(want) {
		t.Error("two findings have one fingerprint")
	}
	if got := gitlab(t, nil); got == nil {
		t.Error("no findings are null, not an empty list")
	}
}

// FuzzLists puts hostile text everywhere, and wants documents with one entry a finding, without links or control characters.
func FuzzLists(f *testing.F) {
	for _, s := range []string{"", "plain", "](", "\\](", "\x1b[2J", "\xff", "//host/x", "a?b#c%", "\u202e", "../x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l := diag.List{
			{Severity: diag.Error, Code: s, Message: s, Hint: s, Field: s, Pos: diag.Pos{File: s, Line: 1}, Object: diag.Object{Name: s}},
			{Severity: diag.Error, Code: s, Message: s, Hint: s, Field: s, Pos: diag.Pos{File: s, Line: 2}, Object: diag.Object{Name: s}},
		}
		results := sarifOf(t, l).Runs[0].Results
		for _, r := range results {
			uri := r.Locations[0].PhysicalLocation.ArtifactLocation.URI
			u, err := url.Parse(uri)
			if strings.Contains(r.Message.Text, "](") || err != nil || u.Host != "" || u.Scheme != "" || u.RawQuery != "" {
				t.Errorf("text %q, URI %q: %v", r.Message.Text, uri, err)
			}
		}
		issues := gitlab(t, l)
		if len(results) != 2 || len(issues) != 2 || issues[0].Fingerprint == issues[1].Fingerprint {
			t.Errorf("%v, %v", results, issues)
		}
	})
}
