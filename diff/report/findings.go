package report

import (
	"bytes"
	"io"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// Findings writes the findings by place, in the form that editors and CI systems know from compilers, each with its hint
// indented below, and an empty line between the findings of two files. It writes nothing for an empty list.
func Findings(w io.Writer, l diag.List) error {
	var b bytes.Buffer
	for i, sorted := 0, l.Sorted(); i < len(sorted); i++ {
		if i > 0 && sorted[i].Pos.File != sorted[i-1].Pos.File {
			b.WriteByte('\n')
		}
		finding(&b, sorted[i])
	}
	_, err := w.Write(b.Bytes())
	return err
}

func finding(b *bytes.Buffer, f diag.Finding) {
	where := f.Pos.String()
	if where == "" {
		where = f.Object.String()
	}
	if where != "" {
		b.WriteString(diag.Printable(where) + ": ")
	}
	b.WriteString(f.Severity.String() + ": " + diag.Printable(f.Message))
	if f.Code != "" {
		b.WriteString(" [" + diag.Printable(f.Code) + "]")
	}
	b.WriteByte('\n')
	for _, p := range f.Related {
		b.WriteString("    see also " + diag.Printable(p.String()) + "\n")
	}
	writeHint(b, f.Hint)
}

// writeHint writes a hint as an indented block.
func writeHint(b *bytes.Buffer, text string) {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return
	}
	b.WriteString("    hint: ")
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString("      ")
		}
		b.WriteString(strings.TrimRight(diag.Printable(strings.TrimSuffix(line, "\r")), " ") + "\n")
	}
}
