package route

import (
	"fmt"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// TestCache shows what Kong makes of two requests that its cache takes for one: the first decides.
func TestCache(t *testing.T) {
	r := routes(t, expression(`http.path ^= "/" && net.protocol == "http"`, 0))
	plain := Request{Method: "GET", Host: "a", Target: "/", Protocol: "http"}
	secure := Request{Method: "GET", Host: "a", Target: "/", Protocol: "https"}
	for _, test := range []struct {
		requests []Request
		want     []int
	}{
		{[]Request{plain, secure}, []int{0, 0}},
		{[]Request{secure, plain}, []int{404, 404}},
	} {
		c := NewCache(r)
		for i, req := range test.requests {
			if got := c.Match(req).Status; got != test.want[i] {
				t.Errorf("%s: got %d, want %d", req.Protocol, got, test.want[i])
			}
		}
	}
}

// TestCacheForgets fills the cache with kinds of requests until it forgets the one that it was not asked about again. Those that have
// no route have a place of their own.
func TestCacheForgets(t *testing.T) {
	r := routes(t, expression(`http.path ^= "/" && net.protocol == "http"`, 0))
	ask := func(c *Cache, protocol string, path int) int {
		return c.Match(Request{Method: "GET", Host: "a", Target: fmt.Sprintf("/%d", path), Protocol: protocol}).Status
	}
	for _, test := range []struct {
		first, later string // the protocols of the first request for each path, and of those that fill the cache
		others       int
		want0, want1 int // what the other protocol then gets for paths 0, which was asked for again, and 1
	}{
		{"http", "http", r.http.cacheSize() - 2, 0, 0},
		{"http", "http", r.http.cacheSize() - 1, 0, 404},
		{"https", "https", r.http.cacheSize() - 2, 404, 404},
		{"https", "https", r.http.cacheSize() - 1, 404, 0},
		{"http", "https", r.http.cacheSize(), 0, 0},
	} {
		c := NewCache(r)
		ask(c, test.first, 0)
		ask(c, test.first, 1)
		ask(c, test.first, 0)
		for i := range test.others {
			ask(c, test.later, 2+i)
		}
		other := map[string]string{"http": "https", "https": "http"}[test.first]
		if got0, got1 := ask(c, other, 0), ask(c, other, 1); got0 != test.want0 || got1 != test.want1 {
			t.Errorf("%+v: got %d and %d", test, got0, got1)
		}
	}
}

func TestCacheSize(t *testing.T) {
	for n, want := range map[int]int{0: 5000, 5000: 5000, 5001: 10000} {
		all := make([]map[string]any, n)
		for i := range all {
			all[i] = map[string]any{"paths": []string{fmt.Sprintf("/%d", i), "/"}}
		}
		if got := routerOf(t, kong.TraditionalCompatible, all).http.cacheSize(); got != want {
			t.Errorf("%d routes: %d, want %d", n, got, want)
		}
	}
}
