package route

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// context is what a request offers to expressions.
type context struct {
	request Request
	host    string // without the port
	hasHost bool
	dstPort int64
	path    string // normalised
	query   string // raw
	// authority is the one in the request line, if that has one.
	authority string

	// single are the values of the text fields that have one at most.
	single map[string][]string
	// headerCache and argumentCache are the headers and the query once they were asked for, by name.
	headerCache   map[string][]string
	argumentCache map[string]argument
	segmentCache  []string

	// matched is what the last predicate about http.path that held matched of it.
	matched string
	// captures are those of the regexes that held, by number ("0" is the whole match) and name.
	captures map[string]string
}

// newContext returns what a request offers to a subsystem that asks for tls.sni, or does not.
func newContext(r Request, asksSNI bool) *context {
	r.SrcIP, r.DstIP = r.SrcIP.Unmap(), r.DstIP.Unmap()
	c := &context{dstPort: int64(r.port())}
	if isStreamProtocol(r.Protocol) {
		c.request = r
		c.single = streamFields(r, asksSNI)
		return c
	}
	c.authority, r.Target = cutAuthority(r.Target)
	c.request, c.hasHost = r, r.Host != ""
	path, query := cutQuery(r.Target)
	c.path, c.query = NormalizePath(path), query
	host, port, ok := splitHost(r.Host)
	if c.host = host; ok {
		c.dstPort = port
	}
	c.single = map[string][]string{
		"http.method": {r.Method}, "http.path": {c.path}, "http.host": present(c.host, c.hasHost),
		"net.protocol": {r.protocol()}, "tls.sni": present(r.SNI, r.SNI != ""),
	}
	return c
}

// streamFields returns the text fields of a stream. On a port for TLS, a handshake without a server name has an empty one. Kong takes
// a stream for TLS if it has looked for a server name, which it does only if a route asks, and found one.
//
// Source: Kong 3.9.3, kong/router/atc.lua, exec of streams; kong/router/fields.lua; nginx, ngx_stream_ssl_preread_module.c.
func streamFields(r Request, asksSNI bool) map[string][]string {
	isTLS := r.Protocol == "tls" || r.Protocol == "tls_passthrough"
	out := map[string][]string{"tls.sni": present(r.SNI, isTLS), "net.protocol": {"tcp"}}
	switch {
	case r.Protocol == "udp":
		out["net.protocol"] = []string{"udp"}
	case isTLS && asksSNI:
		out["net.protocol"] = []string{"tls"}
	}
	return out
}

// cutQuery splits a request target at its question mark. One at the very start is no such, as Kong has it.
func cutQuery(target string) (path, query string) {
	if target == "" {
		return "", ""
	}
	i := strings.IndexByte(target[1:], '?') + 1
	if i == 0 {
		return target, ""
	}
	return target[:i], target[i+1:]
}

// texts returns the values of a text field, none if the request lacks it. Repeated ones are in order: Kong sorts them for its cache
// before it matches.
//
// Source: Kong 3.9.3, kong/router/fields.lua.
func (c *context) texts(name string) []string {
	if values, ok := c.single[name]; ok {
		return values
	}
	switch i := strings.LastIndexByte(name, '.') + 1; name[:i] {
	case headerPrefix:
		return c.headers(name[i:])
	case queryPrefix:
		return c.argument(name[i:]).values
	case segmentPrefix:
		return c.segment(name[i:])
	}
	return nil
}

func present(s string, ok bool) []string {
	if !ok {
		return nil
	}
	return []string{s}
}

// headers returns the values of a header among those that the router sees. "_" in the name finds "-" too, but a header that
// was sent with "_" goes first.
func (c *context) headers(name string) []string {
	if c.headerCache == nil {
		c.headerCache = c.request.headers()
	}
	name = strings.ToLower(name)
	if values, ok := c.headerCache[name]; ok {
		return values
	}
	return c.headerCache[strings.ReplaceAll(name, "_", "-")]
}

// argument returns a query parameter among those that the router sees.
func (c *context) argument(name string) argument {
	if c.argumentCache == nil {
		c.argumentCache = arguments(c.query)
	}
	return c.argumentCache[name]
}

// segments returns the path's segments. A slash at the end begins none.
func (c *context) segments() []string {
	if c.segmentCache == nil {
		path := strings.TrimSuffix(strings.TrimPrefix(c.path, "/"), "/")
		c.segmentCache = []string{}
		if path != "" {
			c.segmentCache = strings.Split(path, "/")
		}
	}
	return c.segmentCache
}

// segment returns the segments that a name like 0 or 0_2 means, counted from 0, both ends included.
func (c *context) segment(name string) []string {
	all := c.segments()
	low, high, isRange := strings.Cut(name, "_")
	from, ok := luaInteger(low)
	if !ok || from >= int64(len(all)) {
		return nil
	}
	if !isRange {
		return all[from : from+1]
	}
	to, ok := luaInteger(high)
	if !ok || to <= from || to >= int64(len(all)) {
		return nil
	}
	return []string{strings.Join(all[from:to+1], "/")}
}

// number returns the value of a numeric field.
func (c *context) number(name string) (int64, bool) {
	switch name {
	case "net.dst.port":
		return c.dstPort, c.dstPort != 0 || c.hasHost
	case "net.src.port":
		return int64(c.request.SrcPort), c.request.SrcPort != 0
	case "http.path.segments.len":
		return int64(len(c.segments())), true
	}
	return 0, false
}

// addr returns the value of an address field.
func (c *context) addr(name string) (netip.Addr, bool) {
	a := c.request.SrcIP
	if name == "net.dst.ip" {
		a = c.request.DstIP
	}
	return a, a.IsValid()
}

// lowerText returns s in lower case, as Rust's to_lowercase has it.
func lowerText(s string) string {
	if !strings.ContainsAny(s, "İΣ") {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == 'İ':
			b.WriteString("i̇")
		case r == 'Σ' && isFinalSigma(s[:i], s[i+utf8.RuneLen(r):]):
			b.WriteRune('ς')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// isFinalSigma reports whether a sigma between the two ends a word: a cased letter comes before it and none after it.
func isFinalSigma(before, after string) bool {
	ignorable := func(r rune) bool {
		return strings.ContainsRune("'’.:·", r) || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
	}
	cased := func(r rune) bool { return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r) }
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRightFunc(before, ignorable))
	first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(after, ignorable))
	return cased(last) && !cased(first)
}
