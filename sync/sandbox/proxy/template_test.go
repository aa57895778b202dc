package proxy

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// scopeOfTests is what the tests' templates see.
func scopeOfTests(t testing.TB) *templateScope {
	t.Helper()
	x := &exchange{in: httptest.NewRequest("GET", "/12?user=bob&bare", nil), table: &table{lua: newLuaPool()}}
	x.in.Host = ""
	x.out.header = http.Header{"X-U": {"v1"}, "X-Many": {"a", "b"}}
	x.out.query = "user=bob&bare"
	x.match.Captures = map[string]string{"0": "/12", "1": "12", "id": "12"}
	t.Cleanup(x.releaseLua)
	return &templateScope{x: x}
}

func TestTemplates(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                                 "plain",
		"$(headers.x_u)/$(headers['X-U'])":      "v1/v1",
		`$(headers["x-none"])`:                  "",
		"$(headers.x_none or 'd')":              "d",
		"$(query_params.user .. '!' )":          "bob!",
		"$(query_params.bare)":                  "true",
		"$(headers.x_many)":                     "table: *",
		"$(headers.x_many[2])":                  "b",
		"$(uri_captures[1])-$(uri_captures.id)": "12-12",
		"$(uri_captures['1'])":                  "",
		"$(not headers.x_u)":                    "",
		"$(headers.x_u == 'v1' and 'yes')":      "yes",
		"$(headers.x_u ~= 'v1' and 'yes' or 2)": "2",
		"$((headers).x_u)":                      "v1",
		"$$(nothing)":                           "$",
		"$(((":                                  "$(((",
		"a $( b":                                "a $( b",
		"$(1.5)":                                "1.5",
		"$(1 + 1)":                              "2",
		"$(10 / 3 .. '')":                       "3.3333333333333",
		"$(#headers.x_many)":                    "2",
		"$(headers.x_u.y)":                      "",
		"$(headers.x_u:upper())":                "V1",
	} {
		got, err := parseTemplate(text).render(scopeOfTests(t))
		if err != nil || luaTable.ReplaceAllString(got, "table: *") != want {
			t.Errorf("%s: got %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestTemplatesThatFail(t *testing.T) {
	for text, unmodelled := range map[string]bool{
		"$(string.upper('x'))": false,
		"$(nofn())":            false,
		"$(nothing.x)":         false,
		"$(headers .. 'x')":    false,
		"$(nothing + 1)":       false,
		"$('unfinished)":       true,
		"$((function() while true do end end)())": true,
		"$(('x'):rep(1e9))":                       true,
	} {
		_, err := parseTemplate(text).render(scopeOfTests(t))
		var u *unmodelledError
		if err == nil || errors.As(err, &u) != unmodelled {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"$(headers.x_u or 'd')", "$(((", "$(a[b[c].d] .. 'x')", "$(not not f(1, 'a') == nil)", "a $( b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once, err := parseTemplate(s).render(scopeOfTests(t))
		again, errAgain := parseTemplate(s).render(scopeOfTests(t))
		if mask(once) != mask(again) || (err == nil) != (errAgain == nil) {
			t.Errorf("%q and then %q", once, again)
		}
	})
}
