package route

import (
	"net/netip"
	"strings"
)

// checkHost returns why Kong refuses a host of a route, or "".
//
// Source: Kong 3.9.3, kong/db/schema/typedefs.lua, hosts, and kong/tools/ip.lua.
func checkHost(s string) string {
	switch wildcards := strings.Count(s, "*"); {
	case wildcards > 1:
		return "invalid wildcard: must have at most one wildcard"
	case wildcards == 1 && !strings.HasPrefix(s, "*.") && !strings.HasSuffix(s, ".*"):
		return "invalid wildcard: must be placed at leftmost or rightmost label"
	}
	_, _, message := hostForm(strings.Replace(s, "*", "abc", 1))
	return message
}

// checkSNI returns why Kong refuses a server name of a route, or "".
func checkSNI(s string) string {
	if i := strings.IndexByte(s, '*'); i >= 0 {
		if i != 0 && i != len(s)-1 {
			return "wildcard must be leftmost or rightmost character"
		}
		if strings.Count(s, "*") > 1 {
			return "only one wildcard must be specified"
		}
		s = strings.Replace(s, "*", "wildcard", 1)
	}
	form, hasPort, message := hostForm(s)
	switch {
	case message == badPort:
		return "must not have a port"
	case message != "":
		return "invalid value: " + s
	case form != nameForm:
		return "must not be an IP"
	case hasPort:
		return "must not have a port"
	}
	return ""
}

const badPort = "invalid port number"

// form is what a host is: a name or an address.
type form uint8

const (
	nameForm form = iota
	ipv4Form
	ipv6Form
)

// hostForm returns what s is, whether it has a port, and why it is no host at all.
func hostForm(s string) (f form, hasPort bool, message string) {
	switch colons := strings.Count(s, ":"); {
	case colons > 1:
		f = ipv6Form
		hasPort, message = checkIPv6(s)
	case strings.Trim(strings.Replace(s, ":", "", 1), decDigits+".") == "" && s != "" && s != ":":
		f = ipv4Form
		hasPort, message = checkIPv4(s)
	default:
		hasPort, message = checkName(s)
	}
	return f, hasPort, message
}

// isPort reports whether s is a port. Kong takes 0, too.
func isPort(s string) bool {
	n, ok := luaInteger(s)
	return ok && n <= 65535
}

func checkIPv4(s string) (hasPort bool, message string) {
	addr, port, hasPort := strings.Cut(s, ":")
	for i, part := range strings.Split(addr, ".") {
		n, ok := luaInteger(part)
		if !ok || len(part) > 3 || n > 255 || i > 3 || strings.Count(addr, ".") != 3 {
			return hasPort, "invalid ipv4 address: " + s
		}
	}
	switch {
	case hasPort && port == "":
		return hasPort, "invalid ipv4 address: " + s
	case hasPort && !isPort(port):
		return hasPort, badPort
	}
	return hasPort, ""
}

func checkIPv6(s string) (hasPort bool, message string) {
	addr := s
	if inner, ok := strings.CutPrefix(s, "["); ok {
		end := strings.LastIndexByte(inner, ']')
		if end < 0 {
			return false, "invalid ipv6 address: " + s
		}
		var port string
		if port, hasPort = strings.CutPrefix(inner[end+1:], ":"); !hasPort && inner[end+1:] != "" {
			return false, "invalid ipv6 address"
		}
		if hasPort && !isPort(port) {
			return true, badPort
		}
		addr = inner[:end]
	}
	if a, err := netip.ParseAddr(addr); err != nil || !a.Is6() || a.Zone() != "" || strings.Contains(addr, ".") {
		return hasPort, "invalid ipv6 address: " + s
	}
	return hasPort, ""
}

func checkName(s string) (hasPort bool, message string) {
	name, bad := s, "invalid hostname: "+s
	if i := strings.LastIndexByte(s, ':'); i >= 0 && i+1 < len(s) && strings.Trim(s[i+1:], decDigits) == "" {
		if !isPort(s[i+1:]) {
			return true, badPort
		}
		name, hasPort = s[:i], true
	}
	labels := strings.Split(name, ".")
	for i, label := range labels {
		for j := range len(label) {
			if c := label[j]; !isAlphanumeric(c) && c != '-' && c != '_' {
				return hasPort, bad
			}
		}
		if strings.HasSuffix(label, "-") || label == "" && (i < len(labels)-1 || i == 0) {
			return hasPort, bad
		}
	}
	return hasPort, ""
}
