package bind

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gwsync/gwsync/render/manifest"
)

// FuzzSeparateKinds holds the index of hostnames to the slow way: each route is turned away by the first of the other kind that is
// accepted before it and has a host in common with it.
func FuzzSeparateKinds(f *testing.F) {
	f.Add([]byte{0, 1, 5, 1, 1, 3, 0, 2, 2, 0})
	f.Add([]byte{1, 2, 4, 0, 1, 0, 1, 1, 1, 0, 3, 3, 4, 5})
	f.Fuzz(func(t *testing.T, seed []byte) {
		claims := arbitraryClaims(seed)
		separateKinds(claims)
		for i, c := range claims {
			first := slices.IndexFunc(claims[:i], func(o claim) bool {
				return o.binding.Accepted && o.route.Object.Ref.Kind != c.route.Object.Ref.Kind && common(&Binding{
					Hostnames: c.binding.Hostnames, rival: &Route{cover: o.binding.Hostnames},
				}) != ""
			})
			var want *Route
			if first >= 0 {
				want = claims[first].route
			}
			if c.binding.Winner != want || c.binding.Accepted != (want == nil) {
				t.Errorf("%s %q: the winner is %s, want %s", refOf(c.route), c.binding.Hostnames, refOf(c.binding.Winner), refOf(want))
			}
		}
	})
}

// arbitraryClaims makes routes in order out of bytes, with hostnames that often have hosts in common.
func arbitraryClaims(seed []byte) []claim {
	w := &words{seed}
	var claims []claim
	for n := 0; len(w.seed) > 0; n++ {
		r := &Route{Object: manifest.Object{Ref: manifest.Ref{Kind: w.next(kindHTTPRoute, kindGRPCRoute), Name: fmt.Sprint(n)}}}
		b := &Binding{Accepted: true}
		for range w.next("", "1", "12") {
			b.Hostnames = append(b.Hostnames, w.next("a.b.c", "*.b.c", "*.c", "b.c", "x.c", "*.a.b.c", "d", "*.d", "a.d", "y.a.b.c", "ab.c"))
		}
		claims = append(claims, claim{r, b})
	}
	return claims
}
