package render

import (
	"iter"
	"slices"
	"strings"
)

// hostSet answers whether a hostname has requests in common with any of a set.
type hostSet struct {
	has map[string]bool
	// under are the domains that the hostnames are in, see [domains].
	under map[string]bool
}

func (s *hostSet) add(h string) {
	if s.has == nil {
		s.has, s.under = map[string]bool{}, map[string]bool{}
	}
	s.has[h] = true
	for d := range domains(h) {
		s.under[d] = true
	}
}

func (s *hostSet) overlaps(h string) bool {
	if len(s.has) == 0 {
		return false
	}
	if h == "" || s.has[""] || s.has[h] || s.narrower(h) {
		return true
	}
	for d := range domains(h) {
		if s.has["*"+d] {
			return true
		}
	}
	return false
}

// narrower reports whether any of the set is within a wildcard.
func (s *hostSet) narrower(h string) bool { return s.under[strings.TrimPrefix(h, "*")] }

// wildcardsOver returns the wildcard hostnames that cover h.
func wildcardsOver(h string) []string {
	out := slices.Collect(domains(h))
	for i, d := range out {
		out[i] = "*" + d
	}
	return out
}

// domains iterates over the domains that a hostname is in, the innermost first, with the dot before them.
func domains(h string) iter.Seq[string] {
	return func(yield func(string) bool) {
		h = strings.TrimPrefix(h, "*.")
		for i, c := range []byte(h) {
			if c == '.' && !yield(h[i:]) {
				return
			}
		}
	}
}
