package route

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// subsystem is one of the two halves of Kong, HTTP and streams, each of which has a router of its own.
type subsystem struct {
	entries []entry // the most important first
	index   index
	fields  []string // those that any expression asks for, sorted
	routes  int      // how many there are, before they were split
}

// build brings the entries in order once all are there.
func (s *subsystem) build() {
	slices.SortFunc(s.entries, entry.before)
	fields := map[string]bool{}
	for i, e := range s.entries {
		s.index.add(i, e.expr)
		e.expr.predicates(func(p *predicate) bool {
			fields[p.field.name] = true
			return true
		})
	}
	s.fields = slices.Sorted(maps.Keys(fields))
}

func (s *subsystem) asks(field string) bool {
	_, ok := slices.BinarySearch(s.fields, field)
	return ok
}

// find returns the first entry that holds, nil if none does.
func (s *subsystem) find(c *context) *entry {
	if s.invalid(c) != "" {
		return nil
	}
	best := len(s.entries)
	s.index.candidates(c, func(list []int) {
		for _, i := range list {
			if i >= best {
				return
			}
			if s.entries[i].matches(c) {
				best = i
				return
			}
		}
	})
	if best == len(s.entries) {
		return nil
	}
	found := &s.entries[best]
	found.matches(c) // others may have been tried since, which left their captures
	return found
}

// matches reports whether the entry holds, and leaves in c what it matched.
func (e *entry) matches(c *context) bool {
	c.matched, c.captures = "", nil
	return e.expr.match(c)
}

// crashes reports whether a query parameter that a route asks about is there both repeatedly and without "=". Kong sorts the
// values of a parameter for its cache, and Lua cannot sort what is no text.
func (s *subsystem) crashes(c *context) bool {
	return slices.ContainsFunc(s.fields, func(f string) bool {
		name, ok := strings.CutPrefix(f, queryPrefix)
		if !ok {
			return false
		}
		a := c.argument(name)
		return a.bare && len(a.values) > 1
	})
}

// invalid returns the first field that a route asks about whose text is not UTF-8, or "". If there is one, no route matches at all.
func (s *subsystem) invalid(c *context) string {
	for _, f := range s.fields {
		if kindOf(f, false) != textKind {
			continue
		}
		for _, v := range c.texts(f) {
			if !utf8.ValidString(v) {
				return f
			}
		}
	}
	return ""
}
