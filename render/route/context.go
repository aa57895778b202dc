package route

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// context is what a request offers to expressions, and what they matched in it.
type context struct {
	request Request
	host    string // without the port
	hasHost bool
	dstPort int64
	path    string // normalised
	query   string // raw
	// authority is the one in the request line, if that has one.
	authority string

	segmentCache []string
	// lists are the values of headers, query parameters and segments that were asked for.
	lists map[string][]string

	// matched is what the last predicate about http.path that held matched of it.
	matched string
	// captures are those of the regexes that held, by number ("0" is the whole match) and name.
	captures map[string]string
}

func newContext(r Request) *context {
	r.SrcIP, r.DstIP = r.SrcIP.Unmap(), r.DstIP.Unmap()
	c := &context{hasHost: r.Host != "", dstPort: int64(r.port()), lists: map[string][]string{}}
	c.authority, r.Target = cutAuthority(r.Target)
	c.request = r
	path, query := cutQuery(r.Target)
	c.path, c.query = NormalizePath(path), query
	host, port, ok := splitHost(r.Host)
	if c.host = host; ok {
		c.dstPort = port
	}
	return c
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

// texts returns the values of a text field, none if the request lacks it.
func (c *context) texts(name string) []string {
	if list, ok := c.lists[name]; ok {
		return list
	}
	list := c.find(name)
	c.lists[name] = list
	return list
}

// find looks the values of a text field up.
//
// Source: Kong 3.9.3, kong/router/fields.lua.
func (c *context) find(name string) []string {
	switch name {
	case "http.method":
		return []string{c.request.Method}
	case "http.path":
		return []string{c.path}
	case "http.host":
		return present(c.host, c.hasHost)
	case "net.protocol":
		return []string{c.request.protocol()}
	case "tls.sni":
		return present(c.request.SNI, c.request.SNI != "")
	}
	if header, ok := strings.CutPrefix(name, headerPrefix); ok {
		return c.headers(header)
	}
	if query, ok := strings.CutPrefix(name, queryPrefix); ok {
		var out []string
		for _, a := range arguments(c.query, query) {
			out = append(out, a.text)
		}
		return out
	}
	if segment, ok := strings.CutPrefix(name, segmentPrefix); ok {
		return c.segment(segment)
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
	name = strings.ToLower(name)
	dashed := strings.ReplaceAll(name, "_", "-")
	if name == "host" {
		return present(c.request.Host, c.hasHost)
	}
	var exact, alike []string
	n := 0
	if c.hasHost {
		n++
	}
	for _, h := range c.request.Header {
		if !isHeaderName(h[0]) {
			continue // nginx drops it
		}
		if n++; n > limit {
			break
		}
		switch {
		case strings.EqualFold(h[0], name):
			exact = append(exact, strings.Trim(h[1], " "))
		case strings.EqualFold(h[0], dashed):
			alike = append(alike, strings.Trim(h[1], " "))
		}
	}
	if exact != nil {
		return exact
	}
	return alike
}

func isHeaderName(s string) bool { return isName(strings.ReplaceAll(s, "-", "_")) }

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
		return c.dstPort, true
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
