package lua_test

import (
	"strings"
	"testing"

	golua "github.com/yuin/gopher-lua"

	"github.com/gwsync/gwsync/render/lua"
)

// evaluate returns what an expression is, as text.
func evaluate(t *testing.T, expression string) string {
	t.Helper()
	state := golua.NewState(golua.Options{SkipOpenLibs: true})
	defer state.Close()
	if err := state.DoString("return " + expression); err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return golua.LVAsString(state.Get(-1))
}

func TestLiteral(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{"a b", `"a b"`},
		{"\"]]\n\\", `"\034\093\093\010\092"`},
		{-3, "-3"},
		{true, "true"},
		{nil, "nil"},
		{3.5, "nil"},
		{[]string{"a", "b"}, `{"a", "b"}`},
		{[]int{1, 2}, "{1, 2}"},
		{map[string]any{"b": 1, "a": []any{"x", false}}, `{["a"] = {"x", false}, ["b"] = 1}`},
	} {
		if got := lua.Literal(c.value); got != c.want {
			t.Errorf("%#v: got %s, want %s", c.value, got, c.want)
		}
	}
}

func TestNew(t *testing.T) {
	got := lua.New(`local x = @host .. @port, @missing`, lua.Values{"host": "a@b", "port": 80})
	if want := `local x = "a\064b" .. 80, nil`; string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// FuzzLiteral holds that Lua reads a literal as the very string, and that a literal never leaves its place.
func FuzzLiteral(f *testing.F) {
	for _, s := range []string{"", `"`, `\`, "]]", "--", "\x00", "\r\n", "ä", "\xff", "@host", "${x}", "$(1+1)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := evaluate(t, lua.Literal(s)); got != s {
			t.Errorf("%q is read as %q", s, got)
		}
		if got := evaluate(t, "("+lua.Literal(map[string]any{s: s})+")["+lua.Literal(s)+"]"); got != s {
			t.Errorf("%q in a table is read as %q", s, got)
		}
		if strings.ContainsAny(lua.Literal(s), "\n\r\x00") {
			t.Errorf("the literal of %q is not one line of text", s)
		}
	})
}
