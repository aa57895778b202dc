package render

import (
	"cmp"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// call is what precedence counts of a match of a GRPCRoute, apart from its hostname (GRPCRouteRule.matches in the specification): the
// characters of service and method, and the headers. It is zero for what is no such match, which comes last.
//
// Of regular expressions, which the specification leaves to implementations, the characters of the expression count, and what is
// compared exactly comes before one that is as long.
type call struct {
	service, method int
	exact           bool
	headers         int // the one for the content type among them
}

// callMatch is what a match of a GRPCRoute has that one of an HTTPRoute has not.
type callMatch struct {
	call
	// unsayable says why Kong has no path for the match; nil if it has.
	unsayable error
}

func (c call) compare(o call) int {
	return cmp.Or(
		cmp.Compare(c.service, o.service),
		cmp.Compare(c.method, o.method),
		cmp.Compare(number(c.exact), number(o.exact)),
		cmp.Compare(c.headers, o.headers),
	)
}

// contentType is how Kong tells requests of gRPC from others (Kong 3.9.3, kong/runloop/handler.lua, access). Kong's routes of the protocols
// grpc and grpcs would keep other requests from all other routes, to answer them 415, so that ours are of http and https. Kong takes
// application/grpc-web for gRPC as well, which it is not.
//
// Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, Content-Type.
var contentType = valueMatch{name: "content-type", value: "^application/grpc([+;]|$)", regex: true}

// asHTTP returns the rule of a GRPCRoute in the form of one of an HTTPRoute: what the two have in common has the same types. Its matches
// are not among that.
func asHTTP(r *bind.Rule) *bind.Rule {
	out := *r
	out.HTTP = &gatewayv1.HTTPRouteRule{Name: r.GRPC.Name, SessionPersistence: r.GRPC.SessionPersistence}
	out.Filters = filtersAsHTTP(r.Filters)
	for _, f := range out.Filters {
		out.HTTP.Filters = append(out.HTTP.Filters, *f.HTTP)
	}
	out.Backends = append([]bind.Backend{}, r.Backends...)
	for i := range out.Backends {
		out.Backends[i].Filters = filtersAsHTTP(out.Backends[i].Filters)
	}
	return &out
}

func filtersAsHTTP(filters []bind.Filter) []bind.Filter {
	out := append([]bind.Filter{}, filters...)
	for i := range out {
		f := out[i].GRPC
		out[i].HTTP = &gatewayv1.HTTPRouteFilter{
			Type:                   gatewayv1.HTTPRouteFilterType(f.Type),
			RequestHeaderModifier:  f.RequestHeaderModifier,
			ResponseHeaderModifier: f.ResponseHeaderModifier,
			RequestMirror:          f.RequestMirror,
			ExtensionRef:           f.ExtensionRef,
		}
	}
	return out
}

// calls returns the matches of a rule of a GRPCRoute; without any it matches every call (GRPCRouteRule.matches).
func calls(r *rule) []match {
	matches := r.rule.GRPC.Matches
	if len(matches) == 0 {
		matches = []gatewayv1.GRPCRouteMatch{{}}
	}
	out := make([]match, len(matches))
	for i, m := range matches {
		out[i] = newCall(r, i, m)
	}
	return out
}

// newCall returns match number index of a rule that is not dropped.
func newCall(r *rule, index int, m gatewayv1.GRPCRouteMatch) match {
	out := match{of: r, index: index, call: &callMatch{call: call{exact: true}}}
	if m.Method != nil {
		out.path, out.call.call, out.call.unsayable = newMethodMatch(*m.Method)
	}
	for _, h := range m.Headers {
		regex := h.Type != nil && *h.Type == gatewayv1.GRPCHeaderMatchRegularExpression
		out.headers = appendNew(out.headers, valueMatch{name: strings.ToLower(string(h.Name)), value: h.Value, regex: regex})
	}
	out.headers = append(out.headers, contentType)
	out.call.headers = len(out.headers)
	return out
}

// newMethodMatch returns the path criterion of a method match, and what precedence counts of it. The path of a call is
// /SERVICE/METHOD. A regular expression has to match all of the service, or of the method.
func newMethodMatch(m gatewayv1.GRPCMethodMatch) (pathMatch, call, error) {
	service, method := text(m.Service), text(m.Method)
	c := call{service: len(service), method: len(method), exact: true}
	if m.Type != nil && *m.Type == gatewayv1.GRPCMethodMatchRegularExpression {
		c.exact = false
		s, err := segment(service)
		if err != nil {
			return pathMatch{}, c, err
		}
		name, err := segment(method)
		return pathMatch{regexPath, "/" + s + "/" + name + "$"}, c, err
	}
	switch {
	case method == "":
		return pathMatch{prefixPath, "/" + service}, c, nil
	case service == "":
		return pathMatch{regexPath, "/[^/]+/" + route.QuoteRegex(method) + "$"}, c, nil
	}
	return pathMatch{exactPath, "/" + service + "/" + method}, c, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// callProtocol returns what Kong speaks to a backend of a GRPCRoute, unless an annotation of its Service says another: gRPC, over TLS if
// the Service port's appProtocol says so. Others are refused by package bind.
func callProtocol(b bind.Backend) map[string]any {
	if _, _, ok := annotation(b.Service.Annotations, "protocol"); ok {
		return map[string]any{}
	}
	if b.ServicePort != nil && strings.EqualFold(text(b.ServicePort.AppProtocol), "https") {
		return map[string]any{"protocol": "grpcs"}
	}
	return map[string]any{"protocol": "grpc"}
}

// brokenStatus returns the status of answers for backends that are broken. Kong tells clients of gRPC 503 as the status UNAVAILABLE, which
// is what they are to get (GRPCRouteRule.backendRefs), and that is also what they take it for by itself.
//
// Source: Kong 3.9.3, kong/pdk/response.lua, send; https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md.
func (r *rule) brokenStatus() int {
	if r.rule.GRPC != nil {
		return 503
	}
	return 500
}

// unimplemented returns rules that answer the calls which no GRPCRoute matches, at the listeners that have one: with the status
// UNIMPLEMENTED (Gateway.spec.listeners), where Kong by itself would say NOT_FOUND. There is one for each hostname of such listeners, and
// one for calls to any other host on their ports. Where HTTPRoutes have other hosts of the listener, they come first.
//
// With traditional_compatible plain calls to a host of an HTTPS listener get to its rule, too. Where HTTP listeners have GRPCRoutes as
// well, they are told the same: Kong's 426 is no answer over HTTP/2, for it has the header Connection.
func (t *translator) unimplemented(routes []*bind.Route) []*rule {
	var out []*rule
	known := map[string]*rule{}
	seen := map[*bind.Listener]bool{}
	add := func(l *bind.Listener, hostname string) {
		last := known[hostname]
		if last == nil {
			last = lastCall(l, hostname)
			known[hostname] = last
			out = append(out, last)
		}
		last.bindings = append(last.bindings, bind.Binding{Listener: l, Accepted: true, Hostnames: []string{hostname}})
		last.protocols = protocols(last.bindings)
	}
	for _, r := range routes {
		if r.Object.Ref.Kind != "GRPCRoute" {
			continue
		}
		for _, b := range r.Bindings() {
			l := b.Listener
			if seen[l] || t.staysShut(l) {
				continue
			}
			seen[l] = true
			add(l, l.Hostname)
			if l.Hostname != "" {
				add(l, "")
			}
		}
	}
	if t.target.Flavor == kong.TraditionalCompatible {
		var all []bind.Binding
		for _, last := range out {
			all = append(all, last.bindings...)
		}
		for _, last := range out {
			last.protocols = protocols(all)
		}
	}
	return out
}

// lastCall returns the rule for the calls to a listener that no other takes, or for those to hosts that no listener has. It comes from the
// listener.
func lastCall(l *bind.Listener, hostname string) *rule {
	name := listenerName(l.Object.Ref, l.Name()) + ".calls"
	if hostname != l.Hostname {
		name += ".elsewhere"
	}
	r := standIn(l, name)
	r.matches[0].headers = []valueMatch{contentType}
	r.plugins = []*plugin{
		{name: "request-termination", config: map[string]any{"status_code": 404, "message": "no route matches the call"}},
		{name: "response-transformer", config: map[string]any{"replace": map[string]any{"headers": []string{"grpc-status:12"}}}},
	}
	return r
}
