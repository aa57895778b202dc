package route

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// address takes an IP address or a network.
func (p *parser) address(v *value) bool {
	return p.try(ruleIPv4CIDRLiteral, func() bool { return p.span(v, networkValue(32), p.ipv4, p.slash(2)) }) ||
		p.try(ruleIPv6CIDRLiteral, func() bool { return p.span(v, networkValue(128), p.ipv6, p.slash(3)) }) ||
		p.try(ruleIPv4Literal, func() bool { return p.span(v, addrValue, p.ipv4) }) ||
		p.try(ruleIPv6Literal, func() bool { return p.span(v, addrValue, p.ipv6) })
}

// span takes the parts and lets read say what value their text has. read returns Kong's message for a text that has none.
func (p *parser) span(v *value, read func(string) (value, string), parts ...func() bool) bool {
	start := p.pos
	for _, part := range parts {
		if !part() {
			return false
		}
	}
	out, message := read(p.in[start:p.pos])
	if message != "" {
		p.note(start, message)
	}
	*v = out
	return true
}

func (p *parser) slash(max int) func() bool {
	return func() bool { return p.literal("/") && p.run(decDigits, max) }
}

func (p *parser) ipv4() bool {
	for i := range 4 {
		if i > 0 && !p.literal(".") || !p.run(decDigits, 3) {
			return false
		}
	}
	return true
}

func (p *parser) ipv6() bool {
	if !p.literal(":") && !p.run(hexDigits, 4) || !p.literal(":") {
		return false
	}
	for p.run(hexDigits, 4) || p.literal(":") {
	}
	return true
}

func addrValue(s string) (value, string) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return value{kind: addrKind}, "invalid " + family(s) + " address syntax"
	}
	return value{kind: addrKind, addr: a}, ""
}

// networkValue returns a reader of networks in a family whose addresses have so many bits.
func networkValue(bits int) func(string) (value, string) {
	return func(s string) (value, string) {
		none := value{kind: networkKind}
		text, length, _ := strings.Cut(s, "/")
		a, err := netip.ParseAddr(text)
		if err != nil {
			return none, "couldn't parse address in network: invalid " + family(text) + " address syntax"
		}
		n, err := strconv.Atoi(length)
		if err != nil || n > 255 {
			return none, "couldn't parse length in network: number too large to fit in target type"
		}
		if n > bits {
			name := strings.Replace(family(text), "IP", "Ip", 1)
			return none, fmt.Sprintf("invalid length for network: Network length %d is too long for %s (maximum: %d)", n, name, bits)
		}
		network := netip.PrefixFrom(a, n)
		if network.Masked() != network {
			return none, "host part of address was not zero"
		}
		return value{kind: networkKind, network: network}, ""
	}
}

func family(addr string) string {
	if strings.Contains(addr, ":") {
		return "IPv6"
	}
	return "IPv4"
}
