package route

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// Match is what becomes of a request, or of a stream.
type Match struct {
	// Status is 0 if the request goes on to plugins and the service. Else Kong answers it by itself, with this status:
	//
	//	400, 405, 414, 501        nginx refuses the request
	//	404                       no route matches
	//	301, 302, 307, 308, 426   the route wants HTTPS, or HTTP/2
	//	415                       the route is for gRPC, the request is not
	//	500                       the request crashes Kong's router; a stream is closed
	//
	// A route without a service has Status 0: its plugins run, and only then Kong answers 503, or closes the stream.
	Status int
	// Message is what Kong says with the status, in its own words; "" where nginx answers. Of a stream, Kong logs it.
	Message string
	// Location is where a redirect leads.
	Location string
	// Passthrough says that a stream of TLS is passed on as it is. Else Kong ends the TLS.
	Passthrough bool

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
	//
	// Of a stream, it is the server name under which Kong opens TLS to a service that speaks it, and there the port is always named.
	UpstreamHost string
}

// Match returns what becomes of a request if Kong has answered none before. After others it may be something else, see [Cache].
// It sees the router only: neither plugins nor balancing.
func (r *Router) Match(req Request) Match {
	s, c, m := r.open(req)
	if m.Status != 0 {
		return m
	}
	return s.find(c).answer(c)
}

// open returns what a request offers to the router of its subsystem, or Kong's answer to one that does not get there.
func (r *Router) open(req Request) (*subsystem, *context, Match) {
	if isStreamProtocol(req.Protocol) {
		return &r.stream, newContext(req, r.stream.asks("tls.sni")), Match{}
	}
	if status := req.refusal(); status != 0 {
		return nil, nil, Match{Status: status}
	}
	c := newContext(req, true)
	if r.http.crashes(c) {
		return nil, nil, Match{Status: 500, Message: "An unexpected error occurred"}
	}
	return &r.http, c, Match{}
}

// answer returns what becomes of a request for which e is the route, or which has none.
//
// Source: Kong 3.9.3, kong/runloop/handler.lua, access.before.
func (e *entry) answer(c *context) Match {
	if isStreamProtocol(c.request.Protocol) {
		return e.answerStream(c)
	}
	if e == nil {
		return Match{Status: 404, Message: "no Route matched with those values"}
	}
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
	m.UpstreamPath = EscapePath(upstreamPath(base, c.path, matched, strip))
	if query, _, _ := strings.Cut(c.query, "#"); query != "" || strings.HasSuffix(c.request.Target, "?") {
		m.Query = "?" + query
	}
	m.UpstreamHost = serviceHost(e.service)
	if c.hasHost && flag(e.route, "preserve_host", false) {
		m.UpstreamHost = c.request.Host
	}
	return m
}

// answerStream is answer for a stream. What came to a port for TLS needs a route that says what to do with it; any other
// route takes any stream.
//
// Source: Kong 3.9.3, kong/runloop/handler.lua, preread.before.
func (e *entry) answerStream(c *context) Match {
	if e == nil {
		return Match{Status: 500, Message: "no Route found with those values"}
	}
	m := Match{Route: e.route, Service: e.service}
	protocols := e.route.Strings("protocols")
	if c.request.Protocol != "tcp" && c.request.Protocol != "udp" && !slices.Contains(protocols, "tls") {
		if m.Passthrough = slices.Contains(protocols, "tls_passthrough"); !m.Passthrough {
			m.Status, m.Message = 500, "unexpected protocols in matched Route"
			return m
		}
	}
	m.UpstreamHost = serviceHost(e.service)
	if sni := c.texts("tls.sni"); len(sni) > 0 && sni[0] != "" && flag(e.route, "preserve_host", false) {
		m.UpstreamHost = sni[0]
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

// forwardedHost returns nginx's idea of the host: in lower case, without the port and a dot at the end.
//
// Source: nginx 1.25.3, src/http/ngx_http_request.c, ngx_http_validate_host.
func (c *context) forwardedHost() string {
	host := strings.ToLower(c.request.Host)
	if c.authority != "" {
		host = strings.ToLower(c.authority)
	}
	if host == "" {
		return "kong" // the server_name of its configuration
	}
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	return strings.TrimSuffix(host, ".")
}

// serviceHost returns the Host header that Kong makes of a service.
//
// Source: Kong 3.9.3, kong/runloop/balancer/init.lua, set_host_header.
func serviceHost(s kong.Entity) string {
	host, scheme, port := s.Text("host"), s.Text("protocol"), integer(s, "port")
	if port == 0 {
		port = 80
	}
	usual := port == 80 && (scheme == "http" || scheme == "grpc" || scheme == "") || port == 443 && (scheme == "https" || scheme == "grpcs")
	if host == "" || usual {
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
