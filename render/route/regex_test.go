package route

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestRegex(t *testing.T) {
	for _, test := range []struct {
		re    string
		match string
		not   string
	}{
		{`^\d+$`, "٣", "x"},     // digits of any script
		{`^\w\W$`, "é ", "é_"},  // words too
		{`^\s$`, "\u00a0", "a"}, // and spaces
		{`^[\s\S]$`, "\u0085", ""},
		{`^[^\s]$`, "a", "\u00a0"},
		{`^(?<y>[0-9]{4})-(?P<m>\d\d)$`, "2026-11", "26-11"},
		{`^a**b+?$`, "aab", "c"},
		{`^a{2}{3}$`, "aaaaaa", "aaaa"},
		{`^[]a]$`, "]", "b"},
		{`^[a\]\-^]$`, "-", "b"},
		{`^[[:alpha:]_]+\z`, "a_", "1"},
		{`^\x41\x{42}\u0043\U00000044$`, "ABCD", "abcd"},
		{`^\/\-\#\ \~$`, "/-# ~", "a"},
		{`(?i)^É$`, "é", "e"},
		{`(?u)^(?u:a)$`, "a", "b"},
		{`^\p{Greek}\pL\P{L}$`, "αa1", "aaa"},
		{`^}]$`, "}]", "a"},
		{`^[a-z&&[^aeiou]]$`, "b", "e"},
		{`^[\w--[a-z]]$`, "A", "a"},
		{`^[a-f~~d-z]$`, "a", "d"},
		{`^[a-c[x-z]]$`, "y", "d"},
		{`^[^\W_]$`, "é", "_"},
		{`^[-a]$`, "-", "b"},
		{`^a{1001}$`, strings.Repeat("a", 1001), strings.Repeat("a", 1002)},
		{`^a{1,2500}$`, strings.Repeat("a", 2500), strings.Repeat("a", 2501)},
		{`^a{2001,}?$`, strings.Repeat("a", 2001), strings.Repeat("a", 2000)},
		{`^(?:ab){1500,1501}$`, strings.Repeat("ab", 1501), strings.Repeat("ab", 1499)},
		{`^[-]$`, "-", "]"},
		{`^[^-]$`, "a", "-"},
		{`^[]&&[^a]]$`, "]", "a"},
		{`^[a&&b]?$`, "", "a"},
		{`(?i)^[^a]$`, "b", "A"},
		{`(?i)^[k-l&&\p{Lu}]$`, "K", "m"},
		{`^(?i:[a])[b]$`, "Ab", "aB"},
		{`^(a(?i)[b])[c]$`, "aBc", "abC"},
		{`^(?i)a(?-i)[b]$`, "Ab", "AB"},
		{`(?i)^[k]$`, "\u212a", "l"},
		{`^\p{Letter}\p{lowercase_letter}\p{sc=Greek}\P{gc=Nd}$`, "Aaαa", "Aaα1"},
		{`^a|b$`, "xb", "xa"},
	} {
		re, err := CompileRegex(test.re)
		if err != nil {
			t.Errorf("%s: %v", test.re, err)
			continue
		}
		if !re.re.MatchString(test.match) {
			t.Errorf("%s does not match %q", test.re, test.match)
		}
		if re.re.MatchString(test.not) {
			t.Errorf("%s matches %q", test.re, test.not)
		}
	}
}

func TestRegexErrors(t *testing.T) {
	for _, test := range []struct{ re, want string }{
		{`a(?=b)`, "    a(?=b)\n     ^^^\nerror: look-around"},
		{`(?<!a)`, "    ^^^^\nerror: look-around"},
		{`(a)\1`, "       ^^\nerror: backreferences"},
		{`a)`, "     ^\nerror: unopened group"},
		{`é(`, "     ^\nerror: unclosed group"},
		{`[a`, "    ^\nerror: unclosed character class"},
		{`*`, "    ^\nerror: repetition operator missing expression"},
		{`a|+`, "      ^\nerror: repetition operator missing expression"},
		{`a{2,1}`, "     ^^^^^\nerror: invalid repetition count range"},
		{`a{x}`, "      ^\nerror: repetition quantifier expects a valid decimal"},
		{`(?<a>b)(?<a>c)`, "error: duplicate capture group name"},
		{`\q`, "    ^^\nerror: unrecognized escape sequence"},
		{`a\`, "error: incomplete escape sequence"},
		{`[\d-z]`, ""},
		{`[a-\d]`, "error: invalid range boundary"},
		{`[a&&[b]`, "error: unclosed character class"},
		{strings.Repeat("[", 300), "error: exceed the maximum number of nested"},
		{`(?z)`, "error: unrecognized flag"},
		{`a{1001}{1001}`, "Compiled regex exceeds size limit"},
		{strings.Repeat("(", 300), "error: exceed the maximum number of nested"},
	} {
		_, err := CompileRegex(test.re)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.re, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: got %v, want %s", test.re, err, test.want)
		}
	}
	for _, re := range []string{`(?x)a b`, `\b{start}`, `(a){1001}`, `a{30000}`, `\p{Any}`, `[\p{Alphabetic}]`, `(?-u)\w`, `(?R)$`, `\<a`} {
		if _, err := CompileRegex(re); !errors.Is(err, ErrRegexNotModelled) {
			t.Errorf("%s: got %v", re, err)
		}
		if _, err := Parse(HTTPPath().Equal(re).String() + " && a ~ " + quote(re)); !errors.Is(err, ErrRegexNotModelled) {
			t.Errorf("in an expression, %s: got %v", re, err)
		}
	}
}

// FuzzCompileRegex asks that errors speak as Rust, PCRE or this package do, whatever the regex, and that a good one is kept as it is.
func FuzzCompileRegex(f *testing.F) {
	f.Add(`^/(?<id>[0-9]+)$`, "/1")
	f.Add(`[\w&&[^a]]{1,3}|\p{L}`, "b")
	f.Add(`(?:a{1000}){1000000}`, "a")
	f.Add("\x00(", "")
	f.Fuzz(func(t *testing.T, s, text string) {
		switch re, err := CompileRegex(s); {
		case err == nil:
			if re.String() != sayable(s) {
				t.Errorf("%q became %q", s, re)
			}
			re.re.MatchString(text)
		case !errors.Is(err, ErrRegexNotModelled) && !strings.HasPrefix(err.Error(), "regex parse error:\n") &&
			!strings.HasPrefix(err.Error(), "Compiled regex exceeds size limit"):
			t.Errorf("%q: %v", s, err)
		}
		if message := CheckPCRE(s); message != "" && !strings.HasPrefix(message, "pcre2_compile() failed: ") {
			t.Errorf("%q: %s", s, message)
		}
	})
}

// FuzzQuoteRegex asks that quoted text matches itself and only itself, and that Kong's rewriting of named groups leaves it alone.
func FuzzQuoteRegex(f *testing.F) {
	f.Add("/a.b?<c>", "/axb")
	f.Add("\x00\\Q[é-]\n", "x")
	f.Fuzz(func(t *testing.T, s, other string) {
		quoted := QuoteRegex(s)
		if strings.ReplaceAll(quoted, "?<", "?P<") != quoted {
			t.Errorf("Kong rewrites %s", quoted)
		}
		if message := CheckPCRE(quoted); message != "" {
			t.Error(message)
		}
		re, err := CompileRegex("^" + quoted + "$")
		if err != nil {
			t.Fatal(err)
		}
		for _, re := range []*regexp.Regexp{re.re, regexp.MustCompile("^" + quoted + "$")} {
			if s := sayable(s); strings.ReplaceAll(s, "\uFFFD", "") == s && !re.MatchString(s) {
				t.Errorf("%s does not match %q", re, s)
			}
			if other := sayable(other); re.MatchString(other) != (other == sayable(s)) {
				t.Errorf("%s against %q", re, other)
			}
		}
	})
}
