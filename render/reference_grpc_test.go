package render_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/route"
)

// callCluster is a [cluster] with GRPCRoutes, of which no hostname is one of the HTTPRoutes' too (GRPCRouteSpec.hostnames).
type callCluster struct {
	cluster
	calls []*gatewayv1.GRPCRoute
}

// String shows the GRPCRoutes as well.
func (c callCluster) String() string {
	var b strings.Builder
	show := func(v any) string { text, _ := json.Marshal(v); return string(text) }
	for _, r := range c.calls {
		fmt.Fprintf(&b, "calls %s/%s parents %s hostnames %q\n", r.Namespace, r.Name, show(r.Spec.ParentRefs), r.Spec.Hostnames)
		for i, rule := range r.Spec.Rules {
			fmt.Fprintf(&b, "\trule %d %s\n", i, show(rule))
		}
	}
	return c.cluster.String() + b.String()
}

// unimplemented is what a call gets that no route takes (Gateway.spec.listeners).
var unimplemented = answer{does: "UNIMPLEMENTED"}

// settles leaves out calls over TLS without a server name that no route takes: as they count as plain ones where there are listeners of
// both protocols, they may be told NOT_FOUND (package comment, "Precedence").
func (c callCluster) settles(q route.Request) bool {
	return c.cluster.settles(q) && (q.Protocol != "https" || q.SNI != "" || c.answer(q) != unimplemented)
}

// answer decides who answers. GRPCRoutes are about calls alone (GRPCRouteRule.matches), HTTPRoutes about all requests for their hosts.
func (c callCluster) answer(q route.Request) answer {
	web := c.cluster.answer(q)
	if web != (answer{}) || !isCall(q) {
		return web
	}
	host := strings.ToLower(hostOf(q.Host))
	owner, listener := c.listener(int32(q.DstPort), host)
	if listener == nil {
		return answer{}
	}
	var best *callCandidate
	attached := false
	for _, r := range c.calls {
		as := asIfHTTP(r)
		attached = attached || attaches(as, owner, listener)
		hostname, ok := serves(as, owner, listener, host)
		if !ok {
			continue
		}
		for i, rule := range r.Spec.Rules {
			matches := rule.Matches
			if len(matches) == 0 {
				matches = []gatewayv1.GRPCRouteMatch{{}}
			}
			for j, m := range matches {
				one := callCandidate{hostname, m, answer{r.Namespace + "/" + r.Name, i, j, c.callDoes(r, rule)}}
				if takes(m, q) && (best == nil || one.compare(*best) > 0) {
					best = &one
				}
			}
		}
	}
	switch {
	case best != nil:
		return best.answer
	case attached:
		return unimplemented
	}
	return answer{}
}

// isCall reports whether a request is one of gRPC, by its content type: that of gRPC, with or without the format of messages
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). That of gRPC-web begins alike.
func isCall(q route.Request) bool {
	return slices.ContainsFunc(q.Header, func(h [2]string) bool {
		return strings.EqualFold(h[0], "content-type") && (h[1] == "application/grpc" || strings.HasPrefix(h[1], "application/grpc+"))
	})
}

// asIfHTTP returns an HTTPRoute that is attached as r is, for the same hosts.
func asIfHTTP(r *gatewayv1.GRPCRoute) *gatewayv1.HTTPRoute {
	return &gatewayv1.HTTPRoute{Spec: gatewayv1.HTTPRouteSpec{CommonRouteSpec: r.Spec.CommonRouteSpec, Hostnames: r.Spec.Hostnames}}
}

// attaches reports whether a route is attached to a listener: it names it, and they have a hostname in common.
func attaches(r *gatewayv1.HTTPRoute, g *gatewayv1.Gateway, l *gatewayv1.Listener) bool {
	some := func(hostname string) string { return strings.Replace(hostname, "*", "some.host", 1) }
	own := hostnameOf(l)
	return names(r, g, l) && (len(r.Spec.Hostnames) == 0 || slices.ContainsFunc(r.Spec.Hostnames, func(h gatewayv1.Hostname) bool {
		return covers(own, some(string(h))) || covers(string(h), some(own))
	}))
}

// callCandidate is a match that a call satisfies, on a hostname.
type callCandidate struct {
	hostname string
	match    gatewayv1.GRPCRouteMatch
	answer   answer
}

// compare is positive if a comes first. What is compared exactly comes before a regular expression of the same length, which the
// specification leaves open.
func (a callCandidate) compare(b callCandidate) int {
	serviceA, methodA, regexA := methodOf(a.match)
	serviceB, methodB, regexB := methodOf(b.match)
	exact := func(regex bool) int { return map[bool]int{false: 1}[regex] }
	return cmp.Or(
		compareHostnames(a.hostname, b.hostname),
		cmp.Compare(len(serviceA), len(serviceB)),
		cmp.Compare(len(methodA), len(methodB)),
		cmp.Compare(exact(regexA), exact(regexB)),
		cmp.Compare(len(a.match.Headers), len(b.match.Headers)),
		cmp.Compare(b.answer.route, a.answer.route),
		cmp.Compare(b.answer.rule, a.answer.rule),
		cmp.Compare(b.answer.match, a.answer.match),
	)
}

// methodOf returns what a match says of service and method, "" for any.
func methodOf(m gatewayv1.GRPCRouteMatch) (service, method string, regex bool) {
	if m.Method == nil {
		return "", "", false
	}
	if m.Method.Service != nil {
		service = *m.Method.Service
	}
	if m.Method.Method != nil {
		method = *m.Method.Method
	}
	return service, method, m.Method.Type != nil && *m.Method.Type == gatewayv1.GRPCMethodMatchRegularExpression
}

// takes reports whether a call, whose path is /SERVICE/METHOD, satisfies all criteria of a match.
func takes(m gatewayv1.GRPCRouteMatch, q route.Request) bool {
	called := strings.Split(q.Target, "/")
	service, method, regex := methodOf(m)
	for i, want := range []string{service, method} {
		got := called[1+i]
		if regex && want != "" && !regexp.MustCompile("^(?:"+want+")$").MatchString(got) || !regex && want != "" && got != want {
			return false
		}
	}
	return !slices.ContainsFunc(m.Headers, func(h gatewayv1.GRPCHeaderMatch) bool {
		i := slices.IndexFunc(q.Header, func(sent [2]string) bool { return strings.EqualFold(sent[0], string(h.Name)) })
		return i < 0 || !satisfies(q.Header[i][1], h.Value, h.Type != nil && *h.Type == gatewayv1.GRPCHeaderMatchRegularExpression)
	})
}

// callDoes returns what a rule does with its calls: without a backend they are told UNAVAILABLE (GRPCRouteRule.backendRefs), which clients
// take a 503 for.
func (c callCluster) callDoes(r *gatewayv1.GRPCRoute, rule gatewayv1.GRPCRouteRule) string {
	for _, b := range rule.BackendRefs {
		if name := string(b.Name); slices.Contains(c.services, name) && (b.Weight == nil || *b.Weight > 0) {
			return name + "." + r.Namespace
		}
	}
	return "503"
}
