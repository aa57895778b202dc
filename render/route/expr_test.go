package route

import (
	"errors"
	"strings"
	"testing"
)

func TestString(t *testing.T) {
	header, err := HTTPHeader("X-Version")
	if err != nil {
		t.Fatal(err)
	}
	query, err := HTTPQuery("q")
	if err != nil {
		t.Fatal(err)
	}
	re, err := CompileRegex(`^/v\d+`)
	if err != nil {
		t.Fatal(err)
	}
	get := HTTPMethod().Equal("GET")
	for _, test := range []struct {
		expr Expr
		want string
	}{
		{HTTPHost().Lower().Equal("example.com"), `lower(http.host) == "example.com"`},
		{HTTPHost().HasSuffix(".example.com"), `http.host =^ ".example.com"`},
		{HTTPPath().HasPrefix("/a"), `http.path ^= "/a"`},
		{HTTPPath().Matches(re), `http.path ~ "^/v\\d+"`},
		{HTTPPath().Contains("b"), `http.path contains "b"`},
		{header.Any().Lower().Equal("1"), `any(lower(http.headers.x_version)) == "1"`},
		{query.NotEqual("1"), `http.queries.q != "1"`},
		{NetProtocol().Equal("https"), `net.protocol == "https"`},
		{TLSSNI().Equal("a"), `tls.sni == "a"`},
		{HTTPPath().Equal("\"\\\n\r\t'#"), `http.path == "\"\\\n\r\t'#"`},
		{HTTPPath().Equal("a\x00b\xffc"), "http.path == \"a\uFFFDb\uFFFDc\""},
		{All(get, Any(get, All(get, get))), `http.method == "GET" && (http.method == "GET" || (http.method == "GET" && http.method == "GET"))`},
		{All(get, All(get, nil)), `http.method == "GET" && http.method == "GET"`},
		{Any(All(get)), `http.method == "GET"`},
		{Not(Any(get, get)), `!(http.method == "GET" || http.method == "GET")`},
		{Any(Not(Not(get)), get), `!(!(http.method == "GET")) || http.method == "GET"`},
	} {
		if got := test.expr.String(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
		if e, err := Parse(test.want); err != nil || e.String() != test.want {
			t.Errorf("Parse(%s) = %v, %v", test.want, e, err)
		}
	}
	if All() != nil || Any(nil) != nil || Not(nil) != nil {
		t.Error("nothing makes something")
	}
}

func TestUnnameable(t *testing.T) {
	for _, name := range []string{"", "x.y", "a b", "é", `x" || "`} {
		if f, err := HTTPHeader(name); err == nil {
			t.Errorf("header %q became %v", name, f)
		}
		if f, err := HTTPQuery(name); err == nil {
			t.Errorf("query parameter %q became %v", name, f)
		}
	}
	if _, err := HTTPQuery("a-b"); err == nil {
		t.Error("the query parameter a-b has a name")
	}
}

func TestParse(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{` http.path=="/a"&&http.method=="GET" `, `http.path == "/a" && http.method == "GET"`},
		{`a == 1 || b == 2 && c == 3 || d == 4`, `(a == 1 || b == 2) && (c == 3 || d == 4)`},
		{`a == 1 && (b == 2 && c == 3)`, `a == 1 && b == 2 && c == 3`},
		{`!(a == 1 && b == 2)`, `!(a == 1 && b == 2)`},
		{"a == r#\"x\"y\\\"#", `a == "x\"y\\"`},
		{`lower(any(lower(a))) == "x"`, `any(lower(a)) == "x"`},
		{`a > 010 && b < 0xff && c >= -5 && d <= 08`, `a > 8 && b < 255 && c >= -5 && d <= 8`},
		{`a in 10.0.0.0/8 && b not in fe80::/10`, `a in 10.0.0.0/8 && b not in fe80::/10`},
		{`a == ::FFFF:102:304 && b != 1.2.3.4`, `a == ::ffff:102:304 && b != 1.2.3.4`},
		{`a.b_1 contains "x"`, `a.b_1 contains "x"`},
	} {
		e, err := Parse(test.in)
		if err != nil {
			t.Errorf("%s: %v", test.in, err)
		} else if e.String() != test.want {
			t.Errorf("%s: got %s, want %s", test.in, e, test.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, test := range []struct {
		in           string
		line, column int
		message      string
	}{
		{"", 1, 1, "expected term"},
		{"a == 1 &&\n b = 2", 2, 4, "expected binary_operator"},
		{`a == "ä" x`, 1, 10, "expected EOI, and_op, or or_op"},
		{`a == -x`, 1, 7, "expected oct_digits or dec_digits"},
		{`a not  in 10.0.0.0/8`, 1, 3, "expected binary_operator"},
		{`a in 10.0.0.1/8`, 1, 6, "host part of address was not zero"},
		{`a == 01.2.3.4`, 1, 6, "invalid IPv4 address syntax"},
		{`a in 1::/129`, 1, 6, "invalid length for network: Network length 129 is too long for Ipv6 (maximum: 128)"},
		{`a ~ 1`, 1, 5, "regex operator can only be used with String operands"},
		{"a == \"\xff\"", 1, 7, "Kong cannot read NUL or invalid UTF-8"},
		{strings.Repeat("(", 1000), 1, 502, "more than 500 open parentheses"},
		{strings.Repeat("any(", 1000), 1, 2005, "more than 500 open parentheses"},
	} {
		_, err := Parse(test.in)
		var e *SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v", test.in, err)
		} else if e.Line != test.line || e.Column != test.column || e.Message != test.message {
			t.Errorf("%s: got %d:%d %s, want %d:%d %s", test.in, e.Line, e.Column, e.Message, test.line, test.column, test.message)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`http.path == "/a"`, `!(any(lower(http.headers.x)) ~ "a+") || (a in ::/0 && b == 0x1f)`, `a == r#"b"#`, `a == "\n\"\\"`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := Parse(s)
		if err != nil {
			_ = err.Error()
			return
		}
		again, err := Parse(e.String())
		if err != nil {
			t.Fatalf("%q prints as %q: %v", s, e, err)
		}
		if e.String() != again.String() {
			t.Errorf("%q prints as %q, which reads as %q", s, e, again)
		}
		c, d := newContext(Request{Host: "a:1", Target: "/a?b"}, true), newContext(Request{Host: "a:1", Target: "/a?b"}, true)
		if check(e, false) == nil && (e.match(c) != again.match(d) || c.matched != d.matched) {
			t.Errorf("%q and %q disagree", e, again)
		}
	})
}

// FuzzConstruct builds expressions of hostile text, which must come back from what is printed.
func FuzzConstruct(f *testing.F) {
	f.Add("/a", "x-b", `"#`)
	f.Add("\x00\xff\\", "q", `" || http.path == "`)
	f.Fuzz(func(t *testing.T, path, name, text string) {
		parts := []Expr{HTTPPath().Equal(path), HTTPHost().Lower().HasSuffix(text), Not(Any(HTTPPath().HasPrefix(text), TLSSNI().Contains(path)))}
		if h, err := HTTPHeader(name); err == nil {
			parts = append(parts, h.Any().NotEqual(text))
		}
		if q, err := HTTPQuery(name); err == nil {
			parts = append(parts, Any(q.Equal(text), NetProtocol().Equal(name)))
		}
		if re, err := CompileRegex(text); err == nil {
			parts = append(parts, HTTPPath().Matches(re))
		}
		e := All(parts...)
		again, err := Parse(e.String())
		if err != nil || e.String() != again.String() {
			t.Errorf("%s reads as %v, %v", e, again, err)
		}
		if err := check(e, false); err != nil {
			t.Errorf("%s: %v", e, err)
		}
	})
}
