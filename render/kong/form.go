package kong

import (
	"bytes"
	"slices"
	"strings"
)

// This file holds what makes entities small. Those of one kind are much alike: of 400 bytes of a route's text, 300 are what thousands of
// others say, too. So a text is kept as a form, which the alike share, and its own values, which go into the gaps of the form:
//
//	form  {"id":·,"name":·,"port":80,"protocol":"http","tags":["k8s-kind:Service",·,"managed-by:gwsync"]}
//	own   "80ad6eda-…" ⏎ "echo" ⏎ "k8s-name:echo" ⏎
//
// A gap stands for one scalar or one reference, with its quotes. The text is the form with the gaps filled, byte for byte, so nothing is
// lost, whatever is in it; and as no gap stands for a name or for structure, members begin and end in the form, and one is read without
// the others. Canonical text has no control characters, so that one can end each value.
//
// Nobody says where the gaps are: [forms] learns it. The first text is a form with one gap, its id. A text that differs from a form in
// scalars only opens gaps there, in a form that takes the place of the former; any other begins a form of its own. There is no end
// to the forms that texts may have, but what hardly anything else has saves nothing: of one kind there are at most
// [mostForms], and what fits none of them is kept whole.

// form is what the texts of some entities have in common. It is never written once it is made.
type form struct {
	row *Row
	// example is one of the texts, raw the same, and gaps are where in it that entity's own values stand, the first of them its id.
	example string
	raw     []byte
	gaps    []span
	// members are those of the texts, the id first and then by name. The form of a kind's whole texts has none: its gap is all of it.
	members []formMember
	// tags are those in the form, and openTags the gaps that are tags.
	tags     []string
	openTags []int
}

// span is a part of a form's example.
type span struct{ start, end int }

// formMember is a member of an object: where its value stands, and which gaps are in that.
type formMember struct {
	name            string
	value           span
	firstGap, toGap int
}

// endOfValue ends each own value.
const endOfValue = '\n'

// wholeForm returns the form of texts of a kind that are kept whole.
func wholeForm(row *Row) *form { return &form{row: row, gaps: []span{{}}} }

// isWhole reports whether the own value of an entity is all its text.
func (f *form) isWhole() bool { return f.members == nil }

// cutValue returns the first of own values, and the others.
func cutValue(own string) (first, others string) {
	if end := strings.IndexByte(own, endOfValue); end >= 0 {
		return own[:end], own[end+1:]
	}
	return own, ""
}

// gap returns what an entity has in a gap.
func (f *form) gap(own string, i int) string {
	for range i {
		_, own = cutValue(own)
	}
	v, _ := cutValue(own)
	return v
}

// appendText appends the text of an entity.
func (f *form) appendText(b []byte, own string) []byte {
	return f.appendPart(b, own, formMember{value: span{0, len(f.example)}, toGap: len(f.gaps)})
}

func (f *form) appendPart(b []byte, own string, m formMember) []byte {
	for range m.firstGap {
		_, own = cutValue(own)
	}
	at := m.value.start
	for _, g := range f.gaps[m.firstGap:m.toGap] {
		var v string
		v, own = cutValue(own)
		b = append(append(b, f.example[at:g.start]...), v...)
		at = g.end
	}
	return append(b, f.example[at:m.value.end]...)
}

// value returns the text of a member's value.
func (f *form) value(own string, m formMember) string {
	switch {
	case m.firstGap == m.toGap:
		return f.example[m.value.start:m.value.end]
	case f.gaps[m.firstGap] == m.value:
		return f.gap(own, m.firstGap)
	}
	var room [256]byte
	return string(f.appendPart(room[:0], own, m))
}

// lookup returns the text of a member's value, "" if there is none.
func (f *form) lookup(own, name string) string {
	if f.isWhole() {
		return lookup(own, name)
	}
	fields := f.members[1:]
	i, ok := slices.BinarySearchFunc(fields, name, func(m formMember, name string) int { return strings.Compare(m.name, name) })
	if !ok {
		return ""
	}
	return f.value(own, fields[i])
}

// anyTag reports whether what is asked holds for a tag, in the form or of an entity's own.
func (f *form) anyTag(own string, is func(tag string) bool) bool {
	isOpen := func(v string) bool { return v[0] == '"' && is(text(v)) }
	if f.isWhole() {
		for v := range elements(lookup(own, "tags")) {
			if isOpen(v) {
				return true
			}
		}
		return false
	}
	return slices.ContainsFunc(f.tags, is) || slices.ContainsFunc(f.openTags, func(i int) bool { return isOpen(f.gap(own, i)) })
}

// newForm returns the form of an example's text with the given gaps.
func newForm(row *Row, example string, gaps []span) *form {
	f := &form{row: row, example: example, raw: []byte(example), gaps: gaps}
	next := 0
	for i := 1; i < len(example)-1; i++ {
		colon := skip(example, i)
		m := formMember{name: text(example[i:colon]), value: span{colon + 1, skip(example, colon+1)}, firstGap: next}
		for next < len(gaps) && gaps[next].end <= m.value.end {
			next++
		}
		m.toGap = next
		f.members = append(f.members, m)
		if m.name == "tags" && example[m.value.start] == '[' {
			f.setTags(m)
		}
		i = m.value.end
	}
	return f
}

// setTags notes the elements of tags.
func (f *form) setTags(m formMember) {
	start, gap := m.value.start+1, m.firstGap
	for v := range elements(f.example[m.value.start:]) {
		end := start + len(v)
		switch {
		case gap < m.toGap && f.gaps[gap] == span{start, end}:
			f.openTags = append(f.openTags, gap)
		case v[0] == '"':
			f.tags = append(f.tags, text(v))
		}
		for gap < m.toGap && f.gaps[gap].end <= end {
			gap++
		}
		start = end + 1
	}
}

// fit appends to own what a text has in the gaps of the form, and reports whether the text is one of the form.
func (f *form) fit(own, text []byte) ([]byte, bool) {
	at, from := 0, 0
	for _, g := range f.gaps {
		same := f.example[from:g.start]
		if len(text)-at <= len(same) || string(text[at:at+len(same)]) != same {
			return own, false
		}
		at += len(same)
		end := at + unit(text[at:])
		if end == at || unitKind(text[at]) != unitKind(f.example[g.start]) {
			return own, false
		}
		own = append(append(own, text[at:end]...), endOfValue)
		at, from = end, g.end
	}
	return own, string(text[at:]) == f.example[from:]
}

// opened returns the form with gaps also where a text of the same skeleton has other units.
func (f *form) opened(text []byte) *form {
	var gaps []span
	i, j, next := 1, 1, 0
	for i < len(f.raw) {
		n, m := unit(f.raw[i:]), unit(text[j:])
		if n == 0 {
			i, j = i+1, j+1
			continue
		}
		isGap := next < len(f.gaps) && f.gaps[next].start == i
		if isGap || !bytes.Equal(f.raw[i:i+n], text[j:j+m]) {
			gaps = append(gaps, span{i, i + n})
		}
		if isGap {
			next++
		}
		i, j = i+n, j+m
	}
	return newForm(f.row, f.example, gaps)
}

// appendSkeleton appends what the texts of a form have in common whatever its gaps: structure, names of members, and kinds of units.
func appendSkeleton(b, text []byte) []byte {
	for i := 1; i < len(text); {
		n := unit(text[i:])
		switch {
		case n == 0:
			b = append(b, text[i])
			n = 1
		case text[i+n] == ':':
			b = append(b, text[i:i+n]...)
		default:
			b = append(b, unitKind(text[i])&0x1f) // a control character, of which canonical text has none
		}
		i += n
	}
	return b
}

// reference begins a reference.
const reference = `{"id":"`

// unit returns the length of the scalar or the reference that canonical text begins with, 0 if it begins with none.
func unit(t []byte) int {
	switch c := t[0]; {
	case c == '"':
		return stringLen(t)
	case c == '{' && bytes.HasPrefix(t, []byte(reference)):
		if end := len(reference) - 1 + stringLen(t[len(reference)-1:]); t[end] == '}' {
			return end + 1
		}
		return 0
	case c == '{' || c == '[' || c == ',' || c == ']' || c == '}' || c == ':':
		return 0
	}
	return bytes.IndexAny(t, ",]}")
}

// unitKind returns by what a unit begins: units of one kind can stand in one gap.
func unitKind(c byte) byte {
	if c == '"' || c == '{' {
		return c
	}
	return 0
}

// stringLen returns the length of the string that canonical text begins with.
func stringLen(t []byte) int {
	for i := 1; ; i++ {
		i += bytes.IndexByte(t[i:], '"')
		escapes := i
		for t[escapes-1] == '\\' {
			escapes--
		}
		if (i-escapes)%2 == 0 {
			return i + 1
		}
	}
}

// mostForms is how many forms of a kind there are at most.
const mostForms = 64

// forms are those that entities of a kind have been found to have. They are for one goroutine.
type forms struct {
	row *Row
	// all have the frequent ones first, about.
	all []*form
	// bySkeleton are the same.
	bySkeleton map[string]*form
	own        []byte
	skeleton   []byte
}

// of returns a form of a text, and what is the entity's own; that is good until the next call.
func (s *forms) of(text []byte) (*form, []byte) {
	for i, f := range s.all {
		if own, ok := f.fit(s.own[:0], text); ok {
			s.own = own
			if i > 0 {
				s.all[i], s.all[i-1] = s.all[i-1], f
			}
			return f, own
		}
	}
	f := s.more(text)
	if f.isWhole() {
		return f, text
	}
	s.own, _ = f.fit(s.own[:0], text)
	return f, s.own
}

// more returns a form for a text that none has fit.
func (s *forms) more(text []byte) *form {
	s.skeleton = appendSkeleton(s.skeleton[:0], text)
	if f, ok := s.bySkeleton[string(s.skeleton)]; ok {
		opened := f.opened(text)
		s.all[slices.Index(s.all, f)], s.bySkeleton[string(s.skeleton)] = opened, opened
		return opened
	}
	if len(s.all) == mostForms {
		return s.row.whole
	}
	if s.bySkeleton == nil {
		s.bySkeleton = map[string]*form{}
	}
	id := len(`{"id":`)
	f := newForm(s.row, string(text), []span{{id, id + unit(text[id:])}})
	s.all, s.bySkeleton[string(s.skeleton)] = append(s.all, f), f
	return f
}
