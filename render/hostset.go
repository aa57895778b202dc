package render

import (
	"slices"
	"strings"
)

// hostSet answers whether a hostname has requests in common with any of a set.
type hostSet struct {
	has   map[string]bool
	under map[string]bool
}

func (s *hostSet) add(h string) {
	if s.has == nil {
		s.has, s.under = map[string]bool{}, map[string]bool{}
	}
	s.has[h] = true
	for _, w := range wildcardsOver(h) {
		s.under[w] = true
	}
}

func (s *hostSet) overlaps(h string) bool {
	if len(s.has) == 0 {
		return false
	}
	return h == "" || s.has[""] || s.has[h] || s.under[h] || slices.ContainsFunc(wildcardsOver(h), func(w string) bool { return s.has[w] })
}

// wildcardsOver returns the wildcard hostnames that cover h.
func wildcardsOver(h string) []string {
	h = strings.TrimPrefix(h, "*.")
	var out []string
	if h != "" {
		for i := strings.IndexByte(h, '.'); i >= 0; i = nextDot(h, i) {
			out = append(out, "*"+h[i:])
		}
	}
	return out
}

func nextDot(s string, after int) int {
	i := strings.IndexByte(s[after+1:], '.')
	if i < 0 {
		return -1
	}
	return after + 1 + i
}
