package render_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// headless are Services p and q whose pods Kong sees.
const headless = `---
apiVersion: v1
kind: Service
metadata: {name: p, namespace: default}
spec: {clusterIP: None, selector: {app: p}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: q, namespace: default}
spec: {clusterIP: None, selector: {app: q}, ports: [{port: 80}]}
`

func sessionRoute(persistence string) string {
	return routeWith("  - backendRefs: [{name: p, port: 80}, {name: q, port: 80}]\n    sessionPersistence: "+persistence+"\n") + headless
}

// A client that brings back what it was given comes back to its backend; clients that bring nothing are spread.
func TestSessions(t *testing.T) {
	for name, c := range map[string]struct {
		persistence, header, attributes string
	}{
		"cookie":         {"{sessionName: basket}", "Set-Cookie", "; Path=/; Same-Site=Lax; HttpOnly"},
		"cookie by time": {"{sessionName: basket, absoluteTimeout: 1h}", "Set-Cookie", "; Path=/; SameSite=Lax; HttpOnly"},
		"permanent cookie": {"{sessionName: basket, absoluteTimeout: 1h, cookieConfig: {lifetimeType: Permanent}}", "Set-Cookie",
			"; Max-Age=3600"},
		"header":         {"{sessionName: X-Basket, type: Header}", "X-Basket", ""},
		"header by time": {"{sessionName: X-Basket, type: Header, absoluteTimeout: 1h}", "X-Basket", ""},
	} {
		t.Run(name, func(t *testing.T) {
			eachFlavor(t, func(t *testing.T, f kong.Flavor) {
				k := startBacked(t, f, sessionRoute(c.persistence), map[string]http.HandlerFunc{
					"p.default.svc": answering(200), "q.default.svc": answering(200),
				})
				seen := map[string]bool{}
				for range 40 {
					first, _ := k.ask(t, "GET", "/", "", map[string]string{"Cookie": "other=1"})
					token := first.Header.Get(c.header)
					if token == "" || !strings.HasSuffix(token, c.attributes) {
						t.Fatalf("the client is given %s %q", c.header, token)
					}
					back := map[string]string{c.header: token}
					if c.header == "Set-Cookie" {
						cookie, _, _ := strings.Cut(token, ";")
						back = map[string]string{"Cookie": "other=1; " + cookie}
					}
					for range 3 {
						again, _ := k.ask(t, "GET", "/", "", back)
						if got, want := again.Header.Get("X-Backend"), first.Header.Get("X-Backend"); got != want || again.Header.Get(c.header) != "" {
							t.Fatalf("came back to %s instead of %s, and was given %q", got, want, again.Header.Get(c.header))
						}
					}
					seen[first.Header.Get("X-Backend")] = true
				}
				if len(seen) != 2 {
					t.Errorf("sessions went to %v only", seen)
				}
			})
		})
	}
}

// A token that is too old, from the future or none of Kong's own begins a new session.
func TestSessionsEnd(t *testing.T) {
	k := startBacked(t, kong.Expressions, sessionRoute("{sessionName: basket, absoluteTimeout: 1s}"), map[string]http.HandlerFunc{
		"p.default.svc": answering(200), "q.default.svc": answering(200),
	})
	for _, token := range []string{"1000000000-abc", "99999999999-abc", "", "x", "1-2-3"} {
		resp, _ := k.ask(t, "GET", "/", "", map[string]string{"Cookie": "a=1; BASKET=" + token + "; b=2"})
		set := resp.Header.Get("Set-Cookie")
		if !strings.HasPrefix(set, "basket=") || strings.HasPrefix(set, "basket="+token+";") {
			t.Errorf("%q: the client is given %q", token, set)
		}
		given, _, _ := strings.Cut(set, ";")
		if got := k.arrivals(); got[0].header.Get("Cookie") != "a=1; b=2; "+given {
			t.Errorf("%q: the backend got %q", token, got[0].header.Get("Cookie"))
		}
	}
}
