package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// maxMarkdown is how many bytes a report in Markdown may have: a comment of GitHub has at most 65,536 characters.
const maxMarkdown = 60_000

// openLines is how many lines a report may have to be shown unfolded.
const openLines = 60

// Markdown writes the report as a comment on a pull request: a heading with the numbers, below it the text report, and what is wrong with
// the manifests. It is cut where it would be longer than a comment may be.
//
// All text from elsewhere stands in fenced blocks, which no text can end, since their fences are longer than any in it: nothing there is a
// link, a mention or HTML.
func Markdown(w io.Writer, r Report) error {
	var text, findings bytes.Buffer
	if r.Err == nil || !r.Plan.Empty() || len(r.Plan.Conflicts()) > 0 {
		if err := Text(&text, r, TextOptions{}); err != nil {
			return err
		}
	}
	if err := Findings(&findings, r.Findings.AtLeast(diag.Warning)); err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "### gwsync %s: %s\n", cmp.Or(r.Command, "diff"), r.headline())
	if r.Err != nil && !r.Findings.HasErrors() {
		message := "error: " + diag.PrintableLines(r.Err.Error())
		if hint := diag.HintOf(r.Err); hint != "" {
			message += "\nhint: " + diag.PrintableLines(hint)
		}
		writeFenced(&b, "", message, maxMarkdown/4)
	}
	writeFenced(&b, "", findings.String(), maxMarkdown/4)
	writeFenced(&b, "diff", text.String(), maxMarkdown/2)
	_, err := w.Write(b.Bytes())
	return err
}

// headline returns the numbers, and nothing that anybody else has written.
func (r Report) headline() string {
	var parts []string
	count := func(n int, one, many string) {
		switch n {
		case 0:
		case 1:
			parts = append(parts, "1 "+one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
	}
	s := r.summary()
	count(s.Errors, "error", "errors")
	count(s.Warnings, "warning", "warnings")
	count(s.Conflicts, "conflict", "conflicts")
	switch {
	case r.Err != nil && s.Errors+s.Conflicts == 0:
		parts = append(parts, "failed")
	case r.Err != nil:
	case r.Drift:
		parts = append(parts, r.drifted())
	case len(r.Applied) > 0:
		parts = append(parts, fmt.Sprintf("%d applied", len(r.Applied)))
	case r.Plan.Empty():
		parts = append(parts, "no changes")
	default:
		parts = append(parts, r.Plan.String())
	}
	return strings.Join(parts, ", ")
}

// drifted returns how much another hand has changed, as far as that is known.
func (r Report) drifted() string {
	c, known := r.Plan.Causes()
	switch n := c.Drift + c.Contested; {
	case !known && !r.Plan.Empty():
		return r.Plan.String()
	case known && n > 0:
		return fmt.Sprintf("%d drifted", n)
	case len(r.Plan.Attachments()) > 0:
		return fmt.Sprintf("%d attached by others", len(r.Plan.Attachments()))
	}
	return "no drift"
}

// writeFenced writes a block of printable text, folded if it is long, and cut after so many bytes. Without text there is no block.
func writeFenced(b *bytes.Buffer, language, text string, limit int) {
	text = strings.Trim(text, "\n")
	if text == "" {
		return
	}
	text, more := cut(text, limit)
	lines := strings.Count(text, "\n") + 1
	fence := fenceFor(text)
	folded := lines > openLines
	if folded {
		fmt.Fprintf(b, "\n<details>\n<summary>%d lines</summary>\n", lines+more)
	}
	fmt.Fprintf(b, "\n%s%s\n%s\n%s\n", fence, language, text, fence)
	if more > 0 {
		fmt.Fprintf(b, "\n%d more lines are left out.\n", more)
	}
	if folded {
		b.WriteString("\n</details>\n")
	}
}

// cut returns the lines of a text that have at most so many bytes together, and how many others there are.
func cut(text string, limit int) (kept string, more int) {
	if len(text) <= limit {
		return text, 0
	}
	end := max(strings.LastIndexByte(text[:limit], '\n'), 0)
	return text[:end], strings.Count(text[end:], "\n")
}

// fenceFor returns a fence that is longer than any run of backticks in the text.
//
// Source: CommonMark 0.31.2, section 4.5: a fence is closed by one that is at least as long.
func fenceFor(text string) string {
	longest, run := 0, 0
	for _, c := range text {
		if c != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return strings.Repeat("`", max(3, longest+1))
}
