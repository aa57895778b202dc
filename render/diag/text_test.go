package diag_test

import (
	"testing"
	"unicode/utf8"

	"github.com/gwsync/gwsync/render/diag"
)

func TestPrintable(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"proxy", "proxy"},
		{"größe 日本", "größe 日本"},
		{"it's", "it's"},
		{"a\nb\tc", `a\nb\tc`},
		{"\x1b[31mred", `\x1b[31mred`},
		{"\u202egnp.exe", `\u202egnp.exe`},
		{"\u0085\u2028\u200b", `\u0085\u2028\u200b`},
		{"a\xffb", `a\xffb`},
		{"a\ufffdb", "a\ufffdb"},
	} {
		if got := diag.Printable(tt.in); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestLine(t *testing.T) {
	const said = " expected lhs\r\n  --> 1:3\t|\n\x1b[2J \u202e\n"
	if got, want := diag.Line(said), `expected lhs --> 1:3 | \x1b[2J \u202e`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"a", "\x1b[2J", "\u202e", "\r\n\x00", "\xff\xfe", "\ufffd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := diag.Printable(s)
		if !utf8.ValidString(got) || !diag.IsPrintable(got) {
			t.Errorf("%q: %q is not printable", s, got)
		}
		if diag.IsPrintable(s) != (got == s) {
			t.Errorf("%q: printable %v, and becomes %q", s, diag.IsPrintable(s), got)
		}
	})
}
