package route

// context is what a request offers to expressions, and what they matched in it.
type context struct{}

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

func (p *predicate) match(*context) bool { return false }

func (e allOf) predicates(yield func(*predicate) bool) bool    { return each(e, yield) }
func (e anyOf) predicates(yield func(*predicate) bool) bool    { return each(e, yield) }
func (e negation) predicates(yield func(*predicate) bool) bool { return e.of.predicates(yield) }
func (p *predicate) predicates(yield func(*predicate) bool) bool {
	return yield(p)
}

func each(es []Expr, yield func(*predicate) bool) bool {
	for _, e := range es {
		if !e.predicates(yield) {
			return false
		}
	}
	return true
}
