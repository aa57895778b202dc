package proxy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// ipRestriction is Kong's plugin ip-restriction.
//
// Source: Kong 3.9.3, kong/plugins/ip-restriction/handler.lua.
type ipRestriction struct {
	passive
	allow, deny []netip.Prefix
	status      int
	message     string
}

func newIPRestriction(config kong.Value) (plugin, error) {
	c := struct {
		Allow, Deny []string
		Status      int
		Message     string
	}{Status: 403}
	if err := decode(config, &c); err != nil {
		return nil, err
	}
	p := &ipRestriction{status: c.Status, message: c.Message}
	var err error
	if p.allow, err = prefixes(c.Allow); err != nil {
		return nil, fmt.Errorf("allow: %w", err)
	}
	if p.deny, err = prefixes(c.Deny); err != nil {
		return nil, fmt.Errorf("deny: %w", err)
	}
	if p.status < 200 {
		return nil, fmt.Errorf("status %d", p.status)
	}
	return p, nil
}

// prefixes reads addresses and CIDR ranges; bits after a range's mask do not matter.
func prefixes(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		if !strings.Contains(s, "/") {
			a, err := netip.ParseAddr(s)
			if err != nil {
				return nil, err
			}
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, err
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (p *ipRestriction) access(x *exchange) (*response, error) {
	from := x.sender.Addr().Unmap()
	if p.lets(from) {
		return nil, nil
	}
	message := p.message
	if message == "" {
		message = "IP address not allowed: " + from.String()
	}
	return x.fail(p.status, message), nil
}

func (p *ipRestriction) preread(from netip.Addr) error {
	if p.lets(from) {
		return nil
	}
	return fmt.Errorf("IP address not allowed: %s", from)
}

// lets reports whether an address may pass.
func (p *ipRestriction) lets(from netip.Addr) bool {
	in := func(list []netip.Prefix) bool {
		return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(from) })
	}
	return !in(p.deny) && (len(p.allow) == 0 || in(p.allow))
}
