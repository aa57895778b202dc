package schema

import (
	"errors"
	"net/netip"
	"strings"

	"github.com/gwsync/gwsync/render/route"
)

func hostName(s string) string {
	a, err := route.ParseAddress(s)
	switch {
	case err != nil && !errors.Is(err, route.ErrPort):
		return "invalid value: " + s
	case err != nil || a.Port >= 0:
		return "must not have a port"
	}
	return ""
}

func hostPort(s string) string {
	if _, err := route.ParseAddress(s); err != nil {
		return err.Error()
	}
	return ""
}

func sniName(s string) string {
	a, err := route.ParseAddress(s)
	if err == nil && !a.Name {
		return "must not be an IP"
	}
	return hostName(s)
}

func upstreamName(s string) string {
	a, err := route.ParseAddress(s)
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
	_, err := route.ParseAddress(s)
	return unless(err == nil, "Invalid target ('"+s+"'); not a valid hostname or ip address")
}

func ipOrCIDR(s string) string {
	_, err := netip.ParseAddr(s)
	if strings.Contains(s, "/") {
		_, err = netip.ParsePrefix(s)
	}
	return unless(err == nil && !strings.Contains(s, "%"), "invalid ip or cidr range: '"+s+"'")
}
