package manifest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gwsync/gwsync/render/diag"
)

// TestSyntaxErrors says where syntax errors are reported.
func TestSyntaxErrors(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"a: b: c\n", "1:5"},
		{"kind: Service\n  metadata: {}\n", "2:11"},
		{"a:\n\tb: c\n", "2:1"},
		{"a:\n  b: 1\n c: 2\n", "3:2"},
		{"a: 1\nb:\n  c: 1\n d: 2\ne: 3\n", "4:2"},
		{"x: 1\na: [b, c\nd: e\nf: g\n", "2:4"},
		{"x: 1\na: {b: c\nd: e\n", "2:4"},
		{"x: 1\nä: \"b\nc: d\nf: g\n", "2:4"},
		{"x: 1\na: @b\n", "2:4"},
		{"x: 1\r\na: `b`\r\n", "2:4"},
		{"x: 1\na: \"\\n \\\" \\q\"\n", "2:11"},
		{"- a\nb: c\n", "2:1"},
		{"a: b\n- c\n", "2:1"},
		{"a: 1\nb: - c\n", "2:4"},
		{"x: 1\na: *b\n", "2:4"},
		{"x: 1\nkey\ny: 2\n", "2:1"},
		{"x: 1\ny: ]\n", "2:4"},
		{"a: 1\nx: 'a' b\nc: d\n", "2:8"},
		{"a:\n  b: c\n  - d\n", "3:3"},
		{"{{- if x }}\na: b\n{{- end }}\n", "1:1"},
		{"a: 1\nb: {{ .x }}-b\n", "2:12"},
		{"# a\n---\na: b: c", "3:5"},
		{"a: b\n---\nx: 1\n%: 2\n", "4:1"},
	} {
		_, findings := loadBytes(t, []byte(tt.in))
		if len(findings) != 1 {
			t.Errorf("%q: got the findings %v", tt.in, findings)
			continue
		}
		if f := findings[0]; f.Code != CodeSyntaxError || f.Pos.String() != "a.yaml:"+tt.want {
			t.Errorf("%q: got %s %s %s, want %s", tt.in, f.Pos, f.Code, f.Message, tt.want)
		}
	}
}

// TestLocateLarge makes sure that mistakes at the beginning of a large document are found.
func TestLocateLarge(t *testing.T) {
	end := strings.Repeat("c: d\n", 20_000)
	for _, begin := range []string{"a: \"b\n", "a: [b\n", "a: @b\n", "a: b: c\n"} {
		_, findings := loadBytes(t, []byte("x: 1\n"+begin+end))
		if len(findings) != 1 || findings[0].Pos.Line != 2 || findings[0].Pos.Col < 4 {
			t.Errorf("%q: got %v", begin, findings)
		}
	}
}

// FuzzLocate holds the places of syntax errors to what they mean: what stands before one can be read, with the next character it
// cannot. Only a wrong escape stands within what cannot be read.
func FuzzLocate(f *testing.F) {
	for _, data := range goldenInputs(f) {
		f.Add(data)
	}
	for _, s := range []string{"a: b: c", "a: [", "\"\\q", "- a\nb: c\n", "{{ x }}-", "a:\n\tb", "é: *é"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range split(data) {
			_, err := parse(c.text, false, parseYAML)
			var e *syntaxError
			if !errors.As(err, &e) || e.col > 0 || strings.Contains(e.message, "max depth") {
				continue
			}
			e.locate(c.text)
			if e.line < 1 || e.line > lineCount(c.text) {
				t.Errorf("%q: %+v", c.text, e)
			}
			if e.col == 0 || strings.Contains(e.message, "escape") {
				continue
			}
			at := offsetOf(c.text, e.line, e.col)
			if _, err := parseYAML(c.text[:at]); err != nil {
				t.Errorf("%q cannot be read: %v", c.text[:at], err)
			}
			_, n := utf8.DecodeRune(c.text[at:])
			if _, err := parseYAML(c.text[:at+n]); err == nil {
				t.Errorf("%q can be read", c.text[:at+n])
			}
		}
	})
}

// offsetOf returns the offset of a character.
func offsetOf(text []byte, line, col int) int {
	at, _ := lineAt(text, line)
	for ; col > 1; col-- {
		_, n := utf8.DecodeRune(text[at:])
		at += n
	}
	return at
}

// TestTemplates makes sure that what looks like a template is called one, whatever is wrong with it.
func TestTemplates(t *testing.T) {
	for i, text := range []string{
		"{{- if .Values.x }}\n%s\n{{- end }}\n", "%s\nspec: {{ .Values.spec }}\n", "%s\n  name: {{ .Values.name }}\n",
		"%s\n  name: \"{{ .Values.name }}\"\n", "%s\n  name: a\n  labels:\n    {{- include \"labels\" . | nindent 4 }}\n",
	} {
		_, findings := loadBytes(t, fmt.Appendf(nil, text, "apiVersion: v1\nkind: Namespace\nmetadata:"))
		if len(findings) == 0 {
			t.Errorf("%d: no findings", i)
		}
		hinted := false
		for _, f := range findings {
			hinted = hinted || f.Hint == templateHint && f.Severity == diag.Error
		}
		if !hinted {
			t.Errorf("%d: got %v", i, findings)
		}
	}
}
