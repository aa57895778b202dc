package proxy

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gwsync/gwsync/render/route"
)

// exchange is one request on its way through Kong. It belongs to one goroutine.
type exchange struct {
	// asksClient and resumesNothing are what code for the handshake asks for.
	asksClient, resumesNothing bool

	in      *http.Request
	table   *table
	options *Options
	// backends are the connections to backends, nil where the echo answers for all.
	backends *connections
	// control is of the client's connection, nil if there is none.
	control *http.ResponseController
	id      string // X-Kong-Request-Id
	start   time.Time

	scheme string // "http" or "https"
	host   string // the host without port, in lower case: nginx's $host
	target string // the raw request target in origin form: path and query
	sender netip.AddrPort
	at     netip.AddrPort    // the listener
	fronts map[uint16]uint16 // the ports in front of listeners, by theirs

	match   route.Match
	filters []plugin // what runs on the answer, in order
	trace   *Trace   // what to note, nil for nothing
	cookie  string   // that the answer is to set for hashing

	// out is what the backend is to be asked. Plugins change it.
	out outgoing

	read    bool // whether body and bodyErr are set
	body    []byte
	bodyErr error

	pluginState
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

// port returns the port that the client connected to: Kong's ngx.ctx.host_port.
func (x *exchange) port() uint16 {
	if front, ok := x.fronts[x.at.Port()]; ok {
		return front
	}
	return x.at.Port()
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

// readBody returns the request's body. It is read once, whole. Its errors are *bodyError. With that of a body that is too large
// comes what was read of it.
func (x *exchange) readBody() ([]byte, error) {
	if x.read {
		return x.body, x.bodyErr
	}
	x.read = true
	tooLarge := &bodyError{&http.MaxBytesError{Limit: maxBody}}
	if x.in.ContentLength > maxBody {
		x.bodyErr = tooLarge
		return nil, x.bodyErr
	}
	var err error
	if x.body, err = io.ReadAll(io.LimitReader(x.in.Body, maxBody+1)); err != nil {
		x.bodyErr = &bodyError{err}
	} else if len(x.body) > maxBody {
		x.bodyErr = tooLarge
	}
	return x.body, x.bodyErr
}

// bodyError is a failure to read the request's body.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return "read the request's body: " + e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }
