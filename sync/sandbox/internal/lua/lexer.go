package lua

import (
	"slices"
	"strings"
)

// token is a word of Lua: a name, number or string ("<name>", ...), a keyword, a sign, or "<eof>".
type token struct {
	kind, text string
	line       int
}

// syntaxError is what the parser panics with; Parse recovers it.
type syntaxError string

// lexer splits Lua into tokens.
type lexer struct {
	chunk, in string
	pos, line int
}

// fail stops parsing. near is the text that the message ends with, if any.
func (l *lexer) fail(message, near string) {
	if near != "" {
		message += " near '" + near + "'"
	}
	panic(syntaxError(l.chunk + ":" + Number(float64(l.line)) + ": " + message)) //nolint:forbidigo // Parse recovers it
}

func (l *lexer) at(i int) byte {
	if l.pos+i < len(l.in) {
		return l.in[l.pos+i]
	}
	return 0
}

// next returns the next token.
func (l *lexer) next() token {
	l.skip()
	start := l.pos
	if start >= len(l.in) {
		return token{"<eof>", "<eof>", l.line}
	}
	switch c := l.in[start]; {
	case isLetter(c):
		for isLetter(l.at(0)) || isDigit(l.at(0)) {
			l.pos++
		}
		word := l.in[start:l.pos]
		if slices.Contains(keywords(), word) {
			return token{word, word, l.line}
		}
		return token{"<name>", word, l.line}
	case isDigit(c) || c == '.' && isDigit(l.at(1)):
		return l.number()
	case c == '"' || c == '\'':
		return l.quoted(c)
	case c == '[' && l.level() >= 0:
		line := l.line
		return token{"<string>", l.long("string"), line}
	}
	for _, sign := range []string{"...", "..", "==", "~=", "<=", ">=", "::"} {
		if strings.HasPrefix(l.in[start:], sign) {
			l.pos += len(sign)
			return token{sign, sign, l.line}
		}
	}
	l.pos++
	return token{l.in[start:l.pos], l.in[start:l.pos], l.line}
}

// skip goes over spaces and comments.
func (l *lexer) skip() {
	for l.pos < len(l.in) {
		switch c := l.in[l.pos]; {
		case c == '\n':
			l.line++
			l.pos++
		case c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f':
			l.pos++
		case c == '-' && l.at(1) == '-':
			l.pos += 2
			if l.at(0) == '[' && l.level() >= 0 {
				l.long("comment")
				continue
			}
			for l.pos < len(l.in) && l.in[l.pos] != '\n' {
				l.pos++
			}
		default:
			return
		}
	}
}

// level returns the number of equal signs in the long bracket that begins here, or -1 if none does.
func (l *lexer) level() int {
	n := 0
	for l.at(1+n) == '=' {
		n++
	}
	if l.at(1+n) == '[' {
		return n
	}
	return -1
}

// long reads a long string or comment.
func (l *lexer) long(what string) string {
	n := l.level()
	start := l.pos
	end := strings.Index(l.in[start:], "]"+strings.Repeat("=", n)+"]")
	if end < 0 {
		l.line += strings.Count(l.in[start:], "\n")
		l.fail("unfinished long "+what, "<eof>")
	}
	l.pos = start + end + n + 2
	text := l.in[start:l.pos]
	l.line += strings.Count(text, "\n")
	return text
}

func (l *lexer) quoted(quote byte) token {
	start := l.pos
	for l.pos++; l.at(0) != quote || l.pos >= len(l.in); l.pos++ {
		switch {
		case l.pos >= len(l.in):
			l.fail("unfinished string", "<eof>")
		case l.at(0) == '\n' || l.at(0) == '\r':
			l.fail("unfinished string", l.in[start:l.pos])
		case l.at(0) == '\\':
			l.escape(start)
		}
	}
	l.pos++
	return token{"<string>", l.in[start:l.pos], l.line}
}

// escape goes over an escape sequence, up to its last character.
func (l *lexer) escape(start int) {
	l.pos++
	switch c := l.at(0); {
	case c == '\n':
		l.line++
	case c == 'x' && isHex(l.at(1)) && isHex(l.at(2)):
		l.pos += 2
	case c == 'u' && l.at(1) == '{' && strings.IndexByte(l.in[l.pos:], '}') > 2:
		l.pos += strings.IndexByte(l.in[l.pos:], '}')
	case c == 'z':
		for strings.IndexByte(" \t\r\n\v\f", l.at(1)) >= 0 && l.at(1) != 0 {
			l.pos++
			l.line += strings.Count(l.in[l.pos:l.pos+1], "\n")
		}
	case strings.IndexByte("abfnrtv\\\"'\r", c) >= 0 && c != 0:
	case isDigit(c):
		for n := 1; n < 3 && isDigit(l.at(1)); n++ {
			l.pos++
		}
	default:
		l.fail("invalid escape sequence", l.in[start:min(l.pos+1, len(l.in))])
	}
}

func (l *lexer) number() token {
	start := l.pos
	exponent := "eE"
	if l.at(0) == '0' && (l.at(1) == 'x' || l.at(1) == 'X') {
		exponent = "pP"
	}
	for isLetter(l.at(0)) || isDigit(l.at(0)) || l.at(0) == '.' ||
		(l.at(0) == '-' || l.at(0) == '+') && strings.IndexByte(exponent, l.in[l.pos-1]) >= 0 && l.pos > start {
		l.pos++
	}
	text := l.in[start:l.pos]
	if !number(text) {
		l.fail("malformed number", text)
	}
	return token{"<number>", text, l.line}
}

// number reports whether s is a number of LuaJIT: decimal or hexadecimal, perhaps of another type.
func number(s string) bool {
	s = strings.ToLower(s)
	for _, suffix := range []string{"ull", "ll", "i"} {
		s = strings.TrimSuffix(s, suffix)
	}
	digits, exponent := "0123456789", "e"
	if rest, ok := strings.CutPrefix(s, "0x"); ok {
		s, digits, exponent = rest, "0123456789abcdef", "p"
	}
	mantissa, power, hasPower := strings.Cut(s, exponent)
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole+fraction == "" || strings.Trim(whole+fraction, digits) != "" {
		return false
	}
	power = strings.TrimPrefix(strings.TrimPrefix(power, "-"), "+")
	return !hasPower || power != "" && strings.Trim(power, "0123456789") == ""
}

func isLetter(c byte) bool {
	return c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
