package route

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Address is a host name or an IP address, with or without a port, as Kong's fields take it: hosts, SNIs, targets.
type Address struct {
	// Host is a name, an IPv4 address, or an IPv6 address with all its digits and without brackets.
	Host string
	// Port is -1 if there is none. Kong takes 0, too.
	Port int
	// Name says that Host is a name.
	Name bool
}

// ErrPort is the error of [ParseAddress] about an address that is one but for its port.
var ErrPort = errors.New("invalid port number")

// ParseAddress reads an address as Kong does. The error is Kong's message.
//
// Source: Kong 3.9.3, kong/tools/ip.lua, normalize_ip.
func ParseAddress(s string) (Address, error) {
	switch colons := strings.Count(s, ":"); {
	case colons > 1:
		return parseIPv6(s)
	case strings.Trim(s, decDigits+".:") == "" && len(s) > colons:
		return parseIPv4(s)
	}
	return parseName(s)
}

func parseIPv4(s string) (Address, error) {
	host, port, hasPort := strings.Cut(s, ":")
	parts := strings.Split(host, ".")
	bad := len(parts) != 4 || hasPort && port == ""
	for i, part := range parts {
		n, ok := luaInteger(part)
		bad = bad || !ok || len(part) > 3 || n > 255
		parts[i] = strconv.FormatInt(n, 10)
	}
	if bad {
		return Address{}, fmt.Errorf("invalid ipv4 address: %s", s)
	}
	return withPort(Address{Host: strings.Join(parts, ".")}, port, hasPort)
}

func parseIPv6(s string) (Address, error) {
	host, port, hasPort := s, "", false
	if inner, ok := strings.CutPrefix(s, "["); ok {
		end := strings.LastIndexByte(inner, ']')
		if end < 0 {
			return Address{}, fmt.Errorf("invalid ipv6 address: %s", s)
		}
		host = inner[:end]
		if port, hasPort = strings.CutPrefix(inner[end+1:], ":"); !hasPort && port != "" {
			return Address{}, errors.New("invalid ipv6 address")
		}
	}
	a, err := withPort(Address{}, port, hasPort)
	if err != nil {
		return Address{}, err
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.Is6() || ip.Zone() != "" || strings.Contains(host, ".") {
		return Address{}, fmt.Errorf("invalid ipv6 address: %s", s)
	}
	a.Host = ip.StringExpanded()
	return a, nil
}

func parseName(s string) (Address, error) {
	host, port, hasPort := s, "", false
	if i := strings.LastIndexByte(s, ':'); i >= 0 && i+1 < len(s) && strings.Trim(s[i+1:], decDigits) == "" {
		host, port, hasPort = s[:i], s[i+1:], true
	}
	a, err := withPort(Address{Host: host, Name: true}, port, hasPort)
	if err != nil {
		return Address{}, err
	}
	labels := strings.Split(host, ".")
	for i, label := range labels {
		for j := range len(label) {
			if c := label[j]; !isAlphanumeric(c) && c != '-' && c != '_' {
				return Address{}, fmt.Errorf("invalid hostname: %s", s)
			}
		}
		if strings.HasSuffix(label, "-") || label == "" && (i == 0 || i < len(labels)-1) {
			return Address{}, fmt.Errorf("invalid hostname: %s", s)
		}
	}
	return a, nil
}

// withPort returns the address with the port that is written behind it, if any.
func withPort(a Address, port string, hasPort bool) (Address, error) {
	if !hasPort {
		a.Port = -1
		return a, nil
	}
	n, ok := luaInteger(port)
	if !ok || n > 65535 {
		return Address{}, ErrPort
	}
	a.Port = int(n)
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
