package lua

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Pretty prints a table as Penlight's pl.pretty.write does, which Kong's messages use: the array part, then the fields
// by name. With an empty space all is on one line, else each level is indented by it. A nil in an array is a gap.
//
// Source: Penlight 1.14, lua/pl/pretty.lua and lua/pl/stringx.lua.
func Pretty(v any, space string) string {
	p := printer{space: space, set: " = "}
	if space == "" {
		p.set = "="
	}
	p.write(v, "", space)
	sep := "\n"
	if space == "" {
		sep = ""
	}
	return strings.Join(trimComma(p.lines), sep)
}

// printer collects lines, as Penlight does: what is put begins a line, what is put with a line end completes it.
type printer struct {
	space, set string
	line       string
	lines      []string
}

func (p *printer) end(s string) {
	p.lines = append(p.lines, p.line+s)
	p.line = ""
}

func (p *printer) write(v any, oldIndent, indent string) {
	switch v := v.(type) {
	case []any:
		p.end("{")
		gap := false
		for i, e := range v {
			if e == nil {
				gap = true
				continue
			}
			p.line += indent
			if gap {
				p.line += "[" + strconv.Itoa(i+1) + "]" + p.set
			}
			p.write(e, indent, indent+p.space)
		}
		p.close(oldIndent)
	case map[string]any:
		p.end("{")
		for _, k := range slices.Sorted(maps.Keys(v)) {
			p.line += indent + key(k) + p.set
			p.write(v[k], indent, indent+p.space)
		}
		p.close(oldIndent)
	case string:
		p.end(quote(v) + ",")
	default:
		s := Text(v)
		if strings.Contains(s, " ") {
			s = quote(s)
		}
		p.end(s + ",")
	}
}

func (p *printer) close(indent string) {
	p.lines = trimComma(p.lines)
	p.end(indent + "},")
}

func trimComma(lines []string) []string {
	if n := len(lines) - 1; n >= 0 {
		lines[n] = strings.TrimSuffix(lines[n], ",")
	}
	return lines
}

// Text returns v as Lua's tostring does.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return "userdata: NULL"
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		return Number(v)
	}
	return "table"
}

// Number returns f as Lua's tostring does: with 14 digits.
func Number(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	s := strconv.FormatFloat(f, 'g', 14, 64)
	mantissa, exp, ok := strings.Cut(s, "e")
	if strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	if !ok {
		return mantissa
	}
	return mantissa + "e" + exp
}

// key returns a field's name as a table constructor has it.
func key(s string) string {
	if identifier(s) {
		return s
	}
	if _, err := strconv.Atoi(s); err == nil {
		return "[" + s + "]"
	}
	return "[" + quote(s) + "]"
}

func identifier(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && !slices.Contains(keywords(), s)
}

func keywords() []string {
	return strings.Fields("and break do else elseif end false for function if in local nil not or repeat return then true until while")
}

// quote returns s as a Lua string: in double quotes, or in long brackets if it has lines or holds long brackets.
func quote(s string) string {
	level := longBrackets(s + "]")
	if (strings.Contains(s, "\n") || level >= 0) && !strings.Contains(s, "\r") {
		eq := strings.Repeat("=", level+1)
		if strings.HasPrefix(s, "\n") {
			s = "\n" + s
		}
		return "[" + eq + "[" + s + "]" + eq + "]"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", "\\\n", "\r", `\r`, "\x00", `\000`).Replace(s) + `"`
}

// longBrackets returns the number of equal signs in the longest long bracket of s, or -1 if it has none.
func longBrackets(s string) int {
	level := -1
	for i := 0; i < len(s); i++ {
		if s[i] != '[' && s[i] != ']' {
			continue
		}
		j := i + 1
		for j < len(s) && s[j] == '=' {
			j++
		}
		if j < len(s) && s[j] == s[i] {
			level = max(level, j-i-1)
		}
	}
	return level
}
