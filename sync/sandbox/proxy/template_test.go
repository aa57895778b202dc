package proxy

import (
	"errors"
	"net/http"
	"testing"
)

// environment is what the tests' templates see.
func environment() luaIndex {
	headers := headerIndex(http.Header{"X-U": {"v1"}, "X-Many": {"a", "b"}}, "")
	query := queryIndex(parseArgs("user=bob&bare"))
	return func(key any) any {
		switch key {
		case "headers":
			return headers
		case "query_params":
			return query
		case "uri_captures":
			return captureIndex(map[string]string{"0": "/12", "1": "12", "id": "12"})
		}
		return nil
	}
}

func TestTemplates(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                                 "plain",
		"$(headers.x_u)/$(headers['X-U'])":      "v1/v1",
		`$(headers["x-none"])`:                  "",
		"$(headers.x_none or 'd')":              "d",
		"$(query_params.user .. '!' )":          "bob!",
		"$(query_params.bare)":                  "true",
		"$(headers.x_many)":                     "table: 0x000000000000",
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
	} {
		got, err := parseTemplate(text).render(environment())
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestTemplatesThatFail(t *testing.T) {
	for text, unmodelled := range map[string]bool{
		"$(string.upper('x'))": false,
		"$(nofn())":            false,
		"$(headers.x_u.y)":     false,
		"$(nothing.x)":         false,
		"$(headers .. 'x')":    false,
		"$(1 + 1)":             true,
		"$(function() end)":    true,
		"$('unfinished)":       true,
		"$(#headers)":          true,
	} {
		_, err := parseTemplate(text).render(environment())
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
		once, err := parseTemplate(s).render(environment())
		again, errAgain := parseTemplate(s).render(environment())
		if once != again || (err == nil) != (errAgain == nil) {
			t.Errorf("%q and then %q", once, again)
		}
	})
}
