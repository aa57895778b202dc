package render_test

import (
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// choice takes one of a list by a number, and returns what is left of the number.
func choice[T any](n int, list ...T) (T, int) { return list[n%len(list)], n / len(list) }

// redirect returns a redirect of any kind: elsewhere, or to another path, or to another prefix of it where the matches allow that.
func (m *maker) redirect(matches []gatewayv1.HTTPRouteMatch) gatewayv1.HTTPRouteFilter {
	const kinds = 3 * 2 * 3 * 4 * 3
	host, http, https := gatewayv1.PreciseHostname("elsewhere.example"), "http", "https"
	number := func(n gatewayv1.PortNumber) *gatewayv1.PortNumber { return &n }
	to := &gatewayv1.HTTPRequestRedirectFilter{}
	path, n := choice(m.below(kinds), true, false, false)
	to.Hostname, n = choice(n, &host, nil)
	to.Scheme, n = choice(n, &https, &http, nil)
	to.Port, n = choice(n, number(443), number(80), number(8443), nil)
	if path {
		value, _ := choice(n, "/new", "", "/new/")
		to.Path = pathModifier(value, matches)
	} else {
		status, _ := choice(n, 301, 302, 308)
		to.StatusCode = &status
	}
	return gatewayv1.HTTPRouteFilter{Type: gatewayv1.HTTPRouteFilterRequestRedirect, RequestRedirect: to}
}

// pathModifier returns one for the prefix where the matches allow that, else one for the whole path.
func pathModifier(value string, matches []gatewayv1.HTTPRouteMatch) *gatewayv1.HTTPPathModifier {
	if len(matches) == 1 && matches[0].Path != nil && *matches[0].Path.Type == gatewayv1.PathMatchPathPrefix {
		return &gatewayv1.HTTPPathModifier{Type: gatewayv1.PrefixMatchHTTPPathModifier, ReplacePrefixMatch: &value}
	}
	return &gatewayv1.HTTPPathModifier{Type: gatewayv1.FullPathHTTPPathModifier, ReplaceFullPath: &value}
}

// filterings is how many there are of [filtering]. Half of them are none.
const filterings = 28

// filtering returns the filters of a rule with a backend.
func filtering(n int, matches []gatewayv1.HTTPRouteMatch) []gatewayv1.HTTPRouteFilter {
	rewrite := func(host gatewayv1.PreciseHostname, path string) gatewayv1.HTTPRouteFilter {
		f := gatewayv1.HTTPRouteFilter{Type: gatewayv1.HTTPRouteFilterURLRewrite, URLRewrite: &gatewayv1.HTTPURLRewriteFilter{}}
		if host != "" {
			f.URLRewrite.Hostname = &host
		}
		if path != "-" {
			f.URLRewrite.Path = pathModifier(path, matches)
		}
		return f
	}
	header := func(f gatewayv1.HTTPHeaderFilter) gatewayv1.HTTPRouteFilter {
		return gatewayv1.HTTPRouteFilter{Type: gatewayv1.HTTPRouteFilterRequestHeaderModifier, RequestHeaderModifier: &f}
	}
	set := gatewayv1.HTTPHeaderFilter{Set: []gatewayv1.HTTPHeader{{Name: "x-a", Value: "set"}, {Name: "X-New", Value: "$(1+1):2"}}}
	add := gatewayv1.HTTPHeaderFilter{Add: []gatewayv1.HTTPHeader{{Name: "X-A", Value: "added"}, {Name: "x-new", Value: "n"}}}
	remove := gatewayv1.HTTPHeaderFilter{Remove: []string{"X-a", "x-new"}}
	all := gatewayv1.HTTPHeaderFilter{Set: add.Add[1:], Add: set.Set[:1], Remove: []string{"X-B"}}
	each := [][]gatewayv1.HTTPRouteFilter{
		{rewrite("other.example", "-")}, {rewrite("", "/new")}, {rewrite("", "")}, {rewrite("", "/")}, {rewrite("", "/new/")},
		{rewrite("", "/new/%20x")}, {rewrite("other.example", "/$(x)")}, {rewrite("other.example", "/a/b")},
		{header(set)}, {header(add)}, {header(remove)}, {header(all)}, {rewrite("", "/new"), header(all)},
		{header(set), rewrite("other.example", "")},
	}
	if n < filterings-len(each) {
		return nil
	}
	return each[n-(filterings-len(each))]
}
