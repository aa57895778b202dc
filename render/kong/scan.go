package kong

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxDepth is how deep JSON may be nested: as deep as encoding/json allows.
const maxDepth = 10000

// scanner turns JSON from outside into canonical text, in one pass and without a tree: a Kong's answers are long, and the same in memory
// as text is several times smaller. It takes what encoding/json takes: of members of one name the last counts, and what is not UTF-8
// is replaced.
type scanner struct {
	in  []byte
	pos int
	// out is the canonical text so far.
	out   []byte
	depth int
	// found are the members of the objects that are being read, the innermost last.
	found []foundMember
	// moved is where members are put in order.
	moved []byte
	// names are those of members, which are the same again and again.
	names map[string]string
}

// foundMember is where in scanner.out a member of an object stands, with its name.
type foundMember struct {
	name       string
	start, end int
}

var errJSON = errors.New("it is not JSON")

// canonical returns one JSON value as canonical text.
func canonical(in []byte) (string, error) {
	s := scanner{in: in}
	if err := s.value(); err != nil {
		return "", err
	}
	if s.peek() != 0 {
		return "", errJSON
	}
	return string(s.out), nil
}

// peek returns the next byte that is no white space, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.in); s.pos++ {
		switch c := s.in[s.pos]; c {
		case ' ', '\t', '\r', '\n':
		case 0:
			return 0xff // no byte of JSON, either
		default:
			return c
		}
	}
	return 0
}

// take takes the next byte if it is c.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

// value appends the next value to s.out.
func (s *scanner) value() error {
	switch c := s.peek(); {
	case c == '{':
		return s.nested(s.object)
	case c == '[':
		return s.nested(s.array)
	case c == '"':
		return s.string()
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	}
	for _, word := range []string{"null", "true", "false"} {
		if bytes.HasPrefix(s.in[s.pos:], []byte(word)) {
			s.pos += len(word)
			s.out = append(s.out, word...)
			return nil
		}
	}
	return errJSON
}

func (s *scanner) nested(read func() error) error {
	if s.depth++; s.depth > maxDepth {
		return errors.New("it is nested too deep")
	}
	defer func() { s.depth-- }()
	s.pos++
	return read()
}

func (s *scanner) array() error {
	s.out = append(s.out, '[')
	for first := true; !s.take(']'); first = false {
		if !first {
			if !s.take(',') {
				return errJSON
			}
			s.out = append(s.out, ',')
		}
		if err := s.value(); err != nil {
			return err
		}
	}
	s.out = append(s.out, ']')
	return nil
}

func (s *scanner) object() error {
	start, first := len(s.out), len(s.found)
	s.out = append(s.out, '{')
	err := s.members(func(_ string, start, value int) error {
		if err := s.value(); err != nil {
			return err
		}
		if string(s.out[value:]) == "null" {
			s.out = s.out[:start]
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.out = append(append(s.out[:start+1], s.arranged(s.found[first:])...), '}')
	s.found = s.found[:first]
	return nil
}

// members reads the members of an object, to its end. Each name is in s.out, at start, when read is called to append the value, at value,
// or to take away the name, too. What it leaves is in s.found.
func (s *scanner) members(read func(name string, start, value int) error) error {
	for first := true; !s.take('}'); first = false {
		if !first && !s.take(',') {
			return errJSON
		}
		start := len(s.out)
		if s.peek() != '"' {
			return errJSON
		}
		if err := s.string(); err != nil {
			return err
		}
		name := s.name(start)
		if !s.take(':') {
			return errJSON
		}
		s.out = append(s.out, ':')
		if err := read(name, start, len(s.out)); err != nil {
			return err
		}
		s.found = append(s.found, foundMember{name, start, len(s.out)})
	}
	return nil
}

// arranged returns members in order, with commas between them. Of a name that is there several times the last counts. What it returns is
// only good until the next call.
func (s *scanner) arranged(found []foundMember) []byte {
	slices.SortStableFunc(found, func(a, b foundMember) int { return strings.Compare(a.name, b.name) })
	s.moved = s.moved[:0]
	for i, m := range found {
		if m.start == m.end || i+1 < len(found) && found[i+1].name == m.name {
			continue // null, or not the last
		}
		if len(s.moved) > 0 {
			s.moved = append(s.moved, ',')
		}
		s.moved = append(s.moved, s.out[m.start:m.end]...)
	}
	return s.moved
}

// name returns the name that s.out ends with, beginning at start.
func (s *scanner) name(start int) string {
	if name, ok := s.names[string(s.out[start:])]; ok {
		return name
	}
	spelled := string(s.out[start:])
	if len(s.names) < 256 {
		if s.names == nil {
			s.names = map[string]string{}
		}
		s.names[spelled] = text(spelled)
	}
	return text(spelled)
}

// string appends a string.
func (s *scanner) string() error {
	start := s.pos
	s.out = append(s.out, '"')
	for i := start + 1; i < len(s.in); i++ {
		switch c := s.in[i]; {
		case plainByte[c]:
			continue
		case c == '"':
			s.out = append(s.out, s.in[start+1:i+1]...)
			s.pos = i + 1
			return nil
		}
		return s.spelled(start)
	}
	return errJSON
}

// spelled appends a string that may not be spelled in its canonical way, beginning at s.in[start].
func (s *scanner) spelled(start int) error {
	for i := start + 1; i < len(s.in); i++ {
		switch s.in[i] {
		case '\\':
			i++
		case '"':
			var decoded string
			if err := json.Unmarshal(s.in[start:i+1], &decoded); err != nil {
				return errJSON
			}
			s.out = appendString(s.out[:len(s.out)-1], decoded)
			s.pos = i + 1
			return nil
		}
	}
	return errJSON
}

// number appends a number.
func (s *scanner) number() error {
	start := s.pos
	digits := func() bool {
		from := s.pos
		for s.pos < len(s.in) && '0' <= s.in[s.pos] && s.in[s.pos] <= '9' {
			s.pos++
		}
		return s.pos > from
	}
	is := func(set string) bool {
		ok := s.pos < len(s.in) && strings.IndexByte(set, s.in[s.pos]) >= 0
		if ok {
			s.pos++
		}
		return ok
	}
	is("-")
	if !is("0") && !digits() {
		return errJSON
	}
	if is(".") && !digits() {
		return errJSON
	}
	if is("eE") {
		if is("+-"); !digits() {
			return errJSON
		}
	}
	if t := s.in[start:s.pos]; len(t) <= kept && t[0] != '-' && !bytes.ContainsAny(t, ".eE") {
		s.out = append(s.out, t...)
		return nil
	}
	out, err := appendNumber(s.out, string(s.in[start:s.pos]))
	if err != nil {
		return fmt.Errorf("it has a number that is too large: %w", err)
	}
	s.out = out
	return nil
}
