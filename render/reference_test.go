package render_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/route"
)

// cluster is what the Gateway API's text is read against: a second reading of it, which shares no code with the renderer. It knows what
// [maker] makes up: listeners that are distinct and open to all namespaces, and Services by name in the route's own namespace. Some of the
// gateways stand for ListenerSets of the first: to routes they are the same.
type cluster struct {
	gateways []*gatewayv1.Gateway
	routes   []*gatewayv1.HTTPRoute
	services []string
}

// String shows the listeners and routes.
func (c cluster) String() string {
	var b strings.Builder
	show := func(v any) string { text, _ := json.Marshal(v); return string(text) }
	for _, g := range c.gateways {
		for _, l := range g.Spec.Listeners {
			fmt.Fprintf(&b, "listener %s/%s %s:%d %q\n", g.Name, l.Name, l.Protocol, l.Port, hostnameOf(&l))
		}
	}
	for _, r := range c.routes {
		fmt.Fprintf(&b, "route %s/%s parents %s hostnames %q\n", r.Namespace, r.Name, show(r.Spec.ParentRefs), r.Spec.Hostnames)
		for i, rule := range r.Spec.Rules {
			fmt.Fprintf(&b, "\trule %d %s\n", i, show(rule))
		}
	}
	return b.String()
}

// answer is who answers a request: a match of a rule of a route, and what that does with it. The zero answer is a 404.
type answer struct {
	route       string // namespace/name
	rule, match int
	// does is "redirect STATUS LOCATION", or "upgrade STATUS LOCATION" for one that Kong does by itself; "500", or the name of a Service and,
	// where the rule has filters, the request that arrives there.
	does string
}

func (a answer) String() string {
	if a == (answer{}) {
		return "404"
	}
	return fmt.Sprintf("%s of %s %s", a.does, a.route, a.field())
}

func (a answer) field() string { return fmt.Sprintf("spec.rules[%d].matches[%d]", a.rule, a.match) }

// answer decides who answers. The request belongs to the listener of its port with the most specific hostname, and to no other
// (Gateway.spec.listeners). Of the routes there, the one that names the host most specifically is preferred
// (HTTPRouteSpec.hostnames), then the match (HTTPRouteRule.matches).
func (c cluster) answer(q route.Request) answer {
	host := strings.ToLower(hostOf(q.Host))
	owner, listener := c.listener(int32(q.DstPort), host)
	if listener == nil {
		return answer{}
	}
	var best *candidate
	for _, r := range c.routes {
		hostname, ok := serves(r, owner, listener, host)
		if !ok {
			continue
		}
		for i, rule := range r.Spec.Rules {
			for j, m := range append([]gatewayv1.HTTPRouteMatch{}, allMatches(rule)...) {
				one := candidate{hostname, m, answer{r.Namespace + "/" + r.Name, i, j, ""}}
				if matches(m, q) && (best == nil || one.compare(*best) > 0) {
					one.answer.does = c.does(r, rule, listener, m, q)
					best = &one
				}
			}
		}
	}
	if best == nil {
		return answer{}
	}
	return best.answer
}

// settles reports whether the text says who answers a request: one that comes to a listener's port, and repeats neither a header nor a
// parameter of the query (HTTPHeaderMatch.name, HTTPQueryParamMatch.name).
func (c cluster) settles(q route.Request) bool {
	seen := map[string]bool{}
	for _, h := range q.Header {
		name := strings.ToLower(h[0])
		if seen[name] {
			return false
		}
		seen[name] = true
	}
	_, query, _ := strings.Cut(q.Target, "?")
	parameters, _ := url.ParseQuery(query)
	for _, values := range parameters {
		if len(values) > 1 {
			return false
		}
	}
	return slices.ContainsFunc(c.gateways, func(g *gatewayv1.Gateway) bool {
		return slices.ContainsFunc(g.Spec.Listeners, func(l gatewayv1.Listener) bool { return uint16(l.Port) == q.DstPort })
	})
}

func allMatches(r gatewayv1.HTTPRouteRule) []gatewayv1.HTTPRouteMatch {
	if len(r.Matches) == 0 {
		return []gatewayv1.HTTPRouteMatch{{}}
	}
	return r.Matches
}

func hostOf(s string) string { host, _, _ := strings.Cut(s, ":"); return host }

// covers reports whether a host is within a hostname; a wildcard stands for one label or more, "" for anything.
func covers(hostname, host string) bool {
	if suffix, ok := strings.CutPrefix(hostname, "*"); ok {
		return strings.HasSuffix(host, suffix) && len(host) > len(suffix)
	}
	return hostname == "" || hostname == host
}

// compareHostnames is positive if a is more specific: exact ones are, then longer ones.
func compareHostnames(a, b string) int {
	exact := func(h string) int {
		if h == "" || h[0] == '*' {
			return 0
		}
		return len(h)
	}
	return cmp.Or(cmp.Compare(exact(a), exact(b)), cmp.Compare(len(a), len(b)))
}

func hostnameOf(l *gatewayv1.Listener) string {
	if l.Hostname == nil {
		return ""
	}
	return string(*l.Hostname)
}

func (c cluster) listener(port int32, host string) (owner *gatewayv1.Gateway, best *gatewayv1.Listener) {
	for _, g := range c.gateways {
		for i := range g.Spec.Listeners {
			l := &g.Spec.Listeners[i]
			if l.Port == port && covers(hostnameOf(l), host) && (best == nil || compareHostnames(hostnameOf(l), hostnameOf(best)) > 0) {
				owner, best = g, l
			}
		}
	}
	return owner, best
}

// serves reports whether a route is attached to a listener and answers for a host there, and by which hostname: what the route's and
// the listener's have in common.
func serves(r *gatewayv1.HTTPRoute, g *gatewayv1.Gateway, l *gatewayv1.Listener, host string) (string, bool) {
	attached := names(r, g, l)
	best, found := "", false
	hostnames := r.Spec.Hostnames
	if len(hostnames) == 0 {
		hostnames = []gatewayv1.Hostname{""}
	}
	for _, h := range hostnames {
		common := string(h)
		if compareHostnames(hostnameOf(l), common) > 0 {
			common = hostnameOf(l)
		}
		if attached && covers(string(h), host) && (!found || compareHostnames(common, best) > 0) {
			best, found = common, true
		}
	}
	return best, found
}

// names reports whether a route names a listener as one of its parents.
func names(r *gatewayv1.HTTPRoute, g *gatewayv1.Gateway, l *gatewayv1.Listener) bool {
	return slices.ContainsFunc(r.Spec.ParentRefs, func(p gatewayv1.ParentReference) bool {
		return string(p.Name) == g.Name && (p.SectionName == nil || *p.SectionName == l.Name) && (p.Port == nil || *p.Port == l.Port)
	})
}

// candidate is a match that a request satisfies, on a hostname.
type candidate struct {
	hostname string
	match    gatewayv1.HTTPRouteMatch
	answer   answer
}

// compare is positive if a comes first. Regular expressions are between Exact and PathPrefix, which the specification leaves open; a
// slash at the end of a prefix does not count, as it makes no difference.
func (a candidate) compare(b candidate) int {
	kindA, pathA := pathOf(a.match)
	kindB, pathB := pathOf(b.match)
	order := []gatewayv1.PathMatchType{gatewayv1.PathMatchPathPrefix, gatewayv1.PathMatchRegularExpression, gatewayv1.PathMatchExact}
	has := func(m gatewayv1.HTTPRouteMatch) int { return map[bool]int{true: 1}[m.Method != nil] }
	return cmp.Or(
		compareHostnames(a.hostname, b.hostname),
		cmp.Compare(slices.Index(order, kindA), slices.Index(order, kindB)),
		cmp.Compare(len(pathA), len(pathB)),
		cmp.Compare(has(a.match), has(b.match)),
		cmp.Compare(len(firstHeaders(a.match)), len(firstHeaders(b.match))),
		cmp.Compare(len(a.match.QueryParams), len(b.match.QueryParams)),
		cmp.Compare(b.answer.route, a.answer.route),
		cmp.Compare(b.answer.rule, a.answer.rule),
		cmp.Compare(b.answer.match, a.answer.match),
	)
}

// pathOf returns the kind of a path match and its value: prefixes without a slash at the end, and escapes of letters decoded.
func pathOf(m gatewayv1.HTTPRouteMatch) (gatewayv1.PathMatchType, string) {
	if m.Path == nil {
		return gatewayv1.PathMatchPathPrefix, ""
	}
	switch *m.Path.Type {
	case gatewayv1.PathMatchPathPrefix:
		return *m.Path.Type, strings.TrimSuffix(normalized(*m.Path.Value), "/")
	case gatewayv1.PathMatchExact:
		return *m.Path.Type, normalized(*m.Path.Value)
	}
	return *m.Path.Type, *m.Path.Value
}

var escape = regexp.MustCompile("%[0-9A-Fa-f]{2}")

// normalized decodes the escapes of letters, and resolves what is empty or dots between slashes (RFC 3986, section 6.2.2).
func normalized(path string) string {
	path = escape.ReplaceAllStringFunc(path, func(s string) string {
		if c, _ := url.PathUnescape(s); regexp.MustCompile("[a-zA-Z0-9._~-]").MatchString(c) {
			return c
		}
		return strings.ToUpper(s)
	})
	var out []string
	parts := strings.Split(path, "/")[1:]
	for i, p := range parts {
		last := i == len(parts)-1
		switch {
		case p == ".." && len(out) > 0:
			out = out[:len(out)-1]
		case p != "" && p != "." && p != "..":
			out = append(out, p)
		}
		if last && (p == "" || p == "." || p == "..") {
			out = append(out, "")
		}
	}
	return "/" + strings.Join(out, "/")
}

// matches reports whether a request satisfies all criteria of a match.
func matches(m gatewayv1.HTTPRouteMatch, q route.Request) bool {
	target, query, _ := strings.Cut(q.Target, "?")
	parameters, _ := url.ParseQuery(query)
	kind, value := pathOf(m)
	path, ok := normalized(target), false
	switch kind {
	case gatewayv1.PathMatchExact:
		ok = path == value
	case gatewayv1.PathMatchPathPrefix:
		ok = path == value || strings.HasPrefix(path, value+"/")
	default:
		ok = regexp.MustCompile("^(?:" + value + ")").MatchString(path)
	}
	if !ok || m.Method != nil && string(*m.Method) != q.Method {
		return false
	}
	for _, h := range firstHeaders(m) {
		i := slices.IndexFunc(q.Header, func(sent [2]string) bool { return strings.EqualFold(sent[0], string(h.Name)) })
		if i < 0 || !satisfies(q.Header[i][1], h.Value, h.Type != nil && *h.Type == gatewayv1.HeaderMatchRegularExpression) {
			return false
		}
	}
	for _, p := range m.QueryParams {
		sent, ok := parameters[string(p.Name)]
		if !ok || !satisfies(sent[0], p.Value, p.Type != nil && *p.Type == gatewayv1.QueryParamMatchRegularExpression) {
			return false
		}
	}
	return true
}

func satisfies(sent, value string, regex bool) bool {
	if regex {
		return regexp.MustCompile(value).MatchString(sent)
	}
	return sent == value
}

// firstHeaders returns the header criteria that count: of equal names only the first (HTTPHeaderMatch.name).
func firstHeaders(m gatewayv1.HTTPRouteMatch) []gatewayv1.HTTPHeaderMatch {
	var out []gatewayv1.HTTPHeaderMatch
	for _, h := range m.Headers {
		if !slices.ContainsFunc(out, func(o gatewayv1.HTTPHeaderMatch) bool { return strings.EqualFold(string(o.Name), string(h.Name)) }) {
			out = append(out, h)
		}
	}
	return out
}

// does returns what a rule does with a request that a match of it took: a redirect answers by itself; else backends that do not exist, and
// backends that are not there at all, answer 500 (HTTPRouteRule.backendRefs). Rules have one backend at most.
func (c cluster) does(r *gatewayv1.HTTPRoute, rule gatewayv1.HTTPRouteRule, l *gatewayv1.Listener, m gatewayv1.HTTPRouteMatch,
	q route.Request,
) string {
	for _, f := range rule.Filters {
		if to := f.RequestRedirect; to != nil {
			status := 302
			if to.StatusCode != nil {
				status = *to.StatusCode
			}
			return fmt.Sprintf("redirect %d %s", status, location(to, l, m, q))
		}
	}
	for _, b := range rule.BackendRefs {
		if name := string(b.Name); slices.Contains(c.services, name) && (b.Weight == nil || *b.Weight > 0) {
			backend := name + "." + r.Namespace
			if len(rule.Filters) > 0 {
				return fmt.Sprintf("%s gets %s", backend, arrives(rule.Filters, m, q))
			}
			return backend
		}
	}
	return "500"
}
