package proxy

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gwsync/gwsync/render/route"
)

// exchange is one request on its way through Kong. It belongs to one goroutine.
type exchange struct {
	in      *http.Request
	table   *table
	options *Options
	id      string // X-Kong-Request-Id
	start   time.Time

	scheme string // "http" or "https"
	host   string // the host without port, in lower case: nginx's $host
	target string // the raw request target in origin form: path and query
	sender netip.AddrPort
	at     netip.AddrPort // the listener

	match    route.Match
	consumer string   // the id of the consumer that a plugin identified; "" for none
	filters  []plugin // what runs on the answer, in order

	// out is what the backend is to be asked. Plugins change it.
	out outgoing

	read    bool // whether body and bodyErr are set
	body    []byte
	bodyErr error
}

// outgoing is a request for a backend.
type outgoing struct {
	method string
	path   string // escaped
	query  string // without "?"
	// emptyQuery keeps the "?" of a query that is empty.
	emptyQuery bool
	host       string // the Host header if the route or a plugin sets it; "" leaves it to the balancer
	header     http.Header
	body       []byte
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

func newExchange(r *http.Request, t *table, o *Options) *exchange {
	x := &exchange{in: r, table: t, options: o, id: newRequestID(), start: time.Now(), scheme: "http", filters: t.plugins.global()}
	if r.TLS != nil {
		x.scheme = "https"
	}
	x.sender, _ = netip.ParseAddrPort(r.RemoteAddr)
	x.at = netip.AddrPortFrom(netip.IPv4Unspecified(), 8000)
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if at, err := netip.ParseAddrPort(a.String()); err == nil {
			x.at = at
		}
	}
	return x
}

// newRequestID returns 16 random bytes as Kong writes them: hexadecimal, without dashes.
func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// admit reads what nginx reads first. It returns the answer to requests that nginx refuses, else nil.
func (x *exchange) admit() *response {
	r := x.in
	var ok bool
	if x.target, ok = originForm(r.RequestURI); !ok || !validMethod(r.Method) {
		return x.errorPage(http.StatusBadRequest)
	}
	switch x.host, ok = hostOf(r.Host); {
	case r.Host == "" && !r.ProtoAtLeast(1, 1):
		x.host = "kong" // nginx's server_name
	case !ok:
		return x.errorPage(http.StatusBadRequest)
	}
	if r.Method == http.MethodTrace || r.Method == http.MethodConnect {
		return x.errorPage(http.StatusMethodNotAllowed)
	}
	for name, values := range r.Header {
		if !validHeader(name) {
			delete(r.Header, name) // nginx ignores them
		}
		for _, v := range values {
			if len(name)+len(": ")+len(v)+len("\r\n") > maxHeaderLine {
				return x.errorPage(494)
			}
		}
	}
	return nil
}

// maxHeaderLine is how long a header line may be, in bytes: one of nginx's large_client_header_buffers.
const maxHeaderLine = 8192

// originForm returns the path and query of a raw request target, which may also be an absolute URL of any scheme.
func originForm(target string) (string, bool) {
	if strings.HasPrefix(target, "/") {
		return target, true
	}
	_, rest, ok := strings.Cut(target, "://")
	if !ok || rest == "" {
		return "", false
	}
	switch i := strings.IndexAny(rest, "/?"); {
	case i == 0:
		return "", false
	case i < 0:
		return "/", true
	case rest[i] == '?':
		return "/" + rest[i:], true
	default:
		return rest[i:], true
	}
}

func validMethod(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == ""
}

func validHeader(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// hostOf returns the host that a Host header names, without port and trailing dot, in lower case, and whether nginx accepts it.
//
// Source: nginx 1.25.3, src/http/ngx_http_request.c, ngx_http_validate_host.
func hostOf(header string) (string, bool) {
	end, literal, rest := len(header), false, false
	for i := range len(header) {
		switch c := header[i]; {
		case c == '.':
			if i > 0 && header[i-1] == '.' {
				return "", false
			}
		case c == ':' && !literal && !rest:
			end, rest = i, true
		case c == '[' && i == 0:
			literal = true
		case c == ']' && literal:
			end, literal, rest = i+1, false, true
		case c == '/' || c <= ' ' || c == 0x7f:
			return "", false
		}
	}
	host := strings.TrimSuffix(header[:end], ".")
	return asciiLower(host), host != ""
}

// asciiLower is strings.ToLower for ASCII alone; other bytes need not be UTF-8.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// path and query return the parts of the target as the client sent them.
func (x *exchange) path() string {
	path, _, _ := strings.Cut(x.target, "?")
	return path
}

func (x *exchange) query() string {
	_, query, _ := strings.Cut(x.target, "?")
	query, _, _ = strings.Cut(query, "#")
	return query
}

// prefix returns the part of the path that the route matched, "" if that is no more than the slash.
func (x *exchange) prefix() string {
	if x.match.Prefix == "/" {
		return ""
	}
	return x.match.Prefix
}

// readBody returns the request's body. It is read once, whole.
func (x *exchange) readBody() ([]byte, error) {
	if !x.read {
		x.read = true
		x.body, x.bodyErr = io.ReadAll(http.MaxBytesReader(nil, x.in.Body, maxBody))
	}
	return x.body, x.bodyErr
}

// bodyFailed is the answer to a request whose body could not be read.
func (x *exchange) bodyFailed(err error) *response {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return x.errorPage(http.StatusRequestEntityTooLarge)
	}
	return x.errorPage(http.StatusBadRequest)
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

// escapePath escapes what may not stand in a request target. Escapes that are there already stay, and so do ? and #.
//
// Source: Kong 3.9.3, kong/tools/uri.lua, escape.
func escapePath(path string) string {
	const plain = "!#$&'()*+,/:;=?@[]-_.~%"
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if isAlphanumeric(c) || strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			writeEscaped(&b, c)
		}
	}
	return b.String()
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
	h, in := x.out.header, x.in.Header
	dropHopByHop(h)
	te := tokens(h.Values("Te"))
	forwarded := append(slices.Clip(in.Values("X-Forwarded-For")), x.sender.Addr().Unmap().String())
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
	set("Via", strings.Join(append(slices.Clip(in.Values("Via")), x.receivedBy()), ", "))
	set("Upgrade", "")
	set("Connection", "keep-alive")
	if x.upgrades() {
		set("Upgrade", "websocket")
		set("Connection", "keep-alive, Upgrade")
	}
	set("X-Forwarded-For", strings.Join(forwarded, ", "))
	set("X-Forwarded-Proto", x.scheme)
	set("X-Forwarded-Host", x.host)
	set("X-Forwarded-Port", strconv.Itoa(int(x.at.Port())))
	set("X-Forwarded-Path", x.path())
	set("X-Forwarded-Prefix", x.prefix())
	set("X-Real-Ip", x.sender.Addr().Unmap().String())
	set("X-Kong-Request-Id", x.id)
	set("Content-Length", "")
	if x.out.sized {
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
