package route

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What Rust's \d, \s and \w hold, which are those of Unicode, as the inside of a Go class.
const (
	digitClass = `\p{Nd}`
	spaceClass = `\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}`
	// Alphabetic, which is letters, Nl and the circled and squared ones, and marks, Nd, Pc and the joiners.
	wordClass = `\p{L}\p{M}\p{Nl}\p{Nd}\p{Pc}\x{200c}\x{200d}` +
		`\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189}`
	notSpaceClass = `\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}` +
		`\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff}`
)

// perlClass returns \d and its like as a Go class.
func perlClass(c byte) string {
	switch c {
	case 'd':
		return "[" + digitClass + "]"
	case 'D':
		return "[^" + digitClass + "]"
	case 's':
		return "[" + spaceClass + "]"
	case 'S':
		return "[^" + spaceClass + "]"
	case 'w':
		return "[" + wordClass + "]"
	}
	return "[^" + wordClass + "]"
}

// property reads \pN, \p{Name} or \P... after the backslash at start: general categories and scripts by their exact names.
func (t *translator) property(start int) (string, error) {
	t.pos++
	name := ""
	if t.at("{") {
		end := strings.IndexByte(t.in[t.pos:], '}')
		if end < 0 {
			return "", t.errorf(start, len(t.in), "incomplete escape sequence, reached end of pattern prematurely")
		}
		name = t.in[t.pos+1 : t.pos+end]
		t.pos += end + 1
	} else if t.more() {
		name = string(t.next())
	}
	if unicode.Categories[name] == nil && unicode.Scripts[name] == nil {
		return "", t.notModelled(start)
	}
	return t.in[start:start+2] + "{" + name + "}", nil
}

// class reads a class in brackets.
func (t *translator) class() (string, error) {
	start := t.pos
	t.pos++
	var b strings.Builder
	b.WriteByte('[')
	if t.at("^") {
		b.WriteByte('^')
		t.pos++
	}
	for first := true; first || !t.at("]"); first = false {
		if !t.more() {
			return "", t.errorf(start, start+1, "unclosed character class")
		}
		item, err := t.classItem(start)
		if err != nil {
			return "", err
		}
		b.WriteString(item)
	}
	t.pos++
	return b.String() + "]", nil
}

// classItem reads a member of the class that starts at open: a character, a range or a named class.
func (t *translator) classItem(open int) (string, error) {
	start := t.pos
	if t.at("&&") || t.at("--") && t.pos > open+1 || t.at("~~") {
		t.pos += 2
		return "", t.notModelled(open)
	}
	if t.at("[") {
		return t.posixClass(open)
	}
	if named, err := t.classEscape(); named != "" || err != nil {
		return named, err
	}
	low, err := t.classRune()
	if err != nil {
		return "", err
	}
	if !t.at("-") || t.at("-]") || t.at("--") {
		return fmt.Sprintf(`\x{%x}`, low), nil
	}
	if t.pos++; !t.more() {
		return "", t.errorf(open, open+1, "unclosed character class")
	}
	if named, err := t.classEscape(); named != "" || err != nil {
		return "", t.errorf(start, t.pos, "invalid range boundary, must be a literal")
	}
	high, err := t.classRune()
	if err != nil {
		return "", err
	}
	if low > high {
		return "", t.errorf(start, t.pos, "invalid character class range, the start must be <= the end")
	}
	return fmt.Sprintf(`\x{%x}-\x{%x}`, low, high), nil
}

// classRune reads one character of a class.
func (t *translator) classRune() (rune, error) {
	start := t.pos
	r := t.next()
	if r != '\\' {
		return r, nil
	}
	if !t.more() {
		return 0, t.errorf(start, t.pos, "incomplete escape sequence, reached end of pattern prematurely")
	}
	if r, _ := utf8.DecodeRuneInString(t.in[t.pos:]); strings.ContainsRune("AzbB", r) {
		t.pos++
		return 0, t.errorf(start, t.pos, "invalid escape sequence found in character class")
	}
	return t.escapedRune(start)
}

// classEscape reads an escape that stands for several characters, if there is one.
func (t *translator) classEscape() (string, error) {
	if !t.at(`\`) || t.pos+1 == len(t.in) {
		return "", nil
	}
	start := t.pos
	c := t.in[t.pos+1]
	switch c {
	case 'p', 'P':
		t.pos++
		return t.property(start)
	case 'd', 's', 'w', 'D', 'S', 'W':
	default:
		return "", nil
	}
	t.pos += 2
	switch c {
	case 'd':
		return digitClass, nil
	case 's':
		return spaceClass, nil
	case 'w':
		return wordClass, nil
	case 'D':
		return `\P{Nd}`, nil
	case 'S':
		return notSpaceClass, nil
	}
	return "", t.notModelled(start)
}

// posixClass reads [:name:] in the class that starts at open.
func (t *translator) posixClass(open int) (string, error) {
	for _, name := range []string{
		"alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word", "xdigit",
	} {
		for _, s := range []string{"[:" + name + ":]", "[:^" + name + ":]"} {
			if t.at(s) {
				t.pos += len(s)
				return s, nil
			}
		}
	}
	t.pos++
	return "", t.notModelled(open)
}
