package schema

import (
	"encoding/json"
	"fmt"
	"strings"
)

// scanner reads a line of the tables, word by word.
type scanner struct{ rest string }

// peek returns the next word, up to a space or an equal sign, and leaves it; "" at the end of the line.
func (s *scanner) peek() string {
	s.rest = strings.TrimLeft(s.rest, " ")
	if i := strings.IndexAny(s.rest, " ="); i >= 0 {
		return s.rest[:i]
	}
	return s.rest
}

// word returns the next word.
func (s *scanner) word() string {
	w := s.peek()
	s.rest = s.rest[len(w):]
	return w
}

// words returns all words that are left.
func (s *scanner) words() []string {
	w := strings.Fields(s.rest)
	s.rest = ""
	return w
}

// attr returns the next attribute.
func (s *scanner) attr() (name string, value any, err error) {
	name = s.word()
	if !strings.HasPrefix(s.rest, "=") {
		return name, true, nil
	}
	s.rest = s.rest[1:]
	if value, err = s.value(name); err != nil {
		return "", nil, fmt.Errorf("%s: %w", name, err)
	}
	return name, value, nil
}

// value returns the value at the start of what is left: JSON, or a bare word in the notation that its attribute has.
func (s *scanner) value(attr string) (any, error) {
	if s.rest != "" && strings.IndexByte(`"[{`, s.rest[0]) >= 0 {
		return s.json()
	}
	bare, rest, _ := strings.Cut(s.rest, " ")
	s.rest = rest
	switch attr {
	case "one_of", "not_one_of":
		var list []any
		for _, w := range strings.Split(bare, ",") {
			list = append(list, literal(w))
		}
		return list, nil
	case "between":
		low, high, ok := strings.Cut(bare, "..")
		if !ok {
			return nil, fmt.Errorf("%q is no range", bare)
		}
		return []any{literal(low), literal(high)}, nil
	}
	return literal(bare), nil
}

func (s *scanner) json() (any, error) {
	var v any
	d := json.NewDecoder(strings.NewReader(s.rest))
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	s.rest = s.rest[d.InputOffset():]
	return v, nil
}

// literal returns a bare word as the JSON value that it is, else as a string.
func literal(w string) any {
	var v any
	if json.Unmarshal([]byte(w), &v) != nil {
		return w
	}
	return v
}
