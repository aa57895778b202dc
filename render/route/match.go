package route

import (
	"strconv"
	"strings"
)

func (e allOf) match(c *context) bool {
	for _, x := range e {
		if !x.match(c) {
			return false
		}
	}
	return true
}

func (e anyOf) match(c *context) bool {
	for _, x := range e {
		if x.match(c) {
			return true
		}
	}
	return false
}

func (e negation) match(c *context) bool { return !e.of.match(c) }

// match compares the field's values one by one. All of them must satisfy the predicate, or with any() one; of no values,
// neither holds.
//
// Source: Kong/atc-router 1.6.2, src/interpreter.rs.
func (p *predicate) match(c *context) bool {
	switch p.value.kind {
	case numberKind:
		n, ok := c.number(p.field.name)
		return ok && p.compareNumber(n)
	case addrKind:
		a, ok := c.addr(p.field.name)
		return ok && (a == p.value.addr) == (p.op == opEqual)
	case networkKind:
		a, ok := c.addr(p.field.name)
		return ok && p.value.network.Contains(a) == (p.op == opIn)
	}
	values := c.texts(p.field.name)
	for _, s := range values {
		if p.field.lower {
			s = lowerText(s)
		}
		ok := p.compareText(c, s)
		if ok != p.field.any {
			continue
		}
		return ok
	}
	return len(values) > 0 && !p.field.any
}

func (p *predicate) compareNumber(n int64) bool {
	switch v := p.value.number; p.op {
	case opEqual:
		return n == v
	case opNotEqual:
		return n != v
	case opGreater:
		return n > v
	case opGreaterOrEqual:
		return n >= v
	case opLess:
		return n < v
	case opLessOrEqual:
		return n <= v
	}
	return false
}

// compareText compares one value, and notes in c what was matched of the path.
func (p *predicate) compareText(c *context, s string) bool {
	v, ok := p.value.text, false
	switch p.op {
	case opNotEqual:
		return s != v
	case opContains:
		return strings.Contains(s, v)
	case opRegex:
		return p.compareRegex(c, s)
	case opEqual:
		ok = s == v
	case opPrefix:
		ok = strings.HasPrefix(s, v)
	case opPostfix:
		ok = strings.HasSuffix(s, v)
	}
	if ok && p.field.name == "http.path" {
		c.matched = v
	}
	return ok
}

func (p *predicate) compareRegex(c *context, s string) bool {
	re := p.value.regex.re
	found := re.FindStringSubmatchIndex(s)
	if found == nil {
		return false
	}
	if p.field.name == "http.path" {
		c.matched = s[found[0]:found[1]]
	}
	if c.captures == nil {
		c.captures = map[string]string{}
	}
	for i, name := range re.SubexpNames() {
		if found[2*i] < 0 {
			continue
		}
		text := s[found[2*i]:found[2*i+1]]
		c.captures[strconv.Itoa(i)] = text
		if name != "" {
			c.captures[name] = text
		}
	}
	return true
}

func (e allOf) predicates(yield func(*predicate) bool) bool      { return each(e, yield) }
func (e anyOf) predicates(yield func(*predicate) bool) bool      { return each(e, yield) }
func (e negation) predicates(yield func(*predicate) bool) bool   { return e.of.predicates(yield) }
func (p *predicate) predicates(yield func(*predicate) bool) bool { return yield(p) }

func each(es []Expr, yield func(*predicate) bool) bool {
	for _, e := range es {
		if !e.predicates(yield) {
			return false
		}
	}
	return true
}
