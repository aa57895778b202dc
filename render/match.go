package render

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/route"
)

// match is one match of a rule, in the terms that both flavors are rendered from.
type match struct {
	route *bind.Route
	rule  int
	index int
	field string
	pos   diag.Pos

	path    pathMatch
	method  string
	headers []valueMatch
	queries []valueMatch
}

// pathMatch is a path criterion. A prefix has no slash at its end, the prefix of everything is "".
type pathMatch struct {
	kind  pathKind
	value string
}

// pathKind is the kind of a path match, least preferred first.
type pathKind uint8

const (
	prefixPath pathKind = iota
	regexPath
	exactPath
)

// valueMatch is a criterion on a header or query parameter.
type valueMatch struct {
	name  string
	value string
	regex bool
}

// newMatch returns match number index of a rule. What Kong cannot match is among the findings, and ok is false.
func newMatch(r *bind.Route, rule, index int, m gatewayv1.HTTPRouteMatch) (out match, findings diag.List, ok bool) {
	out = match{route: r, rule: rule, index: index, field: fmt.Sprintf("spec.rules[%d].matches[%d]", rule, index)}
	out.pos = r.Object.At(out.field)
	refuse := func(field, message string) {
		findings = append(findings, unsupported(r.Object, out.field+field, message))
	}
	if m.Path != nil {
		path, err := newPathMatch(*m.Path)
		if err != nil {
			refuse(".path.value", err.Error())
		}
		out.path = path
	}
	if m.Method != nil {
		out.method = string(*m.Method)
	}
	for i, h := range m.Headers {
		v := valueMatch{strings.ToLower(string(h.Name)), h.Value, h.Type != nil && *h.Type == gatewayv1.HeaderMatchRegularExpression}
		if err := v.check(); err != nil {
			refuse(fmt.Sprintf(".headers[%d]", i), err.Error())
		}
		out.headers = appendNew(out.headers, v)
	}
	for i, q := range m.QueryParams {
		v := valueMatch{string(q.Name), q.Value, q.Type != nil && *q.Type == gatewayv1.QueryParamMatchRegularExpression}
		if err := v.check(); err != nil {
			refuse(fmt.Sprintf(".queryParams[%d]", i), err.Error())
		}
		out.queries = appendNew(out.queries, v)
	}
	return out, findings, len(findings) == 0
}

// appendNew appends v unless a criterion of that name is there: of several with equal names only the first counts
// (HTTPHeaderMatch.name, HTTPQueryParamMatch.name).
func appendNew(list []valueMatch, v valueMatch) []valueMatch {
	for _, old := range list {
		if old.name == v.name {
			return list
		}
	}
	return append(list, v)
}

func newPathMatch(p gatewayv1.HTTPPathMatch) (pathMatch, error) {
	value, kind := "/", gatewayv1.PathMatchPathPrefix
	if p.Value != nil {
		value = *p.Value
	}
	if p.Type != nil {
		kind = *p.Type
	}
	if kind == gatewayv1.PathMatchRegularExpression {
		if _, err := route.CompileRegex(value); err != nil {
			return pathMatch{}, err
		}
		return pathMatch{regexPath, value}, nil
	}
	normal, err := literalPath(value)
	switch {
	case err != nil:
		return pathMatch{}, err
	case kind == gatewayv1.PathMatchExact:
		return pathMatch{exactPath, normal}, nil
	case kind == gatewayv1.PathMatchPathPrefix:
		return pathMatch{prefixPath, strings.TrimSuffix(normal, "/")}, nil
	}
	return pathMatch{}, fmt.Errorf("path type %q is none that gwsync knows", kind)
}

// literalPath returns a path as Kong compares it: percent-escapes of other than reserved characters decoded.
func literalPath(value string) (string, error) {
	normal := route.NormalizePath(value)
	switch {
	case !strings.HasPrefix(value, "/"):
		return "", fmt.Errorf("path %q does not begin with /", value)
	case !utf8.ValidString(normal):
		return "", fmt.Errorf("path %q is not UTF-8, which Kong never matches", value)
	case strings.ContainsFunc(normal, unicode.IsControl):
		return "", fmt.Errorf("path %q holds a control character", value)
	}
	return normal, nil
}

func (v valueMatch) check() error {
	if v.regex {
		_, err := route.CompileRegex(v.value)
		return err
	}
	if strings.ContainsFunc(v.value, unicode.IsControl) {
		return fmt.Errorf("value %q holds a control character", v.value)
	}
	return nil
}

// traits are what precedence counts of a match, apart from its hostname (HTTPRouteRule.matches in the specification).
type traits struct {
	path    pathKind
	length  int
	method  bool
	headers int
	queries int
}

func (m match) traits() traits {
	return traits{m.path.kind, len(m.path.value), m.method != "", len(m.headers), len(m.queries)}
}

func (t traits) compare(o traits) int {
	return cmp.Or(
		cmp.Compare(t.path, o.path),
		cmp.Compare(t.length, o.length),
		cmp.Compare(number(t.method), number(o.method)),
		cmp.Compare(t.headers, o.headers),
		cmp.Compare(t.queries, o.queries),
	)
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// overlap is what two matches of equal traits must have in common to match one request: paths of equal length and kind are the
// same or exclusive, and so are methods. Regular expressions can always overlap.
type overlap struct {
	hostname string
	path     pathMatch
	method   string
}

func (m match) overlap(hostname string) overlap {
	o := overlap{hostname, m.path, m.method}
	if m.path.kind == regexPath {
		o.path.value = ""
	}
	return o
}
