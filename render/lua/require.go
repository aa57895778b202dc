package lua

import (
	"slices"
	"strings"
)

// Requires returns the modules that a program loads by name, require("NAME"), sorted, each once. What it makes up at run time, or
// loads by another name of require, is not seen.
func Requires(program string) []string {
	var out []string
	after := false // the last word was require
	for rest := program; rest != ""; {
		token, text := next(rest)
		switch {
		case text != "" && after:
			out, after = append(out, text), false
		case token == "(" && after, strings.TrimSpace(token) == "", strings.HasPrefix(token, "--"):
		default:
			after = token == "require"
		}
		rest = rest[len(token):]
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// next returns the first token of a program that is not empty: a comment, a string, of which text is the content as it is written, a
// word, or a single byte.
func next(s string) (token, text string) {
	if end, open := long(strings.TrimPrefix(s, "--")); end > 0 {
		if comment := len(s) - len(strings.TrimPrefix(s, "--")); comment > 0 {
			return s[:comment+end], ""
		}
		return s[:end], s[open:max(open, end-open)]
	}
	switch c := s[0]; {
	case strings.HasPrefix(s, "--"):
		if end := strings.IndexByte(s, '\n'); end >= 0 {
			return s[:end], ""
		}
		return s, ""
	case c == '"' || c == '\'':
		return short(s)
	case wordByte(c):
		end := strings.IndexFunc(s, func(r rune) bool { return r > 0x7f || !wordByte(byte(r)) })
		if end < 0 {
			end = len(s)
		}
		return s[:end], ""
	}
	return s[:1], ""
}

// short returns the string in quotes at the beginning of s; an unfinished one reaches to the end.
func short(s string) (token, text string) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return s[:i+1], s[1:i]
		}
	}
	return s, ""
}

// long returns where a text in long brackets ends, [==[ ... ]==], and how long its opening is; 0 if s does not begin with one.
func long(s string) (end, open int) {
	level := len(s) - len(strings.TrimLeft(strings.TrimPrefix(s, "["), "=")) - 1
	if level < 0 || !strings.HasPrefix(s, "[") || len(s) < level+2 || s[level+1] != '[' {
		return 0, 0
	}
	closing := "]" + strings.Repeat("=", level) + "]"
	at := strings.Index(s, closing)
	if at < 0 {
		return len(s), level + 2
	}
	return at + len(closing), level + 2
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}
