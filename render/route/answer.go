package route

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gwsync/gwsync/render/kong"
)

// Match is what becomes of a request.
type Match struct {
	// Status is 0 if the request goes on to plugins and the service. Else Kong answers it by itself, with this status:
	//
	//	400, 405, 414             nginx refuses the request
	//	404                       no route matches
	//	301, 302, 307, 308, 426   the route wants HTTPS, or HTTP/2
	//	415                       the route is for gRPC, the request is not
	//	500                       the request crashes Kong's router
	//
	// A route without a service has Status 0: its plugins run, and only then Kong answers 503.
	Status int
	// Message is what Kong says with the status, in its own words; "" where nginx answers.
	Message string
	// Location is where a redirect leads.
	Location string

	// Route and Service are the route that matched and its service. Both are zero if none did; Service also if the route has none.
	Route, Service kong.Entity
	// Captures are what the regexes of the route captured, by number ("0" is the whole match) and name; nil if no more than "0".
	Captures map[string]string
	// Prefix is what the route matched of the path, if it strips the path: Kong's X-Forwarded-Prefix. "" is none.
	Prefix string

	// UpstreamPath is the path that the service is asked for, escaped, without the query.
	UpstreamPath string
	// Query is the request's query as sent, with its "?", or "".
	Query string
	// UpstreamHost is the Host header that the service is sent: the client's if the route preserves it, else the service's, with the
	// port unless it is the scheme's own. An upstream that the service names may say otherwise.
	UpstreamHost string
}

// Match returns what becomes of a request, if Kong has not answered a similar one before (see [Router.CacheKey]). It sees the
// router only: neither plugins nor balancing.
func (r *Router) Match(req Request) Match {
	if status := req.refusal(); status != 0 {
		return Match{Status: status}
	}
	req.SrcIP, req.DstIP = req.SrcIP.Unmap(), req.DstIP.Unmap()
	c := newContext(req)
	switch e, status := r.find(c); {
	case status != 0:
		return Match{Status: status, Message: "An unexpected error occurred"}
	case e == nil:
		return Match{Status: 404, Message: "no Route matched with those values"}
	default:
		return e.answer(c)
	}
}

// find returns the first entry that holds, nil if none does. A status other than 0 says that Kong fails on the request.
func (r *Router) find(c *context) (found *entry, status int) {
	if r.crashes(c) {
		return nil, 500
	}
	if !r.valid(c) {
		return nil, 0
	}
	r.index.candidates(c, func(i int) bool {
		c.matched, c.captures = "", nil
		if r.entries[i].expr.match(c) {
			found = &r.entries[i]
		}
		return found == nil
	})
	return found, 0
}

// crashes reports whether a query parameter that a route asks about is there both repeatedly and without "=". Kong sorts the
// values of a parameter for its cache, and Lua cannot sort what is no text.
func (r *Router) crashes(c *context) bool {
	for _, f := range r.fields {
		if name, ok := strings.CutPrefix(f, queryPrefix); ok {
			values := arguments(c.query, name)
			if len(values) > 1 && slices.ContainsFunc(values, func(a argument) bool { return a.bare }) {
				return true
			}
		}
	}
	return false
}

// valid reports whether all the text that any route asks about is UTF-8. If it is not, no route matches at all.
func (r *Router) valid(c *context) bool {
	for _, f := range r.fields {
		if kindOf(f, false) != textKind {
			continue
		}
		for _, s := range c.texts(f) {
			if !utf8.ValidString(s) {
				return false
			}
		}
	}
	return true
}

// answer returns what becomes of a request for which e is the route.
//
// Source: Kong 3.9.3, kong/runloop/handler.lua, access.before.
func (e *entry) answer(c *context) Match {
	m := Match{Route: e.route, Service: e.service}
	if len(c.captures) > 1 {
		m.Captures = c.captures
	}
	strip := flag(e.route, "strip_path", !isGRPC(e.route))
	if strip && c.matched != "/" {
		m.Prefix = c.matched
	}
	if refused := m.refuse(c); refused {
		return m
	}
	base := e.service.Text("path")
	if base == "" {
		base = "/"
	}
	matched := ""
	if strip {
		matched = c.matched
	}
	m.UpstreamPath = escapePath(upstreamPath(base, c.path, matched, strip))
	if _, query, ok := cutQuery(c.request.Target); ok {
		query, _, _ = strings.Cut(query, "#")
		m.Query = "?" + query
	}
	m.UpstreamHost = serviceHost(e.service)
	if c.hasHost && flag(e.route, "preserve_host", false) {
		m.UpstreamHost = c.request.Host
	}
	return m
}

// refuse fills in Kong's own answer if the route wants a protocol that the request was not made with.
func (m *Match) refuse(c *context) bool {
	list := m.Route.Strings("protocols")
	has := func(p string) bool { return slices.Contains(list, p) }
	secure := c.request.protocol() == "https"
	switch {
	case has("https") && !has("http") && !secure:
		m.Status = int(integer(m.Route, "https_redirect_status_code"))
		if m.Status == 0 || m.Status == 426 {
			m.Status, m.Message = 426, "Please use HTTPS protocol"
		} else {
			m.Location = "https://" + c.forwardedHost() + c.request.Target
		}
	case isGRPC(m.Route):
		m.refuseGRPC(c, secure || has("grpc"))
	}
	return m.Status != 0
}

// refuseGRPC fills in Kong's answer if the request is no gRPC, or not over the protocol that the route wants.
func (m *Match) refuseGRPC(c *context, protocol bool) {
	types := c.headers("content-type")
	switch {
	case len(types) == 0 || !strings.HasPrefix(types[0], "application/grpc"):
		m.Status, m.Message = 415, "Non-gRPC request matched gRPC route"
	case c.request.Version != "HTTP/2":
		m.Status, m.Message = 426, "Please use HTTP2 protocol"
	case !protocol:
		m.Status, m.Message = 200, "gRPC request matched gRPCs route"
	}
}

func isGRPC(r kong.Entity) bool {
	list := r.Strings("protocols")
	return slices.Contains(list, "grpc") || slices.Contains(list, "grpcs")
}

// forwardedHost returns nginx's idea of the host: in lower case, without the port.
func (c *context) forwardedHost() string {
	if !c.hasHost {
		return "kong" // the server_name of its configuration
	}
	host := strings.ToLower(c.request.Host)
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	return host
}

// serviceHost returns the Host header that Kong makes of a service.
//
// Source: Kong 3.9.3, kong/runloop/balancer/init.lua, set_host_header.
func serviceHost(s kong.Entity) string {
	host, scheme, port := s.Text("host"), s.Text("protocol"), integer(s, "port")
	if port == 0 {
		port = 80
	}
	if host == "" || port == 80 && (scheme == "http" || scheme == "") || port == 443 && scheme == "https" {
		return host
	}
	return host + ":" + strconv.FormatInt(port, 10)
}

// flag returns a route's boolean, or what it is if it is not set.
func flag(r kong.Entity, field string, unset bool) bool {
	v, ok := r.Field(field)
	if !ok {
		return unset
	}
	return v == true
}

// CacheKey returns the key under which Kong keeps which route a request went to. Requests with equal keys go to the route that the
// first of them went to, or nowhere like the first, until the router changes or the cache is full (5,000 keys).
//
// That is not always the route that [Router.Match] finds: the key leaves out net.protocol, does not tell a header or parameter
// that is empty from one that is absent, nor one that is repeated from one whose value is a list. So it may be decided by who
// came first.
//
// Source: Kong 3.9.3, kong/router/fields.lua, get_cache_key, and kong/router/atc.lua, exec.
func (r *Router) CacheKey(req Request) string {
	c := newContext(req)
	var b strings.Builder
	for _, f := range r.fields {
		switch {
		case f == "net.protocol":
			continue
		case f == "http.host":
			b.WriteString(req.Host) // with its port
		case f == "net.dst.port":
			b.WriteString(strconv.Itoa(int(req.port())))
		case kindOf(f, false) == numberKind:
			if n, ok := c.number(f); ok {
				b.WriteString(strconv.FormatInt(n, 10))
			}
		case kindOf(f, false) == addrKind:
			if a, ok := c.addr(f); ok {
				b.WriteString(a.Unmap().String())
			}
		default:
			b.WriteString(c.cacheValue(f))
		}
		b.WriteByte('|')
	}
	return b.String()
}

// cacheValue returns the values of a text field as they stand in the key of the cache.
func (c *context) cacheValue(f string) string {
	if name, ok := strings.CutPrefix(f, queryPrefix); ok {
		if values := arguments(c.query, name); len(values) == 1 && values[0].bare {
			return "true" // which is what Lua prints for it
		}
	}
	return strings.Join(slices.Sorted(slices.Values(c.texts(f))), ",")
}
