package render_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

// failing answers with a status as often as it says, then with 200 and "done".
func failing(status, times int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if times--; times >= 0 {
			w.WriteHeader(status)
			return
		}
		w.Header().Add("Set-Cookie", "x=1")
		w.Header().Add("Set-Cookie", "y=2")
		_, _ = io.WriteString(w, "done")
	}
}

func TestRetryCodes(t *testing.T) {
	const rules = `  - matches: [{path: {value: /some}}]
    retry: {codes: [500], attempts: 3}
    backendRefs: [{name: a, port: 80}]
  - matches: [{path: {value: /all}}]
    retry: {codes: [500, 502, 503, 504], attempts: 2}
    backendRefs: [{name: a, port: 80}]
`
	eachFlavor(t, func(t *testing.T, f kong.Flavor) {
		for _, c := range []struct {
			path                       string
			status, times, want, asked int
		}{
			{"/some", 500, 2, 200, 3},
			{"/some", 500, 4, 500, 4},
			{"/some", 503, 2, 503, 1},
			{"/all", 502, 1, 200, 2},
			{"/all", 503, 3, 503, 3},
			{"/all", 504, 3, 504, 3},
		} {
			t.Run(fmt.Sprintf("%s %d %d times", c.path, c.status, c.times), func(t *testing.T) {
				k := startBacked(t, f, routeWith(rules), map[string]http.HandlerFunc{"a.default.svc": failing(c.status, c.times)})
				resp, body := k.ask(t, "POST", c.path+"/x%2Fy?q=1&q=2", "hello", map[string]string{"X-Own": "kept"})
				got := k.arrivals()
				if resp.StatusCode != c.want || len(got) != c.asked {
					t.Fatalf("got %d %q after %d requests, want %d after %d", resp.StatusCode, body, len(got), c.want, c.asked)
				}
				last := got[len(got)-1]
				if last.method != "POST" || last.target != c.path+"/x%2Fy?q=1&q=2" || last.host != "example.org" || last.body != "hello" ||
					last.header.Get("X-Own") != "kept" || last.header.Get("X-Forwarded-Host") != "example.org" {
					t.Errorf("the backend got %+v", last)
				}
				if c.want == 200 {
					if diff := cmp.Diff([]string{"x=1", "y=2"}, resp.Header.Values("Set-Cookie")); diff != "" || body != "done" {
						t.Errorf("body %q, cookies (-want +got):\n%s", body, diff)
					}
				}
			})
		}
	})
}

// What Lua asks answers as what Kong asks, to the last header but those that say who asked.
func TestRetryAnswersAsKongDoes(t *testing.T) {
	const rules = `  - matches: [{path: {value: /plain}}]
    backendRefs: [{name: a, port: 80}]
  - matches: [{path: {value: /retried}}]
    retry: {codes: [503]}
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {set: [{name: x-set, value: "1"}], add: [{name: x-add, value: two}], remove: [x-gone]}
    - {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-answer, value: "1"}]}}
    backendRefs: [{name: a, port: 80}]
`
	backend := func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Date"] = nil
		switch r.URL.Query().Get("as") {
		case "chunked":
			for range 3 {
				_, _ = io.WriteString(w, "piece ")
				w.(http.Flusher).Flush()
			}
		case "early":
			h.Set("Link", "</x>")
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, "late")
		case "empty":
			w.WriteHeader(http.StatusNoContent)
		case "same":
			w.WriteHeader(http.StatusNotModified)
		case "sized":
			h.Set("Content-Length", "12345")
		case "lost":
			http.NotFound(w, r)
		case "cut":
			h.Set("Content-Length", "3")
			_, _ = io.WriteString(w, "abc")
		}
	}
	eachFlavor(t, func(t *testing.T, f kong.Flavor) {
		k := startBacked(t, f, routeWith(rules), map[string]http.HandlerFunc{"a.default.svc": backend})
		for _, c := range []struct{ method, as string }{
			{"GET", "chunked"}, {"GET", "early"}, {"GET", "empty"}, {"GET", "same"}, {"HEAD", "sized"}, {"HEAD", "chunked"}, {"GET", "lost"},
			{"HEAD", "lost"}, {"GET", "cut"}, {"DELETE", "empty"},
		} {
			t.Run(c.method+" "+c.as, func(t *testing.T) {
				want, wantBody := k.ask(t, c.method, "/plain?as="+c.as, "", nil)
				got, gotBody := k.ask(t, c.method, "/retried?as="+c.as, "", nil)
				if got.Header.Get("X-Answer") != "1" {
					t.Error("the rule's filter of the answer did not work")
				}
				for _, h := range []http.Header{want.Header, got.Header} {
					for _, own := range []string{
						"Date", "Via", "Server", "X-Answer", "X-Kong-Request-Id", "X-Kong-Upstream-Latency", "X-Kong-Proxy-Latency",
						"X-Kong-Response-Latency",
					} {
						h.Del(own)
					}
				}
				if c.method == "GET" { // what comes in pieces goes on as a whole
					want.Header.Del("Content-Length")
					got.Header.Del("Content-Length")
				}
				if want.StatusCode != got.StatusCode || wantBody != gotBody {
					t.Errorf("got %d %q, want %d %q", got.StatusCode, gotBody, want.StatusCode, wantBody)
				}
				if diff := cmp.Diff(want.Header, got.Header); diff != "" {
					t.Errorf("headers (-want +got):\n%s", diff)
				}
			})
		}
		k.arrivals()
		k.ask(t, "GET", "/plain", "", nil)
		k.ask(t, "GET", "/retried", "", map[string]string{"X-Gone": "1", "X-Add": "one", "Connection": "X-Hop", "X-Hop": "1"})
		got := k.arrivals()
		h := got[1].header
		if diff := cmp.Diff([]string{"one", "two"}, h.Values("X-Add")); diff != "" || h.Get("X-Set") != "1" || h.Get("X-Gone") != "" ||
			h.Get("X-Hop") != "" {
			t.Errorf("after the filters the backend got %v", h)
		}
		for name := range got[0].header {
			if name != "X-Forwarded-Prefix" && h.Get(name) == "" {
				t.Errorf("the backend got no %s, as it does from Kong", name)
			}
		}
	})
}

// Attempts go to the other backends first, and to the one that failed when there is no other left.
func TestRetryOtherBackends(t *testing.T) {
	const rules = `  - retry: {codes: [503], attempts: 4}
    backendRefs: [{name: a, port: 80, weight: 3}, {name: b, port: 80}, {name: c, port: 80}]
`
	k := startBacked(t, kong.Expressions, routeWith(rules), map[string]http.HandlerFunc{
		"a.default.svc": answering(503), "b.default.svc": answering(503), "c.default.svc": nil,
	})
	for range 20 {
		resp, _ := k.ask(t, "GET", "/", "", nil)
		asked := map[string]int{}
		for _, a := range k.arrivals() {
			asked[a.backend]++
		}
		// Five attempts are one round of three and two of the next.
		if n := asked["a.default.svc"] + asked["b.default.svc"]; n != 3 && n != 4 || asked["a.default.svc"] > 2 || asked["b.default.svc"] > 2 ||
			resp.StatusCode != 503 && resp.StatusCode != 502 {
			t.Fatalf("got %d after %v", resp.StatusCode, asked)
		}
	}
}

// A request that takes too long is answered 504 in time, however often it may be sent again and however the answer trickles.
func TestRetryDeadline(t *testing.T) {
	const rules = `  - matches: [{path: {value: /attempts}}]
    retry: {codes: [500], attempts: 2}
    timeouts: {backendRequest: 250ms}
    backendRefs: [{name: a, port: 80}]
  - matches: [{path: {value: /all}}]
    retry: {attempts: 50, backoff: 10ms}
    timeouts: {request: 800ms, backendRequest: 250ms}
    backendRefs: [{name: a, port: 80}]
  - matches: [{path: {value: /trickle}}]
    retry: {attempts: 1}
    timeouts: {request: 500ms}
    backendRefs: [{name: b, port: 80}]
`
	slow := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	trickle := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, "x")
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	}
	k := startBacked(t, kong.Expressions, routeWith(rules), map[string]http.HandlerFunc{"a.default.svc": slow, "b.default.svc": trickle})
	for path, asked := range map[string][2]int{"/attempts": {3, 3}, "/all": {1, 4}, "/trickle": {1, 1}} {
		resp, body := k.ask(t, "GET", path, "", nil)
		n := len(k.arrivals())
		if resp.StatusCode != 504 || n < asked[0] || n > asked[1] {
			t.Errorf("%s: got %d %q after %d requests, want 504 after %d to %d", path, resp.StatusCode, body, n, asked[0], asked[1])
		}
	}
}

// Without codes Kong itself tries again where a connection fails.
func TestRetryConnections(t *testing.T) {
	const rules = `  - retry: {attempts: 6}
    backendRefs: [{name: a, port: 80}, {name: b, port: 80}]
`
	eachFlavor(t, func(t *testing.T, f kong.Flavor) {
		k := startBacked(t, f, routeWith(rules), map[string]http.HandlerFunc{"a.default.svc": nil, "b.default.svc": answering(503)})
		for range 5 {
			if resp, _ := k.ask(t, "GET", "/", "", nil); resp.StatusCode != 503 || len(k.arrivals()) != 1 {
				t.Fatalf("got %d", resp.StatusCode)
			}
		}
	})
}
