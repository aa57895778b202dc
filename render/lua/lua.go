package lua

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Chunk is the text of a Lua program.
type Chunk string

// constant is a text that only the source can hold: an untyped constant becomes one, a string that was made at run time does not.
type constant string

// Values are what [New] puts into a program, by name: strings, whole numbers, booleans, nil, and slices and maps of them.
type Values map[string]any

// New returns a program in which each @name stands for the literal of the value of that name. A name that is not there becomes nil.
func New(program constant, values Values) Chunk {
	var b strings.Builder
	rest := string(program)
	for {
		before, after, ok := strings.Cut(rest, "@")
		b.WriteString(before)
		if !ok {
			return Chunk(b.String())
		}
		end := strings.IndexFunc(after, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
		if end < 0 {
			end = len(after)
		}
		b.WriteString(Literal(values[after[:end]]))
		rest = after[end:]
	}
}

// Literal returns the Lua expression of a value: a string byte for byte, a slice as a table from 1 on, a map as a table with its keys
// in order. It is nil for values of other types than [Values] has.
func Literal(v any) string {
	switch v := v.(type) {
	case string:
		return quoted(v)
	case bool:
		return strconv.FormatBool(v)
	case int, int32, int64:
		return fmt.Sprint(v)
	case []string:
		return list(v)
	case []int:
		return list(v)
	case []any:
		return list(v)
	case map[string]any:
		return table(v)
	case map[string]string:
		return table(v)
	}
	return "nil"
}

func list[T any](values []T) string {
	items := make([]string, len(values))
	for i, v := range values {
		items[i] = Literal(v)
	}
	return "{" + strings.Join(items, ", ") + "}"
}

func table[T any](values map[string]T) string {
	items := make([]string, 0, len(values))
	for _, k := range slices.Sorted(maps.Keys(values)) {
		items = append(items, "["+quoted(k)+"] = "+Literal(values[k]))
	}
	return "{" + strings.Join(items, ", ") + "}"
}

// quoted returns a string literal in which all but a few harmless characters are escaped, so that none can end it, and none depends
// on how a reader of YAML or Lua takes it.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		if harmless(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03d`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func harmless(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(" ._:/-", c) >= 0
}
