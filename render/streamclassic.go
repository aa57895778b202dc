package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// classicStreams renders the streams of flavor traditional_compatible.
//
// Its routes with server names come before those with ports only, and let through what is no TLS. So where there are any, the others name
// all clients as their sources, which puts them first.
func (t *translator) classicStreams(all []*stream) {
	var names []string
	for _, s := range all {
		if s.isTLS() {
			names = append(names, s.hostname)
		}
	}
	seen, warned := map[string]bool{}, map[*rule]bool{}
	for _, group := range classicGroups(all) {
		s, name := group[0], group[0].classicName()
		if seen[name] {
			name = s.name()
		}
		seen[name] = true
		fields := map[string]any{"protocols": []string{s.protocol}}
		if !s.isTLS() {
			fields["destinations"] = destinations(s.ports, 0)
			if len(names) > 0 {
				fields["sources"] = networks(0)
			}
			t.streamRoute(s.rule, name, fields)
			continue
		}
		snis, level, ports := []string{}, 0, []int32(nil)
		for _, s := range group {
			snis = append(snis, s.hostname)
			level = max(level, depth(s.hostname, names))
			if s.separate {
				ports = s.ports
			}
		}
		if level > maxLevel {
			t.report(unsupported(s.rule.bound.Object, "spec.hostnames", fmt.Sprintf(
				"router flavor traditional_compatible cannot order server names within more than %d wildcards", maxLevel)))
			continue
		}
		fields["snis"] = snis
		if list := destinations(ports, level); list != nil {
			fields["destinations"] = list
		}
		t.streamRoute(s.rule, name, fields)
		if !warned[s.rule] {
			warned[s.rule] = true
			t.warnOfPlainStreams(s.rule)
		}
	}
}

// classicGroups returns the streams that one route can say: the exact hostnames of a rule that are on the same ports, and each other one by
// itself. The first of a rule comes first, and has the name that the Ingress Controller gives to the whole rule.
func classicGroups(all []*stream) [][]*stream {
	type key struct {
		rule            *rule
		protocol, ports string
	}
	var out [][]*stream
	place := map[key]int{}
	for _, s := range all {
		k := key{s.rule, s.protocol, ""}
		if s.separate {
			k.ports = fmt.Sprint(s.ports)
		}
		at, known := place[k]
		if wildcard := strings.HasPrefix(s.hostname, "*"); known && !wildcard {
			out[at] = append(out[at], s)
			continue
		} else if !wildcard {
			place[k] = len(out)
		}
		out = append(out, []*stream{s})
	}
	return out
}

// maxLevel is how many wildcards a server name can be within, for Kong to ask the most specific one first.
const maxLevel = 3

// depth returns how many of the names are wildcards over a hostname.
func depth(hostname string, names []string) int {
	n := 0
	for _, w := range wildcardsOver(hostname) {
		if w != hostname && slices.Contains(names, w) {
			n++
		}
	}
	return n
}

// destinations returns a route's destinations: some ports, or all for none. Among routes with server names Kong first asks the one with the
// highest sum of what its destinations name: an address counts 8, a port 4, a network 1. So besides what they are about they name
// as much as makes the routes of each level, from 0 to [maxLevel], come before all of those below: what is everywhere, or nowhere.
//
// Source: Kong 3.9.3, kong/router/transform.lua, stream_get_priority.
func destinations(ports []int32, level int) []any {
	var out []any
	network, address := level%2 == 1, level > 1
	for _, p := range ports {
		if network {
			out = append(out, networks(p)...)
		} else {
			out = append(out, map[string]any{"port": int64(p)})
		}
	}
	nowhere := map[string]any{"ip": "0.0.0.0"}
	switch {
	case len(ports) > 0:
		nowhere["port"] = 0
	case level > 0:
		out = networks(0)
		if network {
			out = append(out, map[string]any{"port": 0})
		}
	}
	if address {
		out = append(out, nowhere)
	}
	return out
}

// networks returns all addresses, with a port if it is not 0.
func networks(port int32) []any {
	out := []any{map[string]any{"ip": "0.0.0.0/0"}, map[string]any{"ip": "::/0"}}
	for _, n := range out {
		if port != 0 {
			n.(map[string]any)["port"] = int64(port)
		}
	}
	return out
}

// warnOfPlainStreams says that Kong's routes for server names take what has none, too.
func (t *translator) warnOfPlainStreams(r *rule) {
	f := unsupported(r.bound.Object, "spec.hostnames", "router flavor traditional_compatible also sends it what comes without TLS to ports "+
		"of stream_listen that have no TCPRoute or UDPRoute")
	f.Severity, f.Code = diag.Warning, ServedElsewhere
	f.Hint = "have Kong listen for streams only where a route is, or use a Kong with router_flavor = expressions"
	t.report(f)
}
