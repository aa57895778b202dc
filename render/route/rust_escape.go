package route

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escape reads a backslash and what follows, outside of a class.
func (t *translator) escape() (string, error) {
	start := t.pos
	t.pos++
	if !t.more() {
		return "", t.errorf(start, t.pos, "incomplete escape sequence, reached end of pattern prematurely")
	}
	switch c := t.in[t.pos]; c {
	case 'A', 'z':
		t.pos++
		return t.in[start:t.pos], nil
	case 'b', 'B':
		t.pos++
		if c == 'b' && t.at("{") {
			return "", t.notModelled(start)
		}
		return t.in[start:t.pos], nil
	case '<', '>':
		t.pos++
		return "", t.notModelled(start)
	case 'd', 's', 'w', 'D', 'S', 'W':
		t.pos++
		inside, others := perlClass(c)
		if others {
			inside = "^" + inside
		}
		return "[" + inside + "]", nil
	case 'p', 'P':
		return t.property(start)
	}
	r, err := t.escapedRune(start)
	return regexp.QuoteMeta(string(r)), err
}

// escapedRune reads what stands for one character behind the backslash at start.
func (t *translator) escapedRune(start int) (rune, error) {
	c := t.next()
	if i := strings.IndexRune("aftnrv", c); i >= 0 {
		return rune("\a\f\t\n\r\v"[i]), nil
	}
	switch {
	case c == 'x' || c == 'u' || c == 'U':
		return t.hex(start, map[rune]int{'x': 2, 'u': 4, 'U': 8}[c])
	case '0' <= c && c <= '9':
		return 0, t.errorf(start, t.pos, "backreferences are not supported")
	case c >= utf8.RuneSelf || isAlphanumeric(byte(c)) || c == '<' || c == '>':
		return 0, t.errorf(start, t.pos, "unrecognized escape sequence")
	}
	return c, nil
}

// hex reads n hexadecimal digits, or any number in braces.
func (t *translator) hex(start, n int) (rune, error) {
	var digits string
	if t.at("{") {
		end := strings.IndexByte(t.in[t.pos:], '}')
		if end < 0 {
			return 0, t.errorf(start, len(t.in), "incomplete escape sequence, reached end of pattern prematurely")
		}
		digits = t.in[t.pos+1 : t.pos+end]
		t.pos += end + 1
	} else {
		if t.pos+n > len(t.in) {
			return 0, t.errorf(start, len(t.in), "incomplete escape sequence, reached end of pattern prematurely")
		}
		digits = t.in[t.pos : t.pos+n]
		t.pos += n
	}
	if digits == "" || strings.Trim(digits, hexDigits) != "" {
		return 0, t.errorf(start, t.pos, "invalid hexadecimal digit")
	}
	r, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || !utf8.ValidRune(rune(r)) || r > unicode.MaxRune {
		return 0, t.errorf(start, t.pos, "hexadecimal literal is not a Unicode scalar value")
	}
	return rune(r), nil
}
