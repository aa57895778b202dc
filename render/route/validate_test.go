package route

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

// TestValidateRecordings holds Validate to what a real Kong 3.9.3 said about routes. Of its messages, those are recorded that are
// not a schema's.
func TestValidateRecordings(t *testing.T) {
	b, err := os.ReadFile("testdata/validate.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		var rec struct {
			Flavors []kong.Flavor
			Route   map[string]any
			Refused []string
		}
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatal(err)
		}
		r := entity(t, rec.Route)
		for _, f := range rec.Flavors {
			if d := cmp.Diff(rec.Refused, refused(Validate(r, f))); d != "" {
				t.Errorf("%s %s: %s", f, r.AppendJSON(nil), d)
			}
		}
		n++
	}
	if n == 0 {
		t.Fatal("no recordings")
	}
}

// TestValidatePlaces asks for the place of what is wrong in an expression, which Kong tells of syntax only.
func TestValidatePlaces(t *testing.T) {
	for _, test := range []struct {
		expression   string
		line, column int
		message      string
	}{
		{`http.path == 1`, 1, 1, "Type mismatch between the LHS and RHS values of predicate"},
		{"http.path == \"ä\" &&\n  (nope == 1)", 2, 4, "Unknown LHS field"},
		{`tls.sni == "ä" || http.path.segments.1_0 == "a"`, 1, 19, "illformed http.path.segments.* field"},
		{`tls.sni == "ä" && lower(net.src.port) == 1`, 1, 19, "lower-case transformation function only supported with String type fields"},
		{`net.src.ip in 10.0.0.1`, 1, 1, "In/NotIn operators only supports IP in CIDR"},
		{`net.src.ip > 10.0.0.1`, 1, 1, "Greater/GreaterOrEqual/Lesser/LesserOrEqual operators only supports integer operands"},
		{`net.src.port contains 1`, 1, 1, "Contains operator only supports string operands"},
		{`net.src.port ^= 1`, 1, 1, "Regex/Prefix/Postfix operators only supports string operands"},
		{`net.src.port ~ "1"`, 1, 1, "Regex operators only supports string operands"},
		{`tls.sni == "a" && tls.sni == a`, 1, 30, "expected rhs"},
		{`tls.sni == "a" && upper(tls.sni) == "A"`, 1, 19, "unknown transformation function: upper"},
		{`tls.sni == "\x"`, 1, 13, "expected str_char or str_esc"},
		{`tls.sni ~ "(?=a)"`, 1, 11, "look-around, including look-ahead and look-behind, is not supported"},
		{`tls.sni ~ "(?>a)"`, 1, 11, "unrecognized flag"},
		{`tls.sni ~ "a++(b"`, 1, 11, "unclosed group"},
		{`tls.sni ~ "\\1"`, 1, 11, "backreferences are not supported"},
	} {
		err := Validate(entity(t, map[string]any{"expression": test.expression}), kong.Expressions)
		var vs Violations
		if !errors.As(err, &vs) || len(vs) != 1 {
			t.Errorf("%s: %v", test.expression, err)
		} else if v := vs[0]; v.Line != test.line || v.Column != test.column || !strings.Contains(v.Message, test.message) {
			t.Errorf("%s: got %d:%d %s", test.expression, v.Line, v.Column, v.Message)
		}
	}
	// PCRE takes look-ahead in the path of a classic route, and Kong's router does not: Kong wrote the expression, so there is no place.
	err := Validate(entity(t, map[string]any{"paths": []string{"~/a(?=b)"}}), kong.TraditionalCompatible)
	var vs Violations
	if !errors.As(err, &vs) || vs[0].Line != 0 || !strings.Contains(vs[0].Message, "look-around") {
		t.Errorf("got %v", err)
	}
}

func entity(t *testing.T, fields map[string]any) kong.Entity {
	t.Helper()
	e, err := kong.New(kong.Routes, "00000000-0000-4000-8000-000000000001", fields, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func refused(err error) []string {
	out := []string{}
	var vs Violations
	if errors.As(err, &vs) {
		for _, v := range vs {
			out = append(out, v.String())
		}
	}
	slices.Sort(out)
	return out
}
