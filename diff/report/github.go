package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// GitHub writes the findings as workflow commands, with which a GitHub workflow annotates the lines of a pull request. Errors come
// first, since GitHub shows no more than ten errors and ten warnings of a step.
//
// Source: docs.github.com, "Workflow commands for GitHub Actions"; escapes: github.com/actions/toolkit, core/src/command.ts.
func GitHub(w io.Writer, l diag.List) error {
	var b bytes.Buffer
	for _, f := range gravestFirst(l) {
		annotation(&b, f)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func annotation(b *bytes.Buffer, f diag.Finding) {
	command := "notice"
	if f.Severity != diag.Info {
		command = f.Severity.String()
	}
	b.WriteString("::" + command + " title=" + property(f.Code))
	if f.Pos.File != "" {
		b.WriteString(",file=" + property(f.Pos.File))
	}
	if f.Pos.Line > 0 {
		fmt.Fprintf(b, ",line=%d", f.Pos.Line)
	}
	if f.Pos.Col > 0 {
		fmt.Fprintf(b, ",col=%d", f.Pos.Col)
	}
	b.WriteString("::" + escapeData(messageAndHint(f)) + "\n")
}

// messageAndHint returns the message, and the hint on lines below.
func messageAndHint(f diag.Finding) string {
	var b bytes.Buffer
	b.WriteString(diag.Printable(f.Message) + "\n")
	writeHint(&b, f.Hint)
	return strings.TrimRight(b.String(), "\n")
}

// gravestFirst returns the findings by severity, and by place where that is the same.
func gravestFirst(l diag.List) diag.List {
	sorted := l.Sorted()
	slices.SortStableFunc(sorted, func(a, b diag.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	return sorted
}

// escapeData keeps text within the message of a command.
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// property keeps text within one property of a command.
func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(escapeData(diag.Printable(s)))
}
