package routetest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

const values = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: kong
  listeners: [{name: any, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: beta}
spec:
  parentRefs: [{name: edge}]
  rules:
  - matches:
    - {queryParams: [{name: beta, value: "true"}]}
    - {queryParams: [{name: list, value: "1,2"}]}
    - {headers: [{name: x-beta, value: ".*", type: RegularExpression}]}
    backendRefs: [{name: beta, port: 80}]
  - backendRefs: [{name: rest, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: beta}
spec: {selector: {app: beta}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: rest}
spec: {selector: {app: rest}, ports: [{port: 80}]}
`

// TestCacheTellsApart asks a Kong that remembers what it answered, each of two requests first that it would take for one kind.
func TestCacheTellsApart(t *testing.T) {
	files := fstest.MapFS{"all.yaml": {Data: []byte(values)}}
	r, err := render.Render([]manifest.Input{{FS: files, Path: "."}}, render.Options{Target: render.Target{Flavor: kong.Expressions}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		t.Errorf("%s: %s", f.Pos, f.Message)
	}
	type request struct{ query, header, want string }
	for name, pair := range map[string][2]request{
		"a parameter without a value":  {{query: "?beta", want: "rest"}, {query: "?beta=true", want: "beta"}},
		"a list and a repetition":      {{query: "?list=1&list=2", want: "rest"}, {query: "?list=1,2", want: "beta"}},
		"an empty header and none":     {{header: "X-Beta: ", want: "beta"}, {want: "rest"}},
		"a repetition and its reverse": {{query: "?list=2&list=1", want: "rest"}, {query: "?list=1,2", want: "beta"}},
	} {
		for _, order := range [][]request{{pair[0], pair[1], pair[0]}, {pair[1], pair[0], pair[1]}} {
			k := proxy.New(func() (kong.State, uint64) { return r.State, 1 }, kong.Expressions, proxy.Options{})
			for _, q := range order {
				header := http.Header{"Gwsynckey": {"forged"}}
				if name, value, ok := strings.Cut(q.header, ": "); ok {
					header.Set(name, value)
				}
				in, err := proxy.Request{URL: "http://x.org/" + q.query, Header: header}.HTTP(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				answer := httptest.NewRecorder()
				k.ServeHTTP(answer, in)
				if got := answer.Body.String(); !strings.Contains(got, q.want+".default.svc") {
					t.Errorf("%s: %+v got %d %s", name, q, answer.Code, got)
				}
			}
		}
	}
}
