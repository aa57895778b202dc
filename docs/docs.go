// Package docs holds the pages that the program shows, too.
//
// findings.md has a section for each code of a finding: its heading is the code, and the line below it says how severe the finding is.
package docs

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed findings.md
var page string

// Finding is what the page says about the findings of one code.
type Finding struct {
	Code string
	// Severity is "error", "warning" or "info", or some of them: "error or warning".
	Severity string
	// Text is the section, in Markdown, with its heading.
	Text string
}

// Findings returns the sections of findings.md, in their order.
func Findings() []Finding { return sections() }

// Lookup returns the section of a code, in whatever case it is written.
func Lookup(code string) (Finding, bool) {
	i := slices.IndexFunc(sections(), func(f Finding) bool { return strings.EqualFold(f.Code, code) })
	if i < 0 {
		return Finding{}, false
	}
	return sections()[i], true
}

// heading begins a section.
const heading = "### "

// sections splits the page, once.
var sections = sync.OnceValue(func() []Finding {
	var out []Finding
	inside := false
	for line := range strings.Lines(page) {
		switch {
		case strings.HasPrefix(line, heading):
			inside = true
			out = append(out, Finding{Code: strings.TrimSpace(strings.TrimPrefix(line, heading))})
		case strings.HasPrefix(line, "## "):
			inside = false
		}
		if inside {
			out[len(out)-1].Text += line
		}
	}
	for i := range out {
		f := &out[i]
		f.Text = strings.TrimSpace(f.Text) + "\n"
		_, rest, _ := strings.Cut(f.Text, "\n\n")
		f.Severity, _, _ = strings.Cut(rest, "\n")
	}
	return out
})
