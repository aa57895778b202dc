package proxy

import (
	"slices"
	"strings"
)

// maxArgs is how many arguments of a query or form Kong reads.
const maxArgs = 100

// arg is one value of an argument. A bare one ("?a", no equals sign) is true in Lua.
type arg struct {
	value string
	bare  bool
}

// args are the arguments of a query or a form by name, each name's in order.
type args map[string][]arg

// parseArgs reads a query as ngx.req.get_uri_args does: only & separates, + is a space, arguments without a name and
// those after the first hundred are not there.
func parseArgs(query string) args {
	out := args{}
	n := 0
	for part := range strings.SplitSeq(query, "&") {
		if n == maxArgs {
			break
		}
		name, value, ok := strings.Cut(part, "=")
		if name = unescapeArg(name); name == "" {
			continue
		}
		n++
		out[name] = append(out[name], arg{value: unescapeArg(value), bare: !ok})
	}
	return out
}

// String returns the arguments as a query, ordered by name.
func (a args) String() string {
	var parts []string
	for name, values := range a {
		escaped := escapeArg(name)
		var b strings.Builder
		for i, v := range values {
			if i > 0 {
				b.WriteByte('&')
			}
			b.WriteString(escaped)
			if !v.bare {
				b.WriteString("=" + escapeArg(v.value))
			}
		}
		if b.Len() > 0 {
			parts = append(parts, b.String())
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "&")
}

// json returns the arguments as Lua has them: a string, true, or a list of those.
func (a args) json() map[string]any {
	out := make(map[string]any, len(a))
	for name, values := range a {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v.value
			if v.bare {
				list[i] = true
			}
		}
		out[name] = list
		if len(list) == 1 {
			out[name] = list[0]
		}
	}
	return out
}

// unescapeArg decodes + and percent escapes. An escape that is none stays as it is.
func unescapeArg(s string) string {
	if !strings.ContainsAny(s, "+%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// escapeArg encodes as ngx.encode_args does.
func escapeArg(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isAlphanumeric(c) || strings.IndexByte("-._~!'()*", c) >= 0 {
			b.WriteByte(c)
		} else {
			writeEscaped(&b, c)
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
