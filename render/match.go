package render

import (
	"cmp"
	"strconv"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// match is one match of a rule, in the terms that both flavors are rendered from.
type match struct {
	of *rule
	// index is the place in the rule's matches.
	index int

	path    pathMatch
	method  string
	headers []valueMatch
	queries []valueMatch
	// copies are criteria on headers that precedence does not count: those that stand for queries which are copied, see
	// [translator.copyAside], and those of preflight requests, of which implied says that it is for them, see [rule.implyPreflights].
	// methodCopied says that a header stands for the method.
	copies       []valueMatch
	implied      bool
	methodCopied bool
	// call is more of a match of a GRPCRoute; nil for one of an HTTPRoute.
	call *callMatch
	// keyed says that the expression asks for [KeyHeader].
	keyed bool
	// last says that the match comes after all others of its hostname.
	last bool
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
	// copied says that it is about a query parameter for which a header stands, see [match.copies].
	copied bool
}

// newMatch returns match number index of a rule that is not dropped: its regexes and types are ones that Kong takes.
func newMatch(r *rule, index int, m *gatewayv1.HTTPRouteMatch) match {
	out := match{of: r, index: index}
	if m.Path != nil {
		out.path = newPathMatch(*m.Path)
	}
	if m.Method != nil {
		out.method = string(*m.Method)
	}
	for _, h := range m.Headers {
		regex := h.Type != nil && *h.Type == gatewayv1.HeaderMatchRegularExpression
		out.headers = appendNew(out.headers, valueMatch{name: strings.ToLower(string(h.Name)), value: h.Value, regex: regex})
	}
	for _, q := range m.QueryParams {
		regex := q.Type != nil && *q.Type == gatewayv1.QueryParamMatchRegularExpression
		out.queries = appendNew(out.queries, valueMatch{name: string(q.Name), value: q.Value, regex: regex})
	}
	return out
}

// field returns the part of the manifest that the match is.
func (m *match) field() string {
	if m.of.field != "" {
		return m.of.field
	}
	return ruleField(m.of.rule.Index) + ".matches[" + strconv.Itoa(m.index) + "]"
}

// pos returns where that stands.
func (m *match) pos() diag.Pos {
	if m.of.field != "" {
		return m.of.rule.Pos
	}
	return m.of.bound.Object.At(m.field())
}

// origin returns what the Routes of the match come from.
func (m *match) origin() *kong.Origin {
	return &kong.Origin{Object: m.of.bound.Object.Ref.Diag(), Field: m.field(), Pos: m.pos()}
}

// ruleField returns the field of a route's rule.
func ruleField(index int) string { return "spec.rules[" + strconv.Itoa(index) + "]" }

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

// newPathMatch returns a path criterion, with literal paths as Kong compares them: percent-escapes of other than reserved characters
// decoded.
func newPathMatch(p gatewayv1.HTTPPathMatch) pathMatch {
	value, kind := "/", gatewayv1.PathMatchPathPrefix
	if p.Value != nil {
		value = *p.Value
	}
	if p.Type != nil {
		kind = *p.Type
	}
	switch kind {
	case gatewayv1.PathMatchRegularExpression:
		return pathMatch{regexPath, value}
	case gatewayv1.PathMatchExact:
		return pathMatch{exactPath, route.NormalizePath(value)}
	default:
		return pathMatch{prefixPath, strings.TrimSuffix(route.NormalizePath(value), "/")}
	}
}

// traits are what precedence counts of a match, apart from its hostname (HTTPRouteRule.matches in the specification, and
// GRPCRouteRule.matches, by which call goes; the others are zero then).
type traits struct {
	call    call
	length  int
	headers int
	queries int
	path    pathKind
	method  bool
	last    bool
}

func (m *match) traits() traits {
	switch {
	case m.last:
		return traits{last: true, headers: len(m.headers)}
	case m.call != nil:
		return traits{call: m.call.call}
	}
	narrow := &m.of.narrow
	return traits{path: m.path.kind, length: len(m.path.value), method: m.asksForMethod(),
		headers: len(m.headers) + narrow.count(), queries: len(m.queries)}
}

func (t traits) compare(o traits) int {
	return cmp.Or(
		-cmp.Compare(number(t.last), number(o.last)),
		t.call.compare(o.call),
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

func (m *match) overlap(hostname string) overlap {
	o := overlap{hostname, m.path, m.method}
	if m.path.kind == regexPath {
		o.path.value = ""
	}
	return o
}
