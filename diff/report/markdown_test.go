package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
)

func markdown(t *testing.T, r report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Markdown(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMarkdown(t *testing.T) {
	service := entity(t, kong.Services, "1", map[string]any{"name": "a", "host": "b"})
	changes := plan(t, kong.State{}, state(t, service))
	warning := diag.Finding{Severity: diag.Warning, Code: "NoParentRefs", Pos: diag.Pos{File: "a.yaml", Line: 2}, Message: "no ```parent"}
	for _, test := range []struct {
		name string
		r    report.Report
		want string
	}{
		{"changes", report.Report{Command: "diff", Plan: changes, Findings: diag.List{warning, {Message: "for information"}}}, `
### gwsync diff: 1 warning, 1 to create, 0 to update, 0 to delete

''''
a.yaml:2: warning: no '''parent [NoParentRefs]
''''

'''diff
+ service a
    host: b

Plan: 1 to create, 0 to update, 0 to delete.
'''
`},
		{"no changes", report.Report{Command: "diff"}, `
### gwsync diff: no changes

'''diff
No changes: Kong holds what the manifests say.
'''
`},
		{"failed", report.Report{Command: "apply", Err: sync.WithHint(errors.New("cannot reach Kong"), "is it up?")}, `
### gwsync apply: failed

'''
error: cannot reach Kong
hint: is it up?
'''
`},
		{"applied", report.Report{Command: "apply", Plan: changes, Applied: changes.Changes()}, `
### gwsync apply: 1 applied

'''diff
+ service a
    host: b

Plan: 1 to create, 0 to update, 0 to delete.
'''
`},
		{"no drift", report.Report{Command: "drift", Drift: true}, `
### gwsync drift: no drift

'''diff
No drift: Kong holds what the manifests say.
'''
`},
	} {
		want := strings.ReplaceAll(strings.TrimPrefix(test.want, "\n"), "'", "`")
		if d := cmp.Diff(want, markdown(t, test.r)); d != "" {
			t.Errorf("%s: -want +got:\n%s", test.name, d)
		}
	}
}

// TestMarkdownIsShortEnough wants a comment that GitHub takes, whatever there is to say.
func TestMarkdownIsShortEnough(t *testing.T) {
	var services []kong.Entity
	var findings diag.List
	for i := range 3000 {
		services = append(services, entity(t, kong.Services, fmt.Sprint(i), map[string]any{"name": fmt.Sprint("service-", i), "host": "b"}))
		findings = append(findings, diag.Finding{Severity: diag.Warning, Code: "C", Pos: diag.Pos{File: "a", Line: i}, Message: "m"})
	}
	got := markdown(t, report.Report{Command: "diff", Plan: plan(t, kong.State{}, state(t, services...)), Findings: findings})
	if len(got) > 65_000 || !strings.Contains(got, "more lines are left out") || !strings.Contains(got, "3000 to create") {
		t.Errorf("%d bytes: %s", len(got), got[:min(len(got), 500)])
	}
	if strings.Count(got, "<details>") != 2 || strings.Count(got, "</details>") != 2 {
		t.Error("long blocks are not folded")
	}
}

// FuzzMarkdownIsInert has hostile text in every place that a comment shows, and reads it as CommonMark does: all lines outside of fenced
// blocks are ours.
func FuzzMarkdownIsInert(f *testing.F) {
	for _, s := range []string{"", "plain", "```\n# @everyone", "~~~", "</details><script>", "[x](javascript:1)", "a\r\n````", "\u2028```"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		s := strings.ToValidUTF8(raw, "?")
		service := entity(t, kong.Services, "1", map[string]any{"name": "s", "host": s, "path": "x\n" + s, s: s})
		old := entity(t, kong.Services, "1", map[string]any{"name": "s", "host": "x", "path": "y\nz"})
		finding := diag.Finding{Severity: diag.Warning, Code: raw, Message: raw, Hint: raw, Pos: diag.Pos{File: raw}}
		for _, r := range []report.Report{
			{Command: "diff", Target: raw, Plan: plan(t, state(t, old), state(t, service)), Findings: diag.List{finding}},
			{Command: "diff", Target: raw, Err: sync.WithHint(errors.New(raw), raw)},
		} {
			fence := ""
			for _, line := range strings.Split(strings.TrimSuffix(markdown(t, r), "\n"), "\n") {
				ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
				switch {
				case fence == "" && len(ticks) >= 3:
					fence = ticks
				case fence == "":
					if line != "" && !strings.HasPrefix(line, "### gwsync diff: 1 warning, ") && line != "### gwsync diff: failed" {
						t.Errorf("%q stands outside", line)
					}
				case len(ticks) >= len(fence) && strings.TrimLeft(strings.TrimSpace(line), "`") == "":
					fence = ""
				}
			}
			if fence != "" {
				t.Error("a block does not end")
			}
		}
	})
}
