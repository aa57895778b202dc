package route

import (
	"slices"
	"strings"
)

// argument is a query parameter: its values in order, and whether one was sent without "=", which is not quite the same as "".
type argument struct {
	values []string
	bare   bool
}

// arguments returns the first 100 query parameters by their names.
//
// Source: OpenResty's lua-nginx-module, ngx_http_lua_args.c.
func arguments(query string) map[string]argument {
	out := map[string]argument{}
	n := 0
	for part := range strings.SplitSeq(query, "&") {
		key, v, found := strings.Cut(part, "=")
		if key == "" {
			continue
		}
		if n++; n > limit {
			break
		}
		name := UnescapeQuery(key)
		a := out[name]
		out[name] = argument{values: append(a.values, UnescapeQuery(v)), bare: a.bare || !found}
	}
	for _, a := range out {
		slices.Sort(a.values)
	}
	return out
}

// UnescapeQuery decodes the escapes and "+" of a name or value in a query, as OpenResty does. What is no escape stays as it is.
func UnescapeQuery(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c, ok := hexByte(s[i+1:]); {
		case s[i] == '%' && ok:
			b = append(b, c)
			i += 2
		case s[i] == '+':
			b = append(b, ' ')
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}
