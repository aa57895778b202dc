package bind

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIntersect(t *testing.T) {
	tests := []struct {
		a, b, want string
		ok         bool
	}{
		{"", "", "", true},
		{"", "foo.example.com", "foo.example.com", true},
		{"", "*.example.com", "*.example.com", true},
		{"foo.example.com", "foo.example.com", "foo.example.com", true},
		{"foo.example.com", "bar.example.com", "", false},
		{"*.example.com", "*.example.com", "*.example.com", true},
		{"*.example.com", "foo.example.com", "foo.example.com", true},
		{"*.example.com", "foo.bar.example.com", "foo.bar.example.com", true},
		{"*.example.com", "*.bar.example.com", "*.bar.example.com", true},
		{"*.example.com", "example.com", "", false},
		{"*.example.com", "fooexample.com", "", false},
		{"*.example.com", "*.example.net", "", false},
		{"*.com", "*.example.com", "*.example.com", true},
		{"*.foo.com", "a.foo.b.foo.com", "a.foo.b.foo.com", true},
		{"*.foo.example.com", "*.bar.example.com", "", false},
	}
	for _, tt := range tests {
		for _, pair := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
			if got, ok := Intersect(pair[0], pair[1]); got != tt.want || ok != tt.ok {
				t.Errorf("Intersect(%q, %q) = %q, %v, want %q, %v", pair[0], pair[1], got, ok, tt.want, tt.ok)
			}
		}
	}
}

func TestIntersectAll(t *testing.T) {
	tests := []struct {
		name     string
		listener string
		route    []string
		want     []string
		ok       bool
	}{
		{"any and any", "", nil, nil, true},
		{"the listener's", "a.example.com", nil, []string{"a.example.com"}, true},
		{"the route's, sorted", "", []string{"b.example.com", "a.example.com"}, []string{"a.example.com", "b.example.com"}, true},
		{"others are left out", "*.example.com", []string{"a.example.com", "a.example.net", "example.com"}, []string{"a.example.com"}, true},
		{"once each", "a.example.com", []string{"*.example.com", "a.example.com", "*.com"}, []string{"a.example.com"}, true},
		{"nothing", "a.example.com", []string{"b.example.com"}, nil, false},
	}
	for _, tt := range tests {
		got, ok := intersectAll(tt.listener, tt.route)
		if diff := cmp.Diff(tt.want, got); diff != "" || ok != tt.ok {
			t.Errorf("%s: ok %v, want %v; hostnames (-want +got):\n%s", tt.name, ok, tt.ok, diff)
		}
	}
}

// FuzzIntersect holds Intersect to its definition: a host is in the intersection if and only if it is in both.
func FuzzIntersect(f *testing.F) {
	for _, h := range []string{"", "example.com", "*.example.com", "a.example.com", "*.a.example.com", "a.b.example.com", "*.com"} {
		f.Add(h, "*.example.com", "a.example.com")
		f.Add(h, "b.example.com", "a.b.example.com")
	}
	f.Fuzz(func(t *testing.T, a, b, host string) {
		if !hostname(a) || !hostname(b) || !hostname(host) || host == "" || strings.HasPrefix(host, "*") {
			return // not hostnames
		}
		both, ok := Intersect(a, b)
		if other, ok2 := Intersect(b, a); other != both || ok2 != ok {
			t.Errorf("Intersect(%q, %q) = %q, %v, but %q, %v the other way round", a, b, both, ok, other, ok2)
		}
		if want, got := covers(a, host) && covers(b, host), ok && covers(both, host); got != want {
			t.Errorf("%q is in %q and in %q: %v; in their intersection %q (%v): %v", host, a, b, want, both, ok, got)
		}
		if ok && both != a && both != b {
			t.Errorf("Intersect(%q, %q) = %q, which is neither", a, b, both)
		}
	})
}

// hostname reports whether the API server would take s for a hostname, or it is empty.
func hostname(s string) bool {
	if s == "" {
		return true
	}
	for i, label := range strings.Split(s, ".") {
		star := label == "*" && i == 0 && len(s) > 2
		if !star && (label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "") {
			return false
		}
	}
	return true
}

// covers is what the specification says a hostname stands for, label by label.
func covers(pattern, host string) bool {
	if pattern == "" {
		return true
	}
	p, h := strings.Split(pattern, "."), strings.Split(host, ".")
	if p[0] != "*" {
		return slices.Equal(p, h)
	}
	return len(h) >= len(p) && slices.Equal(p[1:], h[len(h)-len(p)+1:])
}
