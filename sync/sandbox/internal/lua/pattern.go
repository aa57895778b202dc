package lua

import (
	"fmt"
	"regexp"
	"strings"
)

// Pattern returns a regular expression that matches what the Lua pattern p matches. Patterns with captures by position,
// back references, %b or %f are refused: no schema has one.
//
// Source: Lua 5.1 reference manual, 5.4.1.
func Pattern(p string) (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString("(?s)")
	for i := 0; i < len(p); {
		if p[i] == '^' && i == 0 {
			b.WriteString(`\A`)
			i++
			continue
		}
		if p[i] == '$' && i == len(p)-1 {
			b.WriteString(`\z`)
			break
		}
		item, n, err := single(p[i:])
		if err != nil {
			return nil, err
		}
		b.WriteString(item)
		i += n
		if i < len(p) && item != "(" && item != ")" && strings.IndexByte("*+?-", p[i]) >= 0 {
			b.WriteString(strings.Replace(string(p[i]), "-", "*?", 1))
			i++
		}
	}
	return regexp.Compile(b.String())
}

// single translates the character, class, set or parenthesis that p begins with, and says how many bytes of p it takes.
func single(p string) (string, int, error) {
	switch c := p[0]; c {
	case '%':
		class, err := escape(p, 1)
		return "[" + class + "]", 2, err
	case '[':
		return bracket(p)
	case '.', '(', ')':
		return string(c), 1, nil
	default:
		return regexp.QuoteMeta(string(c)), 1, nil
	}
}

// bracket translates the set that s begins with, and says how many bytes of s it takes.
func bracket(s string) (string, int, error) {
	var b strings.Builder
	b.WriteByte('[')
	i := 1
	if i < len(s) && s[i] == '^' {
		b.WriteByte('^')
		i++
	}
	for start := i; i < len(s); i++ {
		switch c := s[i]; {
		case c == ']' && i > start:
			b.WriteByte(']')
			return b.String(), i + 1, nil
		case c == '%':
			i++
			class, err := escape(s, i)
			if err != nil {
				return "", 0, err
			}
			b.WriteString(class)
		case c == '-' && i > start && i+1 < len(s) && s[i+1] != ']':
			b.WriteByte('-')
		case strings.IndexByte(`[]\^-&~`, c) >= 0:
			b.WriteString(`\` + string(c))
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, fmt.Errorf("lua pattern: missing ] in %q", s)
}

// escape returns what the character after a % at p[i] stands for, as the inside of a set.
func escape(p string, i int) (string, error) {
	if i >= len(p) {
		return "", fmt.Errorf("lua pattern: %q ends with %%", p)
	}
	switch c := p[i]; c {
	case 'a':
		return "A-Za-z", nil
	case 'd':
		return "0-9", nil
	case 'l':
		return "a-z", nil
	case 'p':
		return "[:punct:]", nil
	case 's':
		return `\t\n\v\f\r `, nil
	case 'u':
		return "A-Z", nil
	case 'w':
		return "A-Za-z0-9", nil
	case 'x':
		return "A-Fa-f0-9", nil
	default:
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			return "", fmt.Errorf("lua pattern: %%%c in %q is not supported", c, p)
		}
		return regexp.QuoteMeta(string(c)), nil
	}
}
