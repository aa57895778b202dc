package bind

import (
	"iter"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Intersect returns the hostnames that both a and b stand for, as one hostname, and whether there are any.
//
// A hostname is in lower case, or "" for any host. "*.example.com" stands for every name that ends in ".example.com",
// over any number of labels, but not for "example.com" (GW Hostname). So two hostnames have nothing in common, or one
// of them is within the other, and that one is the intersection (HR Hostnames). The order of a and b does not matter.
func Intersect(a, b string) (string, bool) {
	switch {
	case within(a, b):
		return a, true
	case within(b, a):
		return b, true
	}
	return "", false
}

// within reports whether every host that name stands for is one that pattern stands for.
func within(name, pattern string) bool {
	if pattern == "" || name == pattern {
		return true
	}
	suffix, wild := strings.CutPrefix(pattern, "*")
	return wild && strings.HasPrefix(suffix, ".") && len(name) > len(suffix) && strings.HasSuffix(name, suffix)
}

// intersectAll returns the hosts that a listener's hostname and any of a route's have in common, sorted, without
// repetitions; none means any host. Hostnames of the route that the listener does not cover are left out one by one
// (HR Hostnames); ok reports whether something is left.
func intersectAll(listener string, route []string) (hosts []string, ok bool) {
	if len(route) == 0 {
		if listener == "" {
			return nil, true
		}
		return []string{listener}, true
	}
	for _, h := range route {
		if both, ok := Intersect(listener, h); ok {
			hosts = append(hosts, both)
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts), len(hosts) > 0
}

// hostnames returns a route's hostnames in lower case, as DNS compares them (HR Hostnames), without empty ones.
func hostnames(in []gatewayv1.Hostname) []string {
	out := make([]string, 0, len(in))
	for _, h := range in {
		if h != "" {
			out = append(out, strings.ToLower(string(h)))
		}
	}
	return out
}

// widerHostnames iterates over the hostnames that name is within, other than itself, from the narrowest on: for "*.a.example.com"
// these are "*.example.com", "*.com" and "".
func widerHostnames(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		suffix := strings.TrimPrefix(name, "*.")
		for suffix != "" {
			_, suffix, _ = strings.Cut(suffix, ".")
			if suffix != "" && !yield("*."+suffix) {
				return
			}
		}
		if name != "" {
			yield("")
		}
	}
}
