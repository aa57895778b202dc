package route

import "strings"

// argument is the value of a query parameter. bare is one that was sent without "=", which is not quite the same as "".
type argument struct {
	text string
	bare bool
}

// arguments returns the values of a query parameter among the first 100 of the query, in their order.
//
// Source: OpenResty's lua-nginx-module, ngx_http_lua_args.c.
func arguments(query, name string) []argument {
	var out []argument
	n := 0
	for part := range strings.SplitSeq(query, "&") {
		key, v, found := strings.Cut(part, "=")
		if key == "" {
			continue
		}
		if n++; n > limit {
			break
		}
		if UnescapeQuery(key) == name {
			out = append(out, argument{text: UnescapeQuery(v), bare: !found})
		}
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
