package render

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// listen is a listener of Kong, as far as it matters here what it is.
type listen struct {
	// port is 0 for any.
	port     int
	ssl, udp bool
}

// String returns the listener as kong.conf has it, on all addresses.
func (l listen) String() string {
	s := "0.0.0.0:PORT"
	if l.port != 0 {
		s = "0.0.0.0:" + strconv.Itoa(l.port)
	}
	if l.ssl {
		s += " ssl"
	}
	if l.udp {
		s += " udp"
	}
	return s
}

// parseListen reads a listener of kong.conf; ok is false for "off" and for what is none.
func parseListen(s string) (l listen, ok bool) {
	words := strings.Fields(s)
	if len(words) == 0 {
		return l, false
	}
	at, err := netip.ParseAddrPort(words[0])
	if err != nil {
		return l, false
	}
	return listen{port: int(at.Port()), ssl: slices.Contains(words, "ssl"), udp: slices.Contains(words, "udp")}, true
}

// hears reports whether there is a listener.
func hears(listeners []string) bool {
	return slices.ContainsFunc(listeners, func(s string) bool { _, ok := parseListen(s); return ok })
}

// unheard returns what the listeners are that do not have the port which the need is about. It is bad if there is none of the kind at
// all. Of a proxy's listeners those with and without TLS count alike: a route may be for both.
func (n *Need) unheard(listeners, portMaps []string, bad diag.Severity) (diag.Severity, string) {
	ports, kind := map[int]bool{}, false
	for _, s := range listeners {
		l, ok := parseListen(s)
		if ok && (n.Setting == "proxy_listen" || l.ssl == n.listen.ssl && l.udp == n.listen.udp) {
			ports[l.port], kind = true, true
		}
	}
	for _, s := range portMaps {
		front, own, _ := strings.Cut(s, ":")
		f, errFront := strconv.Atoi(strings.TrimSpace(front))
		o, errOwn := strconv.Atoi(strings.TrimSpace(own))
		if errFront == nil && errOwn == nil && ports[o] {
			ports[f] = true
		}
	}
	switch {
	case !kind:
		return bad, "which is " + listed(listeners)
	case n.listen.port == 0 || ports[n.listen.port]:
		return diag.Info, ""
	}
	return min(bad, diag.Warning), "which is " + listed(listeners)
}
