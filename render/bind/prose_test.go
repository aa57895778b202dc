package bind

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"sigs.k8s.io/yaml"
)

func TestPrintable(t *testing.T) {
	tests := []struct{ in, want string }{
		{"proxy", "proxy"},
		{"größe 日本", "größe 日本"},
		{"a\nb\tc", `a\nb\tc`},
		{"\x1b[31mred", `\x1b[31mred`},
		{"\u202egnp.exe", `\u202egnp.exe`},
		{"\u0085\u2028", `\u0085\u2028`},
		{"a\xffb", `a\xffb`},
		{"it's", "it's"},
	}
	for _, tt := range tests {
		if got := printable(tt.in); got != tt.want {
			t.Errorf("printable(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzScalar(f *testing.F) {
	for _, s := range []string{
		"", "echo", "true", "No", "~", "123", "0x1f", "1e3", ".inf", "-", "a: b", "a #b", "\u0085", "\"", "a\nb", "=", "<<", "2001-01-01",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // a manifest holds no broken UTF-8
		}
		var got map[string]any
		if err := yaml.Unmarshal([]byte("name: "+scalar(s)+"\nnext: 1\n"), &got); err != nil {
			t.Fatalf("scalar(%q) = %s is not YAML: %v", s, scalar(s), err)
		}
		if got["name"] != s || len(got) != 2 {
			t.Errorf("scalar(%q) = %s reads as %#v", s, scalar(s), got)
		}
	})
}

// FuzzText holds an explanation to its lines, whatever its words are.
func FuzzText(f *testing.F) {
	f.Add("Gateway default/kong", "ok\n  => attached", "add:\n  - name: x", "a.yaml")
	f.Add("\x1b[2J", "\u202e", "\r\n\x00", "\xff.yaml")
	f.Fuzz(func(t *testing.T, title, detail, fix, file string) {
		c := Check{Name: title, Detail: detail, Fix: fix}
		c.Pos.File, c.Pos.Line = file, 1
		e := Explanation{Title: title, Checks: []Check{c}, Verdict: detail, Parts: []Explanation{{Title: detail, Pos: c.Pos}}}
		text := e.Text()
		if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && (r == utf8.RuneError || !unicode.IsPrint(r)) }) {
			t.Errorf("not printable: %q", text)
		}
		want := 4
		if fix != "" {
			want += 1 + strings.Count(fix, "\n")
		}
		if got := strings.Count(text, "\n"); got != want {
			t.Errorf("%d lines, want %d:\n%s", got, want, text)
		}
	})
}
