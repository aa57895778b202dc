package bind

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// ruleDenials returns why a rule cannot be served, of all that the CRDs let through; nothing if it can. A rule with an invalid match or
// filter is dropped as a whole (SH RouteConditionPartiallyInvalid, HR HTTPRouteRule.Filters).
func (b *builder) ruleDenials(r *Route, rule *Rule) []Check {
	d := &denials{route: r, flavor: b.options.Flavor, regexes: b.regexes}
	field := r.ruleField(rule)
	switch {
	case rule.HTTP != nil:
		for i := range rule.HTTP.Matches {
			d.httpMatch(indexed(field+".matches", i), &rule.HTTP.Matches[i])
		}
	case rule.GRPC != nil:
		for i := range rule.GRPC.Matches {
			d.grpcMatch(indexed(field+".matches", i), &rule.GRPC.Matches[i])
		}
	}
	d.filters(rule)
	return d.checks
}

// denials collects what is wrong with a rule.
type denials struct {
	route   *Route
	flavor  kong.Flavor
	checks  []Check
	regexes map[string]string // what CompileRegex has against those seen before
}

func (d *denials) add(name, reason, field, fix, format string, args ...any) {
	d.checks = append(d.checks, deny(name, reason, d.route.Object.At(field), format, args...).in(field).fix(fix))
}

func (d *denials) match(field, fix, format string, args ...any) {
	d.add(checkMatch, UnsupportedValue, field, fix, format, args...)
}

func indexed(field string, i int) string { return field + "[" + strconv.Itoa(i) + "]" }

func (d *denials) httpMatch(field string, m *gatewayv1.HTTPRouteMatch) {
	if m.Path != nil {
		d.path(field+".path", m.Path)
	}
	var headers, queries []string
	for i, h := range m.Headers {
		if name := strings.ToLower(string(h.Name)); !slices.Contains(headers, name) {
			headers = append(headers, name)
			d.value(indexed(field+".headers", i), string(or(h.Type, gatewayv1.HeaderMatchExact)), h.Value)
		}
	}
	for i, q := range m.QueryParams {
		if name := string(q.Name); !slices.Contains(queries, name) {
			queries = append(queries, name)
			d.value(indexed(field+".queryParams", i), string(or(q.Type, gatewayv1.QueryParamMatchExact)), q.Value)
		}
	}
}

func (d *denials) path(field string, p *gatewayv1.HTTPPathMatch) {
	value := or(p.Value, "/")
	switch kind := or(p.Type, gatewayv1.PathMatchPathPrefix); kind {
	case gatewayv1.PathMatchRegularExpression:
		d.regex(field+".value", value, true)
	case gatewayv1.PathMatchExact, gatewayv1.PathMatchPathPrefix:
		d.literalPath(field+".value", value)
	default:
		d.unknown(field+".type", "path type", string(kind), "Exact, PathPrefix or RegularExpression")
	}
}

// literalPath denies paths that no request has that Kong takes: it decodes their escapes before it compares.
func (d *denials) literalPath(field, value string) {
	const fix = "match another path: Kong decodes percent-escapes, and takes neither control characters nor what is not UTF-8"
	switch normal := route.NormalizePath(value); {
	case !strings.HasPrefix(value, "/"):
		d.match(field, "begin the path with /", "path \"%s\" does not begin with /", value)
	case !utf8.ValidString(normal):
		d.match(field, fix, "path \"%s\" is not UTF-8, which Kong never matches", value)
	case strings.ContainsFunc(normal, unicode.IsControl):
		d.match(field, fix, "path \"%s\" holds a control character", value)
	}
}

// value denies what a header or query parameter cannot be compared with. Exact and RegularExpression are the types of both.
func (d *denials) value(field, kind, value string) {
	switch kind {
	case string(gatewayv1.HeaderMatchRegularExpression):
		d.regex(field+".value", value, false)
	case string(gatewayv1.HeaderMatchExact):
		if strings.ContainsFunc(value, unicode.IsControl) {
			d.match(field+".value", "remove it: no request that Kong takes holds one", "value \"%s\" holds a control character", value)
		}
	default:
		d.unknown(field+".type", "type", kind, "Exact or RegularExpression")
	}
}

func (d *denials) grpcMatch(field string, m *gatewayv1.GRPCRouteMatch) {
	if m.Method != nil {
		d.grpcMethod(field+".method", m.Method)
	}
	var headers []string
	for i, h := range m.Headers {
		if name := strings.ToLower(string(h.Name)); !slices.Contains(headers, name) {
			headers = append(headers, name)
			d.value(indexed(field+".headers", i), string(or(h.Type, gatewayv1.GRPCHeaderMatchExact)), h.Value)
		}
	}
}

// grpcMethod denies a method match without service and method, which the CRDs let through if both are "" (GR GRPCMethodMatch).
func (d *denials) grpcMethod(field string, m *gatewayv1.GRPCMethodMatch) {
	service, method := or(m.Service, ""), or(m.Method, "")
	kind := or(m.Type, gatewayv1.GRPCMethodMatchExact)
	switch {
	case service == "" && method == "":
		d.match(field, "name the service or the method, or leave the match out", "neither service nor method is named")
	case kind == gatewayv1.GRPCMethodMatchRegularExpression:
		d.regex(field+".service", service, true)
		d.regex(field+".method", method, true)
	case kind != gatewayv1.GRPCMethodMatchExact:
		d.unknown(field+".type", "method type", string(kind), "Exact or RegularExpression")
	}
}

// unknown denies a value that later versions of the API may have (HR HTTPRouteFilter.Type: UnsupportedValue).
func (d *denials) unknown(field, what, value, known string) {
	d.match(field, "use "+known, "%s %s is none that gwsync knows", what, value)
}

// regex denies a regex that Kong refuses. Its router is of Rust; where routes have paths rather than an expression, PCRE
// has to take those, too.
func (d *denials) regex(field, value string, path bool) {
	problem, seen := d.regexes[value]
	if !seen {
		if _, err := route.CompileRegex(value); err != nil {
			problem = lastLine(err.Error())
		}
		d.regexes[value] = problem
	}
	if problem != "" {
		d.match(field, "write it so that Rust's regex package takes it, which Kong uses: without look-around and backreferences",
			"regex %s: %s", value, problem)
		return
	}
	if message := route.CheckPCRE(value); message != "" && path && d.flavor != kong.Expressions {
		d.match(field, "write it so that both PCRE and Rust's regex package take it, or use a Kong with router_flavor = expressions",
			"regex %s: %s", value, diag.Line(message))
	}
}

// lastLine returns the last line of an error: those before it show the regex.
func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimPrefix(lines[len(lines)-1], "error: ")
}

// firstReason returns the reason of the first denial; "" if there is none.
func firstReason(checks []Check) string {
	if len(checks) == 0 {
		return ""
	}
	return checks[0].Reason
}

// DroppedMessage says which rules are dropped, and why, as the condition PartiallyInvalid has to: it begins with "Dropped Rule"
// (SH RouteConditionPartiallyInvalid). It is "" if none is.
func (r *Route) DroppedMessage() string {
	var parts []string
	for i := range r.Rules {
		rule := &r.Rules[i]
		if rule.Dropped == "" {
			continue
		}
		parts = append(parts, rule.String()+": "+rule.denials[0].Detail)
	}
	if len(parts) == 0 {
		return ""
	}
	return "Dropped Rule" + plural(len(parts)) + " " + strings.Join(parts, "; ")
}

// String returns the rule's place among the rules, and its name if it has one: "0 (login)".
func (rule *Rule) String() string {
	if rule.Name == "" {
		return strconv.Itoa(rule.Index)
	}
	return say("%d (%s)", rule.Index, rule.Name)
}

// reportRules reports what is wrong with a route's rules, each thing at its field.
func (b *builder) reportRules(r *Route) {
	for i := range r.Rules {
		rule := &r.Rules[i]
		for _, c := range rule.denials {
			b.report(diag.Finding{
				Severity: diag.Error, Code: c.Reason, Object: r.Object.Ref.Diag(), Pos: c.Pos, Field: c.field,
				Message: "rule " + rule.String() + " is dropped: " + c.Detail, Hint: c.Fix,
			})
		}
	}
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
