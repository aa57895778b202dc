package lua

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPattern(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pattern, yes, no string }{
		{"^%u+$", "GET", "get"},
		{"^[^:]+:.*$", "a:", ":a"},
		{"^[a-z][a-z%d-]-[a-z%d]+$", "my-vault", "-vault"},
		{"^[0-9]+-[0-9]+$", "200-299", "200"},
		{"^[^*]*%*?[^*]*$", "*.a", "*.*"},
		{"^%*%.", "*.a", "a.*"},
		{"^.*[^:]$", "a:b", "a:"},
		{"^[^*&%%\\`]+$", "/tmp/x", "a%"},
		{"%w*%p*@+%w*%.?%w*", "a@b.c", "a"},
		{"a.b", "a\nb", "ab"},
	} {
		p, err := Pattern(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if !p.MatchString(c.yes) || p.MatchString(c.no) {
			t.Errorf("%s is %s: matches %q: %t, %q: %t", c.pattern, p, c.yes, p.MatchString(c.yes), c.no, p.MatchString(c.no))
		}
	}
	for _, bad := range []string{"%", "[a", "%b()", "%1"} {
		if _, err := Pattern(bad); err == nil {
			t.Errorf("%s is a pattern", bad)
		}
	}
}

func TestPretty(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v           any
		space, want string
	}{
		{map[string]any{}, "", "{}"},
		{map[string]any{"id": "x", "a": nil}, "", `{a="userdata: NULL",id="x"}`},
		{[]any{nil, "b"}, "", `{[2]="b"}`},
		{map[string]any{"end": 1.0, "x-y": true, "2": "z"}, "", `{[2]="z",["end"]=1,["x-y"]=true}`},
		{[]any{`say "x"`}, "  ", "{\n  \"say \\\"x\\\"\"\n}"},
		{map[string]any{"a": []any{1.5, []any{}}}, "  ", "{\n  a = {\n    1.5,\n    {\n    }\n  }\n}"},
		{"two\nlines", "", "[[two\nlines]]"},
		{"a]]b", "", "[=[a]]b]=]"},
	} {
		if got := Pretty(c.v, c.space); got != c.want {
			t.Errorf("%v: %s, want %s", c.v, got, c.want)
		}
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{1: "1", -0.5: "-0.5", 70368744177663: "70368744177663", 1e15: "1e+15", 0.1 + 0.2: "0.3",
		1e100: "1e+100"} {
		if got := Number(f); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}

// TestParse has messages as LuaJIT 2.1 words them; the first two are recorded.
func TestParse(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"return 1 +":                `[string "return 1 +"]:1: unexpected symbol near '<eof>'`,
		"this is not lua":           `[string "this is not lua"]:1: '=' expected near 'is'`,
		"if x then":                 `[string "if x then"]:1: 'end' expected near '<eof>'`,
		"if x then\ny()":            "[string \"if x then...\"]:2: 'end' expected (to close 'if' at line 1) near '<eof>'",
		"f(":                        `[string "f("]:1: unexpected symbol near '<eof>'`,
		"x = 'abc":                  `[string "x = 'abc"]:1: unfinished string near '<eof>'`,
		"x = 3x":                    `[string "x = 3x"]:1: malformed number near '3x'`,
		"break":                     `[string "break"]:1: no loop to break near '<eof>'`,
		"for i do end":              `[string "for i do end"]:1: '=' or 'in' expected near 'do'`,
		"end":                       `[string "end"]:1: '<eof>' expected near 'end'`,
		"local function() end":      `[string "local function() end"]:1: '<name>' expected near '('`,
		"x = function() y(...) end": `[string "x = function() y(...) end"]:1: cannot use '...' outside a vararg function near '...'`,
		"f() = 1":                   `[string "f() = 1"]:1: unexpected symbol near '='`,
		"--[[ never closed":         `[string "--[[ never closed"]:1: unfinished long comment near '<eof>'`,
	} {
		if got := Parse(code); got != want {
			t.Errorf("%q: %s, want %s", code, got, want)
		}
	}
	for _, code := range []string{
		"", "return", "return 1, ...;", "kong.response.exit(302, nil, {Location='/x'})", "local a = 1",
		"for i = 1, 10, 2 do if i % 2 == 0 then break end end", "for k, v in pairs({1, [2] = 3, a = 4; 5}) do print(k, v) end",
		"repeat local x = #t until not x and y or z .. 'a' .. [==[b]]]==]", "goto done; ::done::", "a.b:c 'x' {1}[1].d = -2^-3 -- comment",
		"local function f(a, ...) return function() end end", "while true do ; end", "x = 0x1F + 1e-3 + 10ULL + .5", "a, b.c = 1",
		"x = \"\\x41\\u{48}\\z\n\"",
	} {
		if got := Parse(code); got != "" {
			t.Errorf("%q: %s", code, got)
		}
	}
	if got := Parse(strings.Repeat("(", 10_000)); !strings.Contains(got, "chunk has too many syntax levels") {
		t.Errorf("deep nesting: %s", got)
	}
}

// FuzzParse holds the parser to ending, whatever it reads.
func FuzzParse(f *testing.F) {
	for _, code := range []string{"return 1 +", "x = [==[", "for i=1,2 do f{a=1} end", "a'\\", "0x", "::x::", "goto"} {
		f.Add(code)
	}
	f.Fuzz(func(t *testing.T, code string) {
		if err := Parse(code); err != "" && !strings.HasPrefix(err, "[string \"") {
			t.Errorf("%q: %s", code, err)
		}
	})
}

// FuzzPattern holds the translation to an error or a regular expression, which for plain text matches just that.
func FuzzPattern(f *testing.F) {
	for _, p := range []string{"^[a-z%d-]-$", "%", "[", "[]-a]", "(a)", "a**", "[^]", "a{2}|b", "\\d"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		p, err := Pattern(pattern)
		if strings.ContainsAny(pattern, "^$()%.[]*+-?") || strings.ContainsFunc(pattern, func(r rune) bool { return r >= utf8.RuneSelf }) {
			return
		}
		if err != nil {
			t.Fatalf("plain text %q: %v", pattern, err)
		}
		if got := p.FindString("<" + pattern + ">"); got != pattern {
			t.Errorf("%q finds %q", pattern, got)
		}
	})
}
