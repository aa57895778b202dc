package render_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

// copies waits for as many requests at mirrors and returns them by backend.
func (k *backed) copies(t *testing.T, want int) map[string][]arrival {
	t.Helper()
	got := map[string][]arrival{}
	for n := 0; n < want; time.Sleep(time.Millisecond) {
		if t.Context().Err() != nil {
			t.Fatal("the copies do not come")
		}
		for _, a := range k.arrivals() {
			got[a.backend] = append(got[a.backend], a)
			n++
		}
	}
	return got
}

func TestMirror(t *testing.T) {
	const rules = `  - filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {set: [{name: x-set, value: "1"}], add: [{name: x-add, value: two}], remove: [x-gone]}
    - {type: RequestMirror, requestMirror: {backendRef: {name: b, port: 80}}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: c, port: 80}, percent: 100}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: missing, port: 80}}}
    backendRefs: [{name: a, port: 80}]
`
	eachFlavor(t, func(t *testing.T, f kong.Flavor) {
		k := startBacked(t, f, routeWith(rules), map[string]http.HandlerFunc{
			"a.default.svc": answering(200), "b.default.svc": answering(500), "c.default.svc": answering(404),
		})
		large := strings.Repeat("0123456789", 20_000)
		resp, _ := k.ask(t, "PUT", "/x%2Fy/../z?q=1&q=%20&", large, map[string]string{"X-Add": "one", "X-Gone": "1"})
		if resp.StatusCode != 200 || resp.Header.Get("X-Backend") != "a.default.svc" {
			t.Fatalf("got %d of %s", resp.StatusCode, resp.Header.Get("X-Backend"))
		}
		got := k.copies(t, 3)
		want := got["a.default.svc"][0]
		want.header.Del("Connection")
		for _, name := range []string{"b.default.svc", "c.default.svc"} {
			if len(got[name]) != 1 {
				t.Fatalf("%s got %d copies", name, len(got[name]))
			}
			c := got[name][0]
			c.header.Del("Connection")
			if diff := cmp.Diff(want.header, c.header); diff != "" {
				t.Errorf("headers at %s (-want +got):\n%s", name, diff)
			}
			if c.method != want.method || c.target != want.target || c.host != want.host || c.body != want.body {
				t.Errorf("%s got %s %s for %s with %d bytes, want %s %s for %s with %d", name, c.method, c.target, c.host, len(c.body),
					want.method, want.target, want.host, len(want.body))
			}
		}
	})
}

// A mirror that is down, slow or broken is no matter of the request's.
func TestMirrorFails(t *testing.T) {
	const rules = `  - filters:
    - {type: RequestMirror, requestMirror: {backendRef: {name: b, port: 80}}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: c, port: 80}}}
    backendRefs: [{name: a, port: 80}]
`
	done := make(chan struct{})
	k := startBacked(t, kong.Expressions, routeWith(rules), map[string]http.HandlerFunc{
		"a.default.svc": answering(201), "b.default.svc": nil, "c.default.svc": func(http.ResponseWriter, *http.Request) { <-done },
	})
	t.Cleanup(func() { close(done) })
	for range 10 {
		if resp, _ := k.ask(t, "GET", "/", "", nil); resp.StatusCode != 201 {
			t.Fatalf("got %d", resp.StatusCode)
		}
	}
}

func TestMirrorShare(t *testing.T) {
	const rules = `  - filters:
    - {type: RequestMirror, requestMirror: {backendRef: {name: b, port: 80}, percent: 20}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: c, port: 80}, fraction: {numerator: 1, denominator: 2}}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: c, port: 80}, percent: 0}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: a, port: 80}}}
    backendRefs: [{name: a, port: 80}]
`
	k := startBacked(t, kong.Expressions, routeWith(rules), three(200))
	const n = 500
	for range n {
		k.ask(t, "GET", "/", "", nil)
	}
	got := map[string]int{}
	for got["a.default.svc"] < 2*n { // the last copy of each request goes there
		for _, a := range k.arrivals() {
			got[a.backend]++
		}
		time.Sleep(time.Millisecond)
	}
	// Six standard deviations: a chance of one in 10^9 to fail.
	if b, c := got["b.default.svc"], got["c.default.svc"]; b < 46 || b > 154 || c < 183 || c > 317 {
		t.Errorf("of %d requests %d and %d were copied, want about 100 and 250", n, b, c)
	}
}
