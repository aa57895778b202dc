package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
)

// call is a request that reaches a rule.
type call struct {
	rule    string // "HTTPRoute shop/cart rule 0"
	backend string // "Service shop/cart port 80", or what answers instead
	method  string
	front
	host    string // "" for any
	path    string
	headers [][2]string
	// grpc is the service and method of a call of gRPC, "" for other requests.
	grpc string
	// regex is what the path has to match instead, where it is not known which would.
	regex string
}

// callsOf returns a request for each rule of the HTTPRoutes and GRPCRoutes that are served: what the rule's first match asks for, at the
// first of its hostnames.
func callsOf(routes []*bind.Route) []call {
	var out []call
	for _, r := range routes {
		bindings := r.Bindings()
		if len(bindings) == 0 {
			continue
		}
		for i := range r.Rules {
			if rule := &r.Rules[i]; (rule.HTTP != nil || rule.GRPC != nil) && rule.Dropped == "" {
				out = append(out, callOf(r, bindings[0], rule))
			}
		}
	}
	return out
}

func callOf(r *bind.Route, b bind.Binding, rule *bind.Rule) call {
	c := call{
		rule: fmt.Sprintf("%s rule %d", r.Object.Ref, rule.Index), backend: answererOf(rule), method: http.MethodGet, path: "/",
		front: frontOf(b),
	}
	if len(b.Hostnames) > 0 {
		c.host = strings.Replace(b.Hostnames[0], "*", "www", 1)
	}
	switch {
	case rule.GRPC != nil:
		c.asCall(rule.GRPC.Matches)
	case len(rule.HTTP.Matches) > 0:
		c.asRequest(rule.HTTP.Matches[0])
	}
	return c
}

// asRequest fills in what a match of an HTTPRoute asks for.
func (c *call) asRequest(m gatewayv1.HTTPRouteMatch) {
	if m.Method != nil {
		c.method = string(*m.Method)
	}
	if p := m.Path; p != nil && p.Value != nil {
		c.path = *p.Value
		if p.Type != nil && *p.Type == gatewayv1.PathMatchRegularExpression {
			c.path, c.regex = "", *p.Value
		}
	}
	for _, h := range m.Headers {
		c.headers = append(c.headers, [2]string{string(h.Name), h.Value})
	}
	query := url.Values{}
	for _, q := range m.QueryParams {
		query.Set(string(q.Name), q.Value)
	}
	if len(query) > 0 {
		c.path += "?" + query.Encode()
	}
}

// asCall fills in the call that the first match of a GRPCRoute asks for; one of a made-up name where any will do.
func (c *call) asCall(matches []gatewayv1.GRPCRouteMatch) {
	service, method, regex := "any.Service", "Any", false
	if len(matches) > 0 {
		m := matches[0]
		for _, h := range m.Headers {
			c.headers = append(c.headers, [2]string{string(h.Name), h.Value})
		}
		if m.Method != nil {
			service, method = orElse(m.Method.Service, service), orElse(m.Method.Method, method)
			regex = m.Method.Type != nil && *m.Method.Type == gatewayv1.GRPCMethodMatchRegularExpression
		}
	}
	c.method, c.grpc = http.MethodPost, service+"/"+method
	c.path = "/" + c.grpc
	if regex {
		c.path, c.regex = "", c.path
	}
}

func orElse(s *string, otherwise string) string {
	if s == nil {
		return otherwise
	}
	return *s
}

// answererOf says what answers the requests that a rule gets.
func answererOf(rule *bind.Rule) string {
	broken := "500: "
	if rule.GRPC != nil {
		broken = "UNAVAILABLE: "
	}
	var names []string
	for _, b := range rule.Backends {
		switch {
		case b.Reason != "":
			names = append(names, broken+b.Reason)
		case b.Weight > 0:
			names = append(names, fmt.Sprintf("%s port %d", b.Target, b.Port))
		}
	}
	if redirect := slices.IndexFunc(rule.Filters, func(f bind.Filter) bool { return f.Type == "RequestRedirect" }); redirect >= 0 {
		return "a redirect"
	}
	if len(names) == 0 {
		return broken + "no backend"
	}
	return strings.Join(names, ", ")
}

// curl returns the command that makes the call to a proxy at an URL.
func (c call) curl(base string) string {
	words := []string{"curl"}
	if c.secure {
		words = append(words, "-k")
	}
	switch {
	case c.secure && c.host != "":
		words = append(words, "--connect-to", "::"+strings.TrimPrefix(base, "https://"))
		base = "https://" + c.host
	case c.host != "":
		words = append(words, "-H", quoteShell("Host: "+c.host))
	}
	if c.grpc != "" {
		words = append(words, "-i", "-H", quoteShell("Content-Type: application/grpc"), "-H", quoteShell("TE: trailers"))
		if !c.secure {
			words = append(words, "--http2-prior-knowledge")
		}
	}
	if c.method != http.MethodGet {
		words = append(words, "-X", c.method)
	}
	for _, h := range c.headers {
		words = append(words, "-H", quoteShell(h[0]+": "+h[1]))
	}
	return strings.Join(append(words, quoteShell(base+c.path)), " ")
}

// quoteShell writes an argument so that a shell takes it as it is.
func quoteShell(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// writeCalls prints a table of the first calls, to the URLs of their ports.
func writeCalls(w io.Writer, calls []call, at func(front) string) error {
	const most = 20
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ROUTE\tANSWERED BY\tTRY")
	for _, c := range calls[:min(most, len(calls))] {
		try := c.curl(at(c.front))
		if c.regex != "" {
			try += "  with a path that matches " + c.regex
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", diag.Printable(c.rule), diag.Printable(c.backend), diag.Printable(try))
	}
	if more := len(calls) - most; more > 0 {
		fmt.Fprintf(t, "and %d more\t\t\n", more)
	}
	return t.Flush()
}
