package crd

import "bytes"

// Seen appends the part of a value that the rules look at, which is JSON that agrees with the schema and has its defaults. The rules hold
// for all values of which they see the same, or for none, and cost the same. What is appended says no more; it is no JSON.
func (r *Rules) Seen(b, value []byte) []byte {
	s := seer{json: value, out: b}
	if s.value(r.look) {
		return s.out
	}
	return append(b, value...) // it is no JSON
}

// seer goes through a JSON value.
type seer struct {
	json []byte
	out  []byte
}

// value appends what is looked at of the next value. It reports whether there is one.
func (s *seer) value(l *look) bool {
	s.space()
	before := s.json
	switch {
	case len(s.json) == 0:
		return false
	case l == nil, l.all, l.questions != nil, l.fields == nil && !l.count, s.json[0] != '{' && s.json[0] != '[':
		if !s.skip() {
			return false
		}
		switch {
		case l == nil:
		case l.questions != nil && !l.all && l.fields == nil && !l.count:
			s.out = l.appendAnswers(s.out, before[:len(before)-len(s.json)])
		case l.all || l.questions != nil || l.fields != nil || l.count:
			s.out = append(s.out, before[:len(before)-len(s.json)]...)
		case before[0] == 'n':
			s.out = append(s.out, "null"...)
		default:
			s.out = append(s.out, '!')
		}
		return true
	case s.json[0] == '{':
		return s.object(l)
	}
	return s.list(l)
}

func (s *seer) object(l *look) bool {
	s.out = append(s.out, '{')
	s.json = s.json[1:]
	for {
		if more, ok := s.next('}'); !more {
			return ok
		}
		before := s.json
		if before[0] != '"' || !s.skip() {
			return false
		}
		key := before[:len(before)-len(s.json)]
		s.space()
		if len(s.json) == 0 || s.json[0] != ':' {
			return false
		}
		s.json = s.json[1:]
		if bytes.IndexByte(key, '\\') >= 0 {
			return false // it may be the name of a field all the same
		}
		member := l.member(key[1 : len(key)-1])
		if member != nil || l.count {
			s.out = append(append(s.out, key...), ':')
		}
		if !s.value(member) {
			return false
		}
	}
}

func (s *seer) list(l *look) bool {
	s.out = append(s.out, '[')
	s.json = s.json[1:]
	for {
		if more, ok := s.next(']'); !more {
			return ok
		}
		s.out = append(s.out, ',')
		if !s.value(l.element) {
			return false
		}
	}
}

// next goes to the next member of an object or list, or past its end, which it appends. It is not ok if neither comes.
func (s *seer) next(end byte) (more, ok bool) {
	for {
		s.space()
		switch {
		case len(s.json) == 0:
			return false, false
		case s.json[0] == end:
			s.json, s.out = s.json[1:], append(s.out, end)
			return false, true
		case s.json[0] == ',':
			s.json = s.json[1:]
		default:
			return true, true
		}
	}
}

// skip goes past a value.
func (s *seer) skip() bool {
	depth := 0
	for i := 0; i < len(s.json); i++ {
		switch c := s.json[i]; c {
		case '"':
			for i++; i < len(s.json) && s.json[i] != '"'; i++ {
				if s.json[i] == '\\' {
					i++
				}
			}
			if i >= len(s.json) {
				return false
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		case ',', ':', ' ', '\t', '\r', '\n':
			continue
		default:
			for i+1 < len(s.json) && isWord(s.json[i+1]) {
				i++
			}
		}
		if depth <= 0 {
			s.json = s.json[i+1:]
			return depth == 0
		}
	}
	return false
}

// isWord reports whether a character can be part of a number, true, false or null.
func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '-' || c == '.' || c == 'E'
}

func (s *seer) space() {
	for len(s.json) > 0 && (s.json[0] == ' ' || s.json[0] == '\t' || s.json[0] == '\r' || s.json[0] == '\n') {
		s.json = s.json[1:]
	}
}
