package schema

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Address is a host name or an IP address, with or without a port.
type Address struct {
	// Host is a name, an IPv4 address, or an IPv6 address with all its digits and without brackets.
	Host string
	// Port is -1 if there is none.
	Port int
	// Name says that Host is a name.
	Name bool
}

const badPort = "invalid port number"

// ParseAddress reads an address as Kong does. The error is Kong's message.
//
// Source: kong/tools/ip.lua, normalize_ip.
func ParseAddress(s string) (Address, error) {
	switch {
	case strings.Count(s, ":") > 1:
		return parseIPv6(s)
	case s != "" && strings.Trim(strings.ReplaceAll(s, ":", ""), "0123456789.") == "":
		return parseIPv4(s)
	}
	return parseName(s)
}

func parseIPv4(s string) (Address, error) {
	host, port, hasPort := strings.Cut(s, ":")
	parts := strings.Split(host, ".")
	invalid := fmt.Errorf("invalid ipv4 address: %s", s)
	if len(parts) != 4 || hasPort && port == "" {
		return Address{}, invalid
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n > 255 || len(p) > 3 {
			return Address{}, invalid
		}
		parts[i] = strconv.Itoa(n)
	}
	return withPort(Address{Host: strings.Join(parts, ".")}, port)
}

func parseIPv6(s string) (Address, error) {
	host, port := s, ""
	if strings.HasPrefix(s, "[") {
		inner, rest, ok := strings.Cut(s[1:], "]")
		if !ok || rest != "" && !strings.HasPrefix(rest, ":") {
			return Address{}, fmt.Errorf("invalid ipv6 address")
		}
		host, port = inner, strings.TrimPrefix(rest, ":")
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.Is6() || ip.Zone() != "" || strings.Contains(host, ".") {
		return Address{}, fmt.Errorf("invalid ipv6 address: %s", s)
	}
	return withPort(Address{Host: ip.StringExpanded()}, port)
}

func parseName(s string) (Address, error) {
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && i+1 < len(s) && strings.Trim(s[i+1:], "0123456789") == "" {
		host, port = s[:i], s[i+1:]
	}
	a, err := withPort(Address{Host: host, Name: true}, port)
	if err != nil {
		return Address{}, err
	}
	invalid := fmt.Errorf("invalid hostname: %s", s)
	for i := range len(host) {
		if c := host[i]; !alphanumeric(c) && c != '-' && c != '.' && c != '_' {
			return Address{}, invalid
		}
	}
	labels := strings.Split(host, ".")
	for i, l := range labels {
		if strings.HasSuffix(l, "-") || l == "" && i != len(labels)-1 {
			return Address{}, invalid
		}
	}
	if host == "" {
		return Address{}, invalid
	}
	return a, nil
}

func withPort(a Address, port string) (Address, error) {
	a.Port = -1
	if port == "" {
		return a, nil
	}
	n, err := strconv.Atoi(port)
	if err != nil || n > 65535 || n < 0 {
		return Address{}, errors.New(badPort)
	}
	a.Port = n
	return a, nil
}

// String returns the address with its port, IPv6 in brackets.
func (a Address) String() string {
	host := a.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if a.Port < 0 {
		return host
	}
	return host + ":" + strconv.Itoa(a.Port)
}

func hostName(s string) string {
	a, err := ParseAddress(s)
	switch {
	case err != nil && err.Error() != badPort:
		return "invalid value: " + s
	case err != nil || a.Port >= 0:
		return "must not have a port"
	}
	return ""
}

func hostPort(s string) string {
	if _, err := ParseAddress(s); err != nil {
		return err.Error()
	}
	return ""
}

func sniName(s string) string {
	a, err := ParseAddress(s)
	if err == nil && !a.Name {
		return "must not be an IP"
	}
	return hostName(s)
}

func wildcardHost(s string) string {
	if i := strings.IndexByte(s, '*'); i >= 0 {
		if i != 0 && i != len(s)-1 {
			return "wildcard must be leftmost or rightmost character"
		}
		if strings.Count(s, "*") > 1 {
			return "only one wildcard must be specified"
		}
		s = strings.Replace(s, "*", "wildcard", 1)
	}
	return sniName(s)
}

func upstreamName(s string) string {
	a, err := ParseAddress(s)
	invalid := "Invalid name ('" + s + "'); "
	switch {
	case err != nil:
		return invalid + "must be a valid hostname"
	case !a.Name:
		return invalid + "no ip addresses allowed"
	case a.Port >= 0:
		return invalid + "no port allowed"
	}
	return ""
}

func targetAddress(s string) string {
	_, err := ParseAddress(s)
	return unless(err == nil, "Invalid target ('"+s+"'); not a valid hostname or ip address")
}

func ipOrCIDR(s string) string {
	_, err := netip.ParseAddr(s)
	if strings.Contains(s, "/") {
		_, err = netip.ParsePrefix(s)
	}
	return unless(err == nil && !strings.Contains(s, "%"), "invalid ip or cidr range: '"+s+"'")
}
