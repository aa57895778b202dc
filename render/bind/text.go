package bind

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gwsync/gwsync/render/diag"
)

// Text returns the explanation for a terminal: plain, one line a check, marked "ok", "DENIED" or, for what is not ours,
// "--", each with the place that decided, and below a denial what would allow it. It holds no control characters but
// line ends, whatever names the objects have.
func (e Explanation) Text() string {
	var b strings.Builder
	e.write(&b, 0)
	return b.String()
}

func (e Explanation) write(b *strings.Builder, level int) {
	pad := strings.Repeat("  ", level)
	title := e.Title
	if where := lineOf(e.Pos); where != "" && level == 0 {
		title += " (" + where + ")"
	} else if where != "" {
		title += "  " + where
	}
	writeLine(b, pad, title)
	width := detailWidth(e.Checks)
	for _, c := range e.Checks {
		c.write(b, pad+"  ", width)
	}
	for _, p := range e.Parts {
		p.write(b, level+1)
	}
	if e.Verdict != "" {
		writeLine(b, pad, "=> "+e.Verdict)
	}
}

// write writes the check in columns: mark, detail, place; then its fix.
func (c Check) write(b *strings.Builder, pad string, width int) {
	mark := "ok      "
	switch {
	case c.Reason == ForeignGateway || c.Reason == ForeignParent:
		mark = "--      "
	case !c.Passed:
		mark = "DENIED  "
	}
	line, where := diag.Printable(c.Detail), lineOf(c.Pos)
	if where != "" {
		line += strings.Repeat(" ", max(0, width-utf8.RuneCountInString(line))+2) + where
	}
	writeLine(b, pad+mark, line)
	if c.Passed || c.Fix == "" {
		return
	}
	for i, line := range strings.Split(c.Fix, "\n") {
		label := "        fix: "
		if i > 0 {
			label = "             "
		}
		writeLine(b, pad+label, line)
	}
}

// maxWidth is that of the longest detail that others are aligned with.
const maxWidth = 72

// detailWidth returns the width of the longest detail that a place follows, unless it is so long that it would push the others' places
// out of sight.
func detailWidth(checks []Check) int {
	width := 0
	for _, c := range checks {
		if n := utf8.RuneCountInString(diag.Printable(c.Detail)); n <= maxWidth && !c.Pos.IsZero() {
			width = max(width, n)
		}
	}
	return width
}

func writeLine(b *strings.Builder, pad, text string) {
	b.WriteString(pad)
	b.WriteString(diag.Printable(text))
	b.WriteByte('\n')
}

// lineOf returns "file:line": columns are for editors.
func lineOf(p diag.Pos) string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}
