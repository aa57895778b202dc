package render_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// backedBase is a Gateway and three Services, a, b and c, each with port 80.
const backedBase = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong, namespace: default}
spec:
  gatewayClassName: kong
  listeners:
  - {name: http, port: 80, protocol: HTTP}
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: default}
spec: {selector: {app: a}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: b, namespace: default}
spec: {selector: {app: b}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: c, namespace: default}
spec: {selector: {app: c}, ports: [{port: 80}]}
`

// routeWith is an HTTPRoute with rules.
func routeWith(rules string) string {
	return "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: default}\n" +
		"spec:\n  parentRefs: [{name: kong}]\n  rules:\n" + rules
}

// arrival is a request that a backend got.
type arrival struct {
	backend, method, target, host, body string
	header                              http.Header
}

// backed is an embedded Kong that holds what manifests came to, and the backends behind it.
type backed struct {
	*httptest.Server
	mu  sync.Mutex
	got []arrival
}

// startBacked renders manifests and serves them. Backends are by the names under which Kong reaches them, such as "a.default.svc"; those
// that nil stands for refuse connections, and those whose names begin with "tls" speak TLS.
func startBacked(t *testing.T, flavor kong.Flavor, manifests string, backends map[string]http.HandlerFunc) *backed {
	t.Helper()
	in := fstest.MapFS{"base.yaml": {Data: []byte(backedBase)}, "route.yaml": {Data: []byte(manifests)}}
	result, err := render.Render([]manifest.Input{{FS: in, Path: "."}},
		render.Options{Target: render.Target{Flavor: flavor, AllowUnresolved: true}})
	if err != nil {
		t.Fatal(err)
	}
	if result.Findings.HasErrors() {
		t.Fatalf("findings:\n%s", findingsText(result.Findings))
	}
	out := &backed{}
	addresses := map[string]string{}
	for name, handler := range backends {
		srv := httptest.NewUnstartedServer(out.record(name, handler))
		if strings.HasPrefix(name, "tls") {
			srv.StartTLS()
		} else {
			srv.Start()
		}
		addresses[name] = srv.Listener.Addr().String()
		if handler == nil {
			srv.Close()
		} else {
			t.Cleanup(srv.Close)
		}
	}
	p := proxy.New(func() (kong.State, uint64) { return result.State, 1 }, flavor, proxy.Options{
		Backend: func(host string, _ int) (string, bool) {
			addr, ok := addresses[host]
			return addr, ok
		},
	})
	out.Server = httptest.NewServer(p)
	t.Cleanup(out.Close)
	return out
}

func (k *backed) record(name string, h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		k.mu.Lock()
		k.got = append(k.got, arrival{name, r.Method, r.RequestURI, r.Host, string(body), r.Header.Clone()})
		k.mu.Unlock()
		w.Header().Set("X-Backend", name)
		h(w, r)
	})
}

// arrivals returns what the backends got since the last call.
func (k *backed) arrivals() []arrival {
	k.mu.Lock()
	defer k.mu.Unlock()
	got := k.got
	k.got = nil
	return got
}

// ask sends a request, for example.org unless it says otherwise, and returns the answer and its body.
func (k *backed) ask(t *testing.T, method, target, body string, header map[string]string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, k.URL+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "example.org"
	for name, value := range header {
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// eachFlavor runs a test in both router flavors.
func eachFlavor(t *testing.T, test func(*testing.T, kong.Flavor)) {
	t.Helper()
	for _, flavor := range []kong.Flavor{kong.TraditionalCompatible, kong.Expressions} {
		t.Run(string(flavor), func(t *testing.T) { test(t, flavor) })
	}
}

// answering answers with a status.
func answering(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}
