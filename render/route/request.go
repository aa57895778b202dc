package route

import (
	"errors"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Request is what the router looks at in a request, or in a stream. Nothing in it is normalised.
//
// Of a stream, only Protocol, SNI and the addresses matter.
type Request struct {
	// Method is the request's method as sent.
	Method string
	// Protocol is "http" or "https": what the client spoke to Kong, whatever it calls over it. It is "tcp", "tls" or "udp" for a
	// stream to a port of Kong's that is for such; what the client sends there does not matter, but for SNI.
	Protocol string
	// Version is "HTTP/1.0", "HTTP/1.1" or "HTTP/2"; "" means HTTP/1.1.
	Version string
	// Host is the Host header or :authority as sent, with its port if it had one; "" is none.
	Host string
	// Target is what the request line asks for: the path and "?" and the query, neither decoded.
	Target string
	// Header are the headers other than Host, name and value, in the order sent. A repeated header is there repeatedly.
	Header [][2]string
	// SNI is the server name of the TLS handshake; "" is none.
	SNI string
	// SrcIP and SrcPort are the client's address.
	SrcIP   netip.Addr
	SrcPort uint16
	// DstIP and DstPort are the address that the client connected to. DstPort 0 stands for 80 or, over TLS, 443, and is unknown for a
	// stream.
	DstIP   netip.Addr
	DstPort uint16
}

// limit is how many headers, and how many query parameters, Kong's router sees of a request (lua_max_req_headers and
// lua_max_uri_args of kong.conf). The Host header is the first.
const limit = 100

// cutAuthority splits a request target of the absolute form (http://example.com/a) into what it says besides the path and
// query, and those. Of other targets, all is path and query.
func cutAuthority(target string) (authority, rest string) {
	scheme, after, ok := strings.Cut(target, "://")
	if !ok || scheme == "" || strings.TrimFunc(scheme, func(r rune) bool { return r < utf8.RuneSelf && isAlpha(byte(r)) }) != "" {
		return "", target
	}
	i := strings.IndexAny(after, "/?#")
	if i < 0 {
		return after, "/"
	}
	if after[i] != '/' {
		return after[:i], "/" + after[i:]
	}
	return after[:i], after[i:]
}

// unescape decodes every escape of s, and reports whether all of them are well formed.
func unescape(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			var ok bool
			if c, ok = hexByte(s[i+1:]); !ok {
				return "", false
			}
			i += 2
		}
		b = append(b, c)
	}
	return string(b), true
}

// hexByte returns the byte that the first two characters of s write in hexadecimal.
func hexByte(s string) (byte, bool) {
	if len(s) < 2 {
		return 0, false
	}
	high, low := strings.IndexByte(lowerHex, s[0]|0x20), strings.IndexByte(lowerHex, s[1]|0x20)
	if s[0] < '0' || s[1] < '0' || high < 0 || low < 0 {
		return 0, false
	}
	return byte(high<<4 | low), true
}

func isHeaderName(s string) bool { return isName(strings.ReplaceAll(s, "-", "_")) }

const lowerHex = "0123456789abcdef"

// protocol returns what net.protocol is: "http" or "https".
func (r Request) protocol() string {
	if r.Protocol == "https" || r.Protocol == "grpcs" {
		return "https"
	}
	return "http"
}

// port returns the port that the client connected to.
func (r Request) port() uint16 {
	switch {
	case r.DstPort != 0:
		return r.DstPort
	case isStreamProtocol(r.Protocol):
		return 0
	case r.protocol() == "https":
		return 443
	}
	return 80
}

// headers returns the values of the headers that the router sees, in order, by the names that nginx gives them.
func (r Request) headers() map[string][]string {
	out := map[string][]string{}
	n := 0
	if r.Host != "" {
		out["host"] = []string{r.Host}
		n++
	}
	for _, h := range r.Header {
		if !isHeaderName(h[0]) {
			continue // nginx drops it
		}
		if n++; n > limit {
			break
		}
		name := strings.ToLower(h[0])
		out[name] = append(out[name], strings.Trim(h[1], " "))
	}
	for _, values := range out {
		slices.Sort(values)
	}
	return out
}

// splitHost returns the host without a port, and the port if there is one that Lua takes for a number.
//
// Source: Kong 3.9.3, kong/router/transform.lua, split_host_port.
func splitHost(s string) (host string, port int64, ok bool) {
	host, after, found := strings.Cut(s, ":")
	if !found {
		return s, 0, false
	}
	port, ok = luaNumber(after)
	if !ok {
		return s, 0, false
	}
	return host, port, true
}

// luaNumber returns the number that LuaJIT's tonumber makes of s, cut to a whole one as its FFI does.
//
// Source: LuaJIT 2.1, src/lj_strscan.c.
func luaNumber(s string) (int64, bool) {
	if n, ok := luaInteger(s); ok {
		return n, true
	}
	s = strings.ToLower(strings.Trim(s, " \t\n\v\f\r"))
	digits := strings.TrimLeft(s, "+-")
	switch {
	case len(s)-len(digits) > 1 || strings.Contains(digits, "_") || strings.HasPrefix(digits, "0o"):
		return 0, false
	case strings.HasPrefix(digits, "0x") && !strings.Contains(digits, "p"):
		s += "p0" // which Go wants
	case strings.HasPrefix(digits, "0b"):
		n, err := strconv.ParseInt(s[:len(s)-len(digits)]+digits[2:], 2, 64)
		return n, err == nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	if !(math.Abs(f) < 1<<63) {
		return math.MinInt64, true // as x86 converts infinities and NaN
	}
	return int64(f), true
}

// luaInteger returns the number that Lua's tonumber makes of s, if it is written in at most 15 decimal digits.
func luaInteger(s string) (int64, bool) {
	if s == "" || len(s) > 15 || strings.Trim(s, decDigits) != "" {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}
