package render_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// A backend that takes too long is given up, and asked once; zero waits for it.
func TestTimeouts(t *testing.T) {
	const rules = `  - matches: [{path: {value: /request}}]
    timeouts: {request: 50ms}
    backendRefs: [{name: a, port: 80}]
  - matches: [{path: {value: /backend}}]
    timeouts: {request: 10s, backendRequest: 50ms}
    backendRefs: [{name: a, port: 80}]
  - matches: [{path: {value: /off}}]
    timeouts: {request: 0s, backendRequest: 0s}
    backendRefs: [{name: a, port: 80}]
`
	eachFlavor(t, func(t *testing.T, f kong.Flavor) {
		k := startBacked(t, f, routeWith(rules), map[string]http.HandlerFunc{"a.default.svc": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/off" {
				time.Sleep(100 * time.Millisecond)
				return
			}
			<-r.Context().Done()
		}})
		for path, want := range map[string]int{"/request": 504, "/backend": 504, "/off": 200} {
			if resp, _ := k.ask(t, "GET", path, "", nil); resp.StatusCode != want || len(k.arrivals()) != 1 {
				t.Errorf("%s: got %d, want %d after one request", path, resp.StatusCode, want)
			}
		}
	})
}

// A backend of appProtocol kubernetes.io/h2c is asked over HTTP/2, whatever the client speaks.
func TestHTTP2Backend(t *testing.T) {
	const more = `---
apiVersion: v1
kind: Service
metadata: {name: two, namespace: default}
spec: {selector: {app: two}, ports: [{port: 80, appProtocol: kubernetes.io/h2c}]}
`
	in := fstest.MapFS{"all.yaml": {Data: []byte(backedBase + "---\n" + routeWith("  - backendRefs: [{name: two, port: 80}]\n") + more)}}
	eachFlavor(t, func(t *testing.T, f kong.Flavor) {
		result, err := render.Render([]manifest.Input{{FS: in, Path: "."}}, render.Options{Target: render.Target{Flavor: f}})
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Proto", r.Proto)
			w.Header().Set("X-Host", r.Host)
		}))
		srv.Config.Protocols = new(http.Protocols)
		srv.Config.Protocols.SetUnencryptedHTTP2(true)
		srv.Start()
		t.Cleanup(srv.Close)
		p := proxy.New(func() (kong.State, uint64) { return result.State, 1 }, f, proxy.Options{
			Backend: func(string, int) (string, bool) { return srv.Listener.Addr().String(), true },
		})
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("GET", "http://example.org/x?y=1", nil))
		if w.Code != 200 || w.Header().Get("X-Proto") != "HTTP/2.0" || w.Header().Get("X-Host") != "example.org" {
			t.Errorf("got %d by %s for %s", w.Code, w.Header().Get("X-Proto"), w.Header().Get("X-Host"))
		}
	})
}
