package manifest

import (
	"unicode/utf8"

	kjson "sigs.k8s.io/json"
)

// jsonText is what is left of a JSON text to be read.
type jsonText struct {
	rest []byte
	*alike
}

// take goes past a character if it is the next one.
func (t *jsonText) take(c byte) bool {
	if len(t.rest) == 0 || t.rest[0] != c {
		return false
	}
	t.rest = t.rest[1:]
	return true
}

// members goes past an object or a list. It calls a function for each member, which goes past that, and reports whether all went well.
func (t *jsonText) members(begin, end byte, member func(i int) bool) bool {
	if !t.take(begin) {
		return false
	}
	for i := 0; !t.take(end); i++ {
		if i > 0 && !t.take(',') || !member(i) {
			return false
		}
	}
	return true
}

// name goes past the key of an object's member, with the colon behind it, and returns it as it is written.
func (t *jsonText) name() []byte {
	end := closing(t.rest, 0)
	if end+1 >= len(t.rest) || t.rest[0] != '"' || t.rest[end+1] != ':' {
		return nil
	}
	name := t.rest[1:end]
	t.rest = t.rest[end+2:]
	return name
}

// text goes past a string and returns it.
func (t *jsonText) text() (string, bool) {
	if len(t.rest) == 0 || t.rest[0] != '"' {
		return "", false
	}
	for i := 1; i < len(t.rest); i++ {
		switch c := t.rest[i]; {
		case c == '"':
			s := t.word(t.rest[1:i])
			t.rest = t.rest[i+1:]
			return s, true
		case c == '\\' || c >= utf8.RuneSelf:
			return t.unquote()
		}
	}
	return "", false
}

// unquote goes past a string that has not only ASCII characters in it, which all stand for themselves, and returns it.
func (t *jsonText) unquote() (s string, ok bool) {
	n, _ := t.extent(len(t.rest))
	err := kjson.UnmarshalCaseSensitivePreserveInts(t.rest[:n], &s)
	t.rest = t.rest[n:]
	return s, err == nil
}

// literal goes past a number, true, false or null, and returns it.
func (t *jsonText) literal() []byte {
	n, _ := t.extent(len(t.rest))
	literal := t.rest[:n]
	t.rest = t.rest[n:]
	return literal
}

// extent returns how long the value is that is next in an object or a list, and how many members it has itself. What is longer than a limit
// has the length 0.
func (t *jsonText) extent(limit int) (length, members int) {
	text, depth := t.rest[:min(limit, len(t.rest))], 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			if i = closing(text, i); depth == 0 && i < len(text) {
				return i + 1, 0
			}
		case '{', '[':
			depth++
			members = max(members, 1)
		case '}', ']':
			switch depth--; {
			case depth < 0: // of what is around a number, true, false or null
				return i, 0
			case depth == 0 && i == 1:
				return 2, 0
			case depth == 0:
				return i + 1, members
			}
		case ',':
			switch depth {
			case 0:
				return i, 0
			case 1:
				members++
			}
		}
	}
	return 0, 0
}

// closing returns where the string ends that begins somewhere in a text.
func closing(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}
