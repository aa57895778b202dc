package proxy

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// template is text with Lua expressions in it: "/u/$(uri_captures.id)". Kong fills it in per request. The expressions see the tables
// headers, query_params, uri_captures and shared, and nothing of Lua's library: whatever they call by name fails, as in Kong. One that
// cannot be read as Lua has no meaning here, and asking for it is an *unmodelledError.
//
// Source: Kong 3.9.3, kong/plugins/request-transformer/access.lua; Penlight's pl.template.
type template []piece

// piece is literal text, or an expression where there is one.
type piece struct {
	text string
	expr *luaChunk
	err  error // why the expression has no meaning
}

// parseTemplate reads a template. Brackets that do not balance are literal text.
func parseTemplate(s string) template {
	var t template
	for s != "" {
		start, end := findExpression(s)
		if start < 0 {
			return append(t, piece{text: s})
		}
		if start > 0 {
			t = append(t, piece{text: s[:start]})
		}
		expr, err := compileLua("return (" + s[start+2:end-1] + ")")
		if err != nil {
			err = &unmodelledError{fmt.Sprintf("the template %s (%v)", s[start:end], err)}
		}
		t = append(t, piece{expr: expr, err: err})
		s = s[end:]
	}
	return t
}

// findExpression returns where the first "$(" with a matching ")" begins and ends, or -1.
func findExpression(s string) (start, end int) {
	for from := 0; ; {
		i := strings.Index(s[from:], "$(")
		if i < 0 {
			return -1, -1
		}
		start = from + i
		depth := 0
		for j := start + 1; j < len(s); j++ {
			switch s[j] {
			case '(':
				depth++
			case ')':
				if depth--; depth == 0 {
					return start, j + 1
				}
			}
		}
		from = start + 1
	}
}

// render fills the template in.
func (t template) render(s *templateScope) (string, error) {
	var b strings.Builder
	for _, p := range t {
		if p.err != nil {
			return "", p.err
		}
		if p.expr == nil {
			b.WriteString(p.text)
			continue
		}
		v, err := s.evaluate(p.expr)
		if err != nil {
			return "", err
		}
		if lua.LVAsBool(v) {
			b.WriteString(luaText14(v))
		}
	}
	return b.String(), nil
}
