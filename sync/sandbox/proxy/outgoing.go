package proxy

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// outgoing is a request for a backend.
type outgoing struct {
	method string
	path   string // escaped
	query  string // without "?"
	// emptyQuery keeps the "?" of a query that is empty.
	emptyQuery bool
	host       string // the Host header if the route or a plugin sets it; "" leaves it to the balancer
	header     http.Header
	// variables are those of nginx that code has set, see [exchange.forwarded].
	variables map[string]string
	body      []byte
	// stream is a body that is sent as it comes, nil for body; length is its length, -1 if nobody knows.
	stream io.Reader
	length int64
	// sized says that a Content-Length is sent. A GET without a body has none; a POST of nothing has "0".
	sized bool
}

// target returns the request target: path and query.
func (o *outgoing) target() string {
	if o.query == "" && !o.emptyQuery {
		return o.path
	}
	return o.path + "?" + o.query
}

// prepare sets out to what the router found, before plugins change it.
func (x *exchange) prepare() {
	x.out = outgoing{
		method:     x.in.Method,
		path:       x.match.UpstreamPath,
		query:      x.query(),
		emptyQuery: strings.HasSuffix(x.target, "?"),
		header:     x.in.Header.Clone(),
	}
	if v, _ := x.match.Route.Field("preserve_host"); v == true {
		x.out.host = x.in.Host
	}
	_, x.out.sized = x.in.Header["Content-Length"]
	x.out.sized = x.out.sized || x.in.ContentLength != 0
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func writeEscaped(b *strings.Builder, c byte) {
	const digits = "0123456789ABCDEF"
	b.WriteByte('%')
	b.WriteByte(digits[c>>4])
	b.WriteByte(digits[c&15])
}

// seal completes the request for the backend with what nginx sets whatever plugins did, and takes out what is meant for
// Kong alone.
//
// Source: Kong 3.9.3, kong/runloop/handler.lua (access) and kong/templates/nginx_kong.lua (proxy_set_header).
func (x *exchange) seal() {
	h := x.out.header
	dropHopByHop(h)
	te := tokens(h.Values("Te"))
	set := func(name, value string) {
		if value == "" {
			h.Del(name)
		} else {
			h.Set(name, value)
		}
	}
	set("Te", "")
	if slices.Contains(te, "trailers") {
		set("Te", "trailers")
	}
	for _, name := range strings.Fields(forwardedHeaders) {
		value, _ := x.forwarded(forwardedVariable(name))
		set(name, value)
	}
	set("Upgrade", "")
	set("Connection", "keep-alive")
	if x.upgrades() {
		set("Upgrade", "websocket")
		set("Connection", "keep-alive, Upgrade")
	}
	set("X-Real-Ip", x.sender.Addr().Unmap().String())
	set("X-Kong-Request-Id", x.id)
	set("Content-Length", "")
	switch {
	case x.out.stream != nil && x.out.length < 0:
		set("Transfer-Encoding", "chunked")
	case x.out.stream != nil:
		set("Content-Length", strconv.FormatInt(x.out.length, 10))
	case x.out.sized:
		set("Content-Length", strconv.Itoa(len(x.out.body)))
	}
}

// receivedBy is Kong's own element of the Via header.
func (x *exchange) receivedBy() string {
	switch {
	case x.in.ProtoMajor == 1 && x.in.ProtoMinor == 1:
		return "1.1 " + server
	case x.in.ProtoMinor == 0:
		return strconv.Itoa(x.in.ProtoMajor) + " " + server
	}
	return server
}

// upgrades reports whether the client asks for a WebSocket, the one upgrade that Kong passes on.
func (x *exchange) upgrades() bool {
	v, _ := firstHeader(x.in.Header, "Upgrade")
	return strings.EqualFold(v, "websocket")
}

// dropHopByHop removes the headers that concern one connection only, those that Connection names among them.
func dropHopByHop(h http.Header) {
	for _, name := range tokens(h.Values("Connection")) {
		h.Del(name)
	}
	for _, name := range []string{"Connection", "Keep-Alive", "Transfer-Encoding", "Expect", "Proxy", "Proxy-Connection", "Host"} {
		h.Del(name)
	}
}

// tokens returns the elements of a comma-separated list, in lower case.
func tokens(values []string) []string {
	var out []string
	for _, v := range values {
		for _, t := range strings.Split(v, ",") {
			if t = strings.ToLower(strings.TrimSpace(t)); t != "" {
				out = append(out, t)
			}
		}
	}
	return out
}
