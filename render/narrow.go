package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/route"
)

// headersPrefix begins the annotations that name a header.
const headersPrefix = "headers."

// narrowing is what annotations restrict all matches of a route by.
type narrowing struct {
	methods []string
	snis    []string
	headers []headerChoice
	// invalid says that it cannot be read, so that nothing must match.
	invalid bool
}

// headerChoice is a header that must have one of some values.
type headerChoice struct {
	name   string
	values []valueMatch
}

// narrowing returns what the annotations methods, snis and headers.NAME say.
func (a annotated) narrowing() narrowing {
	var out narrowing
	methods, at := a.list("methods", ",")
	for _, m := range methods {
		if m = strings.ToUpper(m); strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			a.invalid(at, "Kong has no method %q: want letters", m)
			out.invalid = true
		}
		out.methods = append(out.methods, m)
	}
	snis, at := a.list("snis", ",")
	for _, s := range snis {
		if problem := route.CheckSNI(s); problem != "" {
			a.invalid(at, "%q is no server name: %s", s, problem)
			out.invalid = true
		}
		out.snis = append(out.snis, strings.ToLower(s))
	}
	separator, _, ok := a.value("headers-separator")
	if !ok || separator == "" {
		separator = ","
	}
	for _, key := range slices.Sorted(maps.Keys(a.object.Annotations())) {
		if name, ok := strings.CutPrefix(key, annotationPrefix+headersPrefix); ok {
			h, ok := a.header(name, separator)
			out.headers, out.invalid = append(out.headers, h), out.invalid || !ok
		}
	}
	return out
}

// header returns the values that a header may have, and whether they can be read. One that begins with ~* is a regular expression, if it is
// the only one.
func (a annotated) header(name, separator string) (choice headerChoice, ok bool) {
	out := headerChoice{name: strings.ToLower(name)}
	values, at := a.list(headersPrefix+name, separator)
	ok = len(values) > 0
	if !ok {
		a.invalid(at, "it names no value")
	}
	for _, v := range values {
		regex, isRegex := strings.CutPrefix(v, "~*")
		switch {
		case !isRegex:
			out.values = append(out.values, valueMatch{name: out.name, value: v})
		case len(values) > 1:
			a.invalid(at, "Kong takes a regular expression (~*) only where it is the one value of a header")
			ok = false
		default:
			out.values = append(out.values, valueMatch{name: out.name, value: regex, regex: true})
		}
	}
	return out, ok
}

// check returns an error if a match cannot be said, if it says itself what annotations say, too, or if no request of the route's protocols
// can meet them.
func (m *match) check() error {
	if m.call != nil && m.call.unsayable != nil {
		return m.call.unsayable
	}
	if len(m.of.narrow.snis) > 0 && !slices.Contains(m.of.protocols, "https") {
		return fmt.Errorf("annotation %ssnis is for routes at HTTPS listeners, and this one is at none", annotationPrefix)
	}
	if len(m.of.narrow.methods) > 0 && m.method != "" {
		return fmt.Errorf("annotation %smethods is for routes whose matches name no method, and this one does", annotationPrefix)
	}
	for _, h := range m.of.narrow.headers {
		if slices.ContainsFunc(m.headers, func(v valueMatch) bool { return v.name == h.name }) {
			return fmt.Errorf("annotation %s%s%s is for routes whose matches do not name the header, and this one does", annotationPrefix,
				headersPrefix, h.name)
		}
	}
	return nil
}

// allHeaders are the criteria on headers, those of annotations too.
func (m *match) allHeaders() []valueMatch {
	if len(m.of.narrow.headers) == 0 {
		return m.headers
	}
	out := slices.Clone(m.headers)
	for _, h := range m.of.narrow.headers {
		out = append(out, h.values...)
	}
	return out
}

// count returns how many criteria there are beside the methods, as precedence counts headers.
func (n *narrowing) count() int { return len(n.headers) + number(len(n.snis) > 0) }

// expressions returns the criteria for a place.
func (n *narrowing) expressions(p place) ([]route.Expr, error) {
	var all []route.Expr
	var any []route.Expr
	for _, m := range n.methods {
		any = append(any, route.HTTPMethod().Equal(m))
	}
	if len(any) > 0 {
		all = append(all, route.Any(any...))
	}
	for _, h := range n.headers {
		field, err := route.HTTPHeader(h.name)
		if err != nil {
			return nil, err
		}
		var any []route.Expr
		for _, v := range h.values {
			e, err := v.expression(field)
			if err != nil {
				return nil, err
			}
			any = append(any, e)
		}
		all = append(all, route.Any(any...))
	}
	if len(n.snis) == 0 {
		return all, nil
	}
	if p.speaks("http") {
		return nil, fmt.Errorf("annotation %ssnis: router flavor expressions cannot pass plain requests by it: "+
			"attach the route to HTTPS listeners only", annotationPrefix)
	}
	any = nil
	for _, s := range n.snis {
		any = append(any, serverNameExpr(s))
	}
	return append(all, route.Any(any...)), nil
}

// serverNameExpr compares the server name with an entry of snis, which may end in a wildcard (kong/router/transform.lua), without regard to
// case.
func serverNameExpr(s string) route.Expr {
	if prefix, ok := strings.CutSuffix(s, "*"); ok {
		return route.TLSSNI().Lower().HasPrefix(prefix)
	}
	return sniExpr(strings.TrimSuffix(s, "."))
}

// classicFields adds the criteria to the fields and the headers of a classic route.
func (n *narrowing) classicFields(fields, headers map[string]any) {
	if len(n.methods) > 0 {
		fields["methods"] = n.methods
	}
	if len(n.snis) > 0 {
		fields["snis"] = n.snis
	}
	for _, h := range n.headers {
		var values []string
		for _, v := range h.values {
			values = append(values, v.classic())
		}
		headers[h.name] = values
	}
}
