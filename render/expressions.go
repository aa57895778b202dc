package render

import (
	"strings"

	"github.com/gwsync/gwsync/render/route"
)

// places returns how many matches of these traits that can match one request have a place in a priority. None has the lowest two, which are
// for what comes after all others.
func (t traits) places() int {
	if t.call != (call{}) {
		return 1<<9 - 2
	}
	return 1<<14 - 2
}

// part is a number in some bits of a priority.
type part struct{ bits, value int }

// exprPriority returns the priority of a match on a hostname, 0 to 2^46-1, Kong's largest. From the highest bit: whether the
// hostname is exact (1 bit), its length (8), the kind of path (2), its length (10), method (1), headers (5), query
// parameters (5), and last (14) the place among the matches that tie with it, counted from the top.
//
// That of a call (a match of a GRPCRoute) has after the hostname: the length of the service (11) and of the method (11), whether they
// are compared exactly (1), headers (5) and the place (9). What comes after all others of its hostname has
// nothing but that and the number of headers.
//
// The priority depends on the match itself and on its ties only: a route that comes or goes changes no other route, so that
// a diff shows just what the author did.
func exprPriority(hostname string, t traits, tie int) int64 {
	exact := number(hostname != "" && !strings.HasPrefix(hostname, "*"))
	p := int64(0)
	parts := []part{
		{1, exact}, {8, len(hostname)}, {2, int(t.path)}, {10, t.length}, {1, number(t.method)}, {5, t.headers}, {5, t.queries},
		{14, 1<<14 - 1 - tie},
	}
	switch c := t.call; {
	case t.last:
		parts = append(parts[:2], part{37, t.headers})
	case c != call{}:
		parts = append(parts[:2], part{11, c.service}, part{11, c.method}, part{1, number(c.exact)}, part{5, c.headers},
			part{9, 1<<9 - 1 - tie})
	}
	for _, part := range parts {
		p = p<<part.bits | int64(min(part.value, 1<<part.bits-1))
	}
	return p
}

// expression returns the expression of a match on a hostname, "" for any.
func (m *match) expression(hostname string) (route.Expr, error) {
	var all []route.Expr
	if hostname != "" {
		all = append(all, hostExpr(hostname))
	}
	path, err := m.path.expression()
	if err != nil {
		return nil, err
	}
	all = append(all, path)
	if m.method != "" {
		all = append(all, route.HTTPMethod().Equal(m.method))
	}
	for _, list := range []struct {
		values []valueMatch
		field  func(string) (route.TextField, error)
	}{{m.headers, route.HTTPHeader}, {m.copies, route.HTTPHeader}, {m.uncopied(), route.HTTPQuery}} {
		for _, v := range list.values {
			field, err := list.field(v.name)
			if err != nil {
				return nil, err
			}
			e, err := v.expression(field)
			if err != nil {
				return nil, err
			}
			all = append(all, e)
		}
	}
	return route.All(all...), nil
}

// hostExpr compares the Host without regard to case, as hostnames are (HTTPRouteSpec.hostnames, RFC 4343); Kong's own
// comparison is exact.
func hostExpr(hostname string) route.Expr {
	if suffix, ok := strings.CutPrefix(hostname, "*"); ok {
		return route.HTTPHost().Lower().HasSuffix(suffix)
	}
	return route.HTTPHost().Lower().Equal(hostname)
}

func (p pathMatch) expression() (route.Expr, error) {
	switch p.kind {
	case exactPath:
		return route.HTTPPath().Equal(p.value), nil
	case regexPath:
		re, err := route.CompileRegex("^(?:" + p.value + ")")
		if err != nil {
			return nil, err
		}
		return route.HTTPPath().Matches(re), nil
	case prefixPath:
	}
	if p.value == "" {
		return route.HTTPPath().HasPrefix("/"), nil
	}
	return route.Any(route.HTTPPath().Equal(p.value), route.HTTPPath().HasPrefix(p.value+"/")), nil
}

func (v valueMatch) expression(f route.TextField) (route.Expr, error) {
	if !v.regex {
		return f.Equal(v.value), nil
	}
	re, err := route.CompileRegex(v.value)
	if err != nil {
		return nil, err
	}
	return f.Matches(re), nil
}

// expressionRoutes renders the routes of flavor expressions: one for each hostname and match. It lets go of each rule as soon as it is
// rendered.
func (t *translator) expressionRoutes(rules []*rule) {
	tied := tiesOf(rules)
	t.inParts(len(rules), func(part *translator, i int) {
		r := rules[i]
		part.settleRule(r)
		for j := range r.matches {
			for k, p := range r.places {
				part.expressionRoute(&r.matches[j], p, tied[i][j*len(r.places)+k])
			}
		}
		rules[i], tied[i] = nil, nil
	})
}

// tiesOf returns for each rule, match and place how many matches before tie with it there.
func tiesOf(rules []*rule) [][]int {
	tied := make([][]int, len(rules))
	ties := map[tie]int{}
	for i, r := range rules {
		tied[i] = make([]int, len(r.matches)*len(r.places))
	}
	for _, implied := range []bool{false, true} {
		for i, r := range rules {
			for j := range r.matches {
				m := &r.matches[j]
				for k, p := range r.places {
					if m.implied != implied {
						continue
					}
					key := tie{m.traits(), m.overlap(p.hostname)}
					tied[i][j*len(r.places)+k] = ties[key]
					ties[key]++
				}
			}
		}
	}
	return tied
}

// tie is what matches of equal precedence that can match one request have in common.
type tie struct {
	traits  traits
	overlap overlap
}

func (t *translator) expressionRoute(m *match, p place, tied int) {
	r := m.of
	if limit := m.traits().places(); tied >= limit {
		t.report(tooMany(m, limit))
		return
	}
	e, err := m.expressionAt(p)
	if err != nil {
		t.report(unsupported(r.bound.Object, m.field(), err.Error()))
		return
	}
	fields := r.routeFields()
	fields["expression"] = e.String()
	fields["protocols"] = r.protocolsAt(p)
	fields["priority"] = exprPriority(p.hostname, m.traits(), tied)
	name := r.name
	if name == "" {
		name = hostRouteName(r.bound.Object.Ref, p.hostname, r.rule.Index, m.index) + m.suffix()
	}
	t.route(r, name, fields, m.origin())
}

// expressionAt returns the expression of a match at a place.
func (m *match) expressionAt(p place) (route.Expr, error) {
	e, err := m.expression(p.hostname)
	if err != nil {
		return nil, err
	}
	narrow, err := m.of.narrow.expressions(p)
	if err != nil {
		return nil, err
	}
	door, err := p.expression()
	if err != nil {
		return nil, err
	}
	key, err := m.keyExpr()
	if err != nil {
		return nil, err
	}
	return route.All(append([]route.Expr{e, door, key}, narrow...)...), nil
}

// protocolsAt returns the protocols of an expression's route. It is never http alone: Kong would restrict the route by net.protocol, and
// remember for plain requests what it says of TLS (kong/router/expressions.lua and fields.lua).
func (r *rule) protocolsAt(p place) []string {
	if r.upgrade != 0 || len(r.protocols) == 1 && r.protocols[0] == "https" || r.name == "" && !p.speaks("http") {
		return []string{"https"}
	}
	return []string{"http", "https"}
}
