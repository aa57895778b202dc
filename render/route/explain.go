package route

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// Explanation says how Kong's router comes to its answer to a request.
type Explanation struct {
	Match Match
	// Candidates are all routes of the subsystem (HTTP or streams), in the order in which Kong tries them. Kong stops at the first
	// that matches: that is the winner.
	Candidates []Candidate
	// Disabled are the routes of disabled services, which Kong does not try.
	Disabled []kong.Entity
	// Untried says why Kong tries no route at all; then there are no Candidates. Else it is "".
	Untried string
}

// Candidate is a route that Kong may try, and what comes of it.
type Candidate struct {
	// Route and Service are the route and its service, zero if it has none.
	Route, Service kong.Entity
	// Part is the part of the route that this is, with the paths and the id by which it is ranked, if Kong splits the route (see
	// [Split]). Else it is the route.
	Part kong.Entity
	// Priority is where the part ranks, see [Priority].
	Priority uint64
	// Matched says whether the request is all that the route wants.
	Matched bool
	// Failed is what the request does not meet, if the route does not match: the first of the route's conditions, and in that the first
	// operand of && that does not hold.
	Failed Condition
	// Lost says why the winner ranks above the route, if it matches and is not the winner.
	Lost string
}

// Condition is a condition that does not hold.
type Condition struct {
	// Field is the field of the route that says so: "hosts", "headers.x-version", "protocols", "expression".
	Field string
	// Expr says what the route wants there, in Kong's language.
	Expr Expr
	// Facts are what the request has in those of its fields that Expr asks about, in their order there.
	Facts []Fact
}

// Fact is what a request has in one of its fields.
type Fact struct {
	Field  string   // as expressions call it: http.path
	Values []string // none if the request lacks it
}

// String returns the fact in words: http.path is "/v1".
func (f Fact) String() string {
	if len(f.Values) == 0 {
		return "there is no " + f.Field
	}
	values := make([]string, len(f.Values))
	for i, v := range f.Values {
		values[i] = quote(v)
		if kindOf(f.Field, false) != textKind {
			values[i] = v
		}
	}
	return f.Field + " is " + strings.Join(values, ", ")
}

// String returns the condition in words: paths: http.path ^= "/v2", but http.path is "/v1". It may hold any text of the request.
func (c Condition) String() string {
	facts := make([]string, len(c.Facts))
	for i, f := range c.Facts {
		facts[i] = f.String()
	}
	s := c.Expr.String()
	if c.Field != "" {
		s = c.Field + ": " + s
	}
	return s + ", but " + strings.Join(facts, " and ")
}

// Winner returns the candidate that Kong chooses, and whether there is one.
func (x Explanation) Winner() (Candidate, bool) {
	i := slices.IndexFunc(x.Candidates, func(c Candidate) bool { return c.Matched })
	if i < 0 {
		return Candidate{}, false
	}
	return x.Candidates[i], true
}

// Explain returns what [Router.Match] does, and why. It looks at every route, so that it takes time in proportion to their number.
func (r *Router) Explain(req Request) Explanation {
	s, c, m := r.open(req)
	out := Explanation{Match: m}
	switch {
	case m.Status == 500:
		out.Untried = "a query parameter that a route asks about is repeated, and once without \"=\": Kong cannot sort its values"
		return out
	case m.Status != 0:
		out.Untried = "nginx refuses the request before Kong's router sees it"
		return out
	}
	for _, e := range r.disabled {
		if isStream(e) == (s == &r.stream) {
			out.Disabled = append(out.Disabled, e)
		}
	}
	found := s.find(c)
	out.Match = found.answer(c)
	c.captures = nil // they are the answer's now
	if field := s.invalid(c); field != "" {
		out.Untried = "a route asks about " + field + ", which is not UTF-8 here: Kong then matches no route"
		return out
	}
	out.Candidates = make([]Candidate, len(s.entries))
	for i := range s.entries {
		out.Candidates[i] = s.entries[i].candidate(c, found)
	}
	return out
}

func (e *entry) candidate(c *context, winner *entry) Candidate {
	out := Candidate{Route: e.route, Service: e.service, Part: e.part, Priority: e.priority}
	for _, cond := range e.conditions {
		if failed := failing(cond.expr, c); failed != nil {
			out.Failed = Condition{Field: cond.field, Expr: failed, Facts: facts(failed, c)}
			return out
		}
	}
	out.Matched = true
	if e != winner {
		out.Lost = winner.outranks(e)
	}
	return out
}

// failing returns the first part of e joined by && that does not hold, or nil if e holds.
func failing(e Expr, c *context) Expr {
	if all, ok := e.(allOf); ok {
		for _, x := range all {
			if failed := failing(x, c); failed != nil {
				return failed
			}
		}
		return nil
	}
	if e.match(c) {
		return nil
	}
	return e
}

// facts returns what the request has in the fields that e asks about.
func facts(e Expr, c *context) []Fact {
	var out []Fact
	e.predicates(func(p *predicate) bool {
		name := p.field.name
		if !slices.ContainsFunc(out, func(f Fact) bool { return f.Field == name }) {
			out = append(out, Fact{name, c.values(name)})
		}
		return true
	})
	return out
}

// values returns the values of any field as text.
func (c *context) values(name string) []string {
	switch kindOf(name, false) {
	case numberKind:
		if n, ok := c.number(name); ok {
			return []string{strconv.FormatInt(n, 10)}
		}
	case addrKind:
		if a, ok := c.addr(name); ok {
			return []string{a.String()}
		}
	case textKind:
		return c.texts(name)
	}
	return nil
}
