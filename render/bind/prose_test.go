package bind

import (
	"strings"
	"testing"
	"unicode/utf8"

	"sigs.k8s.io/yaml"

	"github.com/gwsync/gwsync/render/diag"
)

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
		if !diag.IsPrintable(strings.ReplaceAll(text, "\n", "")) {
			t.Errorf("not printable: %q", text)
		}
		want := 3
		if detail != "" {
			want++ // the verdict
		}
		if fix != "" {
			want += 1 + strings.Count(fix, "\n")
		}
		if got := strings.Count(text, "\n"); got != want {
			t.Errorf("%d lines, want %d:\n%s", got, want, text)
		}
	})
}
