package route

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// part is a part of the expression that Kong makes of a classic route.
type part struct {
	field string // of the route: "hosts", "headers.x-version"
	text  string
}

// classicText returns the expression that Kong makes of a route without one, as Kong writes it, so that errors about it read the
// same. Kong writes headers in no particular order; here they are sorted.
func classicText(r kong.Entity) string {
	parts := classicParts(r)
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = p.text
	}
	return strings.Join(texts, " && ")
}

// classicParts returns the parts of that expression, in Kong's order.
//
// Source: Kong 3.9.3, kong/router/transform.lua, get_expression.
func classicParts(r kong.Entity) []part {
	stream := isStream(r)
	parts := []part{
		{"snis", sniText(r.Strings("snis"), stream)},
		{"sources", netText("net.src.ip", "net.src.port", r, "sources")},
		{"destinations", netText("net.dst.ip", "net.dst.port", r, "destinations")},
	}
	if !stream {
		parts = append(parts,
			part{"methods", group(r.Strings("methods"), func(s string) string { return "http.method == " + rawQuote(s) })},
			part{"hosts", group(r.Strings("hosts"), hostText)},
			part{"paths", group(r.Strings("paths"), pathText)})
		headers := headerValues(r)
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			parts = append(parts, part{"headers." + name, headerText(name, headers[name])})
		}
	}
	return slices.DeleteFunc(parts, func(p part) bool { return p.text == "" })
}

// headerText matches any of a header's values, all in lower case, regexes too.
func headerText(name string, values []string) string {
	field := "any(lower(" + headerPrefix + strings.ToLower(strings.ReplaceAll(name, "-", "_")) + "))"
	return group(values, func(s string) string {
		if re, ok := strings.CutPrefix(s, "~*"); ok {
			return field + " ~ " + rawQuote(lowerASCII(re))
		}
		return field + " == " + rawQuote(lowerASCII(s))
	})
}

// group returns the alternatives in parentheses, or "" if there are none.
func group(values []string, text func(string) string) string {
	if len(values) == 0 {
		return ""
	}
	parts := make([]string, len(values))
	for i, s := range values {
		parts[i] = text(s)
	}
	return "(" + strings.Join(parts, " || ") + ")"
}

// rawQuote returns s as a raw string literal, or as an ordinary one where that cannot be.
func rawQuote(s string) string {
	if !strings.Contains(s, `"#`) {
		return `r#"` + s + `"#`
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// sniText matches the server name of TLS; what is no TLS passes. Names may begin or end in a wildcard.
func sniText(snis []string, stream bool) string {
	names := group(snis, func(s string) string {
		if prefix, ok := strings.CutSuffix(s, "*"); ok && !strings.HasPrefix(s, "*") {
			return "tls.sni ^= " + rawQuote(prefix)
		}
		if len(s) > 1 {
			s = strings.TrimSuffix(s, ".")
		}
		if suffix, ok := strings.CutPrefix(s, "*"); ok {
			return "tls.sni =^ " + rawQuote(suffix)
		}
		return "tls.sni == " + rawQuote(s)
	})
	switch {
	case names == "":
		return ""
	case stream:
		return `(net.protocol != r#"tls"# || ` + names + ")"
	}
	return `(net.protocol != r#"https"# || ` + names + ")"
}

// hostText matches a host, which may begin or end in a wildcard and have a port.
func hostText(s string) string {
	host, port, hasPort := splitHost(s)
	text := "http.host == " + `r#"` + host + `"#`
	if suffix, ok := strings.CutPrefix(host, "*"); ok {
		text = "http.host =^ " + `r#"` + suffix + `"#`
	} else if prefix, ok := strings.CutSuffix(host, "*"); ok {
		text = "http.host ^= " + `r#"` + prefix + `"#`
	}
	if hasPort {
		text = "(" + text + " && net.dst.port == " + strconv.FormatInt(port, 10) + ")"
	}
	return text
}

// pathText matches a prefix, or a regex that starts with "~" and is anchored at the start.
func pathText(s string) string {
	if re, ok := strings.CutPrefix(s, "~"); ok {
		return "http.path ~ " + rawQuote("^"+strings.ReplaceAll(re, "?<", "?P<"))
	}
	return "http.path ^= " + rawQuote(s)
}

// address is an element of a route's sources or destinations. An empty ip is none.
type address struct {
	ip      string
	port    int64
	hasPort bool
}

func addresses(r kong.Entity, field string) []address {
	v, _ := r.Field(field)
	list, _ := v.([]any)
	var out []address
	for _, e := range list {
		m, _ := e.(map[string]kong.Value)
		var a address
		a.ip, _ = m["ip"].(string)
		a.port, a.hasPort = m["port"].(int64)
		out = append(out, a)
	}
	return out
}

// netText matches any of the addresses and ports that the route's field lists.
func netText(ipField, portField string, r kong.Entity, field string) string {
	var parts []string
	for _, a := range addresses(r, field) {
		port := portField + " == " + strconv.FormatInt(a.port, 10)
		switch {
		case a.ip != "" && a.hasPort:
			parts = append(parts, "("+addrPredicate(ipField, a.ip)+" && "+port+")")
		case a.ip != "":
			parts = append(parts, addrPredicate(ipField, a.ip))
		case a.hasPort:
			parts = append(parts, port)
		}
	}
	return group(parts, func(s string) string { return s })
}

// addrPredicate matches an address or a network, whose host bits Kong clears in IPv4 only.
func addrPredicate(field, ip string) string {
	_, _, isNetwork := strings.Cut(ip, "/")
	if !isNetwork {
		return field + " == " + ip
	}
	if network, err := netip.ParsePrefix(ip); err == nil && network.Addr().Is4() {
		ip = network.Masked().String()
	}
	return field + " in " + ip
}

// headerValues returns a route's headers.
func headerValues(r kong.Entity) map[string][]string {
	v, _ := r.Field("headers")
	m, _ := v.(map[string]kong.Value)
	out := make(map[string][]string, len(m))
	for name, v := range m {
		list, _ := v.([]any)
		for _, e := range list {
			if s, ok := e.(string); ok {
				out[name] = append(out[name], s)
			}
		}
	}
	return out
}

// lowerASCII is Lua's string.lower.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r | 0x20
		}
		return r
	}, s)
}

// isStream reports whether the route is for streams rather than HTTP. A route is never for both.
func isStream(r kong.Entity) bool {
	return slices.ContainsFunc(r.Strings("protocols"), isStreamProtocol)
}

// isStreamProtocol reports whether a protocol of routes or services is one of streams.
//
// Source: Kong 3.9.3, kong/constants.lua, PROTOCOLS_WITH_SUBSYSTEM.
func isStreamProtocol(s string) bool {
	return s == "tcp" || s == "udp" || s == "tls" || s == "tls_passthrough"
}

// isHTTP reports whether a protocol of routes is HTTP or runs over it.
func isHTTP(protocol string) bool {
	return protocol == "http" || protocol == "https" || protocol == "grpc" || protocol == "grpcs"
}

// isRegexPath reports whether the path of a classic route is a regex.
func isRegexPath(s string) bool { return strings.HasPrefix(s, "~") }
