package proxy

import (
	"errors"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/route"
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
		if name = route.UnescapeQuery(name); name == "" {
			continue
		}
		n++
		out[name] = append(out[name], arg{value: route.UnescapeQuery(value), bare: !ok})
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

// argsOf is the inverse of [args.json]: values are text, numbers, booleans (of which false is none) and lists of those.
func argsOf(fields map[string]any) (args, error) {
	out := args{}
	var add func(name string, v any, nested bool) error
	add = func(name string, v any, nested bool) error {
		switch v := v.(type) {
		case string:
			out[name] = append(out[name], arg{value: v})
		case float64:
			out[name] = append(out[name], arg{value: luaNumber(v)})
		case bool:
			if v {
				out[name] = append(out[name], arg{bare: true})
			}
		case []any:
			if nested {
				return errNestedArgs
			}
			for _, e := range v {
				if err := add(name, e, true); err != nil {
					return err
				}
			}
		default:
			return errNestedArgs
		}
		return nil
	}
	for name, v := range fields {
		if err := add(name, v, false); err != nil {
			return nil, err
		}
	}
	return out, nil
}

var errNestedArgs = errors.New("a form has no place for such a value")

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
