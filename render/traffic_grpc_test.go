package render_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// callManifests have GRPCRoutes at two listeners, beside an HTTPRoute.
const callManifests = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong}
spec:
  gatewayClassName: kong
  listeners:
  - {name: any, port: 80, protocol: HTTP}
  - {name: bar, port: 80, protocol: HTTP, hostname: bar.example.com}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: echo}
spec:
  parentRefs: [{name: kong, sectionName: any}]
  hostnames: ["*.example.com", grpc.example.org]
  rules:
  - matches: [{method: {service: pkg.Echo, method: Say}}]
    backendRefs: [{name: exact, port: 9000}]
  - matches: [{method: {service: pkg.Echo}}]
    backendRefs: [{name: service, port: 9000}]
  - matches: [{method: {method: Only}}]
    backendRefs: [{name: method, port: 9000}]
  - matches: [{method: {type: RegularExpression, service: "re[0-9]+|pkg", method: "(Get|Set).*"}}]
    backendRefs: [{name: regex, port: 9000}]
  - matches:
    - method: {service: pkg.Echo, method: Say}
      headers: [{name: version, value: two}]
    - headers: [{name: color, value: "^(blue|green)$", type: RegularExpression}]
    backendRefs: [{name: headers, port: 9000}]
  - matches: [{method: {service: pkg.Broken}}]
    backendRefs: [{name: gone, port: 9000}]
  - matches: [{method: {service: pkg.Filtered}}]
    filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-filter, value: ran}]}}]
    backendRefs: [{name: service, port: 9000}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: bar}
spec:
  parentRefs: [{name: kong, sectionName: bar}]
  rules:
  - matches: [{method: {service: pkg.Bar}}]
    backendRefs: [{name: bar, port: 9000}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: kong, sectionName: any}]
  hostnames: [web.example.org]
  rules: [{matches: [{path: {value: /web}}], backendRefs: [{name: bar, port: 9000}]}]
---
`

// TestCalls asks what the conformance tests of GRPCRoutes do.
func TestCalls(t *testing.T) {
	manifests := callManifests
	for _, name := range []string{"exact", "service", "method", "regex", "headers", "bar"} {
		manifests += "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + "}\nspec: {selector: {app: x}, ports: [{port: 9000}]}\n---\n"
	}
	const unimplemented, unavailable = "404 and 12", "503 and 14"
	for _, flavor := range []kong.Flavor{kong.TraditionalCompatible, kong.Expressions} {
		k := serveUnresolved(t, flavor, manifests)
		for _, c := range []struct {
			host, path string
			header     [2]string
			want       string
		}{
			{"a.example.com", "/pkg.Echo/Say", [2]string{}, "exact"},
			{"grpc.example.org", "/pkg.Echo/Say", [2]string{}, "exact"},
			{"a.example.com", "/pkg.Echo/Other", [2]string{}, "service"},
			{"a.example.com", "/pkg.EchoOther/Say", [2]string{}, unimplemented},
			{"a.example.com", "/any.Service/Only", [2]string{}, "method"},
			{"a.example.com", "/any.Service/OnlyNot", [2]string{}, unimplemented},
			{"a.example.com", "/re12/GetIt", [2]string{}, "regex"},
			{"a.example.com", "/pkg/SetIt", [2]string{}, "regex"},
			{"a.example.com", "/xre12/GetIt", [2]string{}, unimplemented},
			{"a.example.com", "/pkg.Echo/Say", [2]string{"Version", "two"}, "headers"},
			{"a.example.com", "/pkg.Echo/Say", [2]string{"Version", "three"}, "exact"},
			{"a.example.com", "/other/Other", [2]string{"Color", "blue"}, "headers"},
			{"a.example.com", "/other/Other", [2]string{"Color", "bluegreen"}, unimplemented},
			{"a.example.com", "/pkg.Broken/Any", [2]string{}, unavailable},
			{"a.example.com", "/pkg.Filtered/Any", [2]string{}, "service ran"},
			{"other.example.net", "/pkg.Echo/Say", [2]string{}, unimplemented},
			{"web.example.org", "/pkg.Echo/Say", [2]string{}, unimplemented},
			{"bar.example.com", "/pkg.Bar/Any", [2]string{}, "bar"},
			{"bar.example.com", "/pkg.Echo/Say", [2]string{}, unimplemented},
			{"a.example.com", "/pkg.Bar/Any", [2]string{}, unimplemented},
		} {
			if got := k.call(c.host, c.path, c.header, "application/grpc+proto"); got != c.want {
				t.Errorf("%s: %s%s %q: got %s, want %s", flavor, c.host, c.path, c.header, got, c.want)
			}
		}
		if got := k.call("a.example.com", "/pkg.Echo/Say", [2]string{}, "application/json"); got != "404 and " {
			t.Errorf("%s: a request that is no call: got %s, want 404", flavor, got)
		}
	}
}

// TestPlainCallsBesideHTTPS makes plain calls to a host that an HTTPS listener has too: those which no route takes are told so.
func TestPlainCallsBesideHTTPS(t *testing.T) {
	certificate, err := json.Marshal(secret(t))
	if err != nil {
		t.Fatal(err)
	}
	manifests := `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong}
spec:
  gatewayClassName: kong
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: https, port: 443, protocol: HTTPS, hostname: "*.example.com", tls: {certificateRefs: [{name: certificate}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: echo}
spec:
  parentRefs: [{name: kong}]
  hostnames: ["*.example.com"]
  rules: [{matches: [{method: {service: pkg.Echo}}], backendRefs: [{name: echo, port: 9000}]}]
---
apiVersion: v1
kind: Service
metadata: {name: echo}
spec: {selector: {app: x}, ports: [{port: 9000}]}
---
` + string(certificate)
	for _, flavor := range []kong.Flavor{kong.TraditionalCompatible, kong.Expressions} {
		k := serveUnresolved(t, flavor, manifests)
		for path, want := range map[string]string{"/pkg.Echo/Say": "echo", "/pkg.Other/Say": "404 and 12"} {
			if got := k.call("a.example.com", path, [2]string{}, "application/grpc"); got != want {
				t.Errorf("%s: %s: got %s, want %s", flavor, path, got, want)
			}
		}
	}
}

// call returns the backend that the echo answers for, with what a filter says of it; else the status of HTTP and of gRPC.
func (k traffic) call(host, path string, header [2]string, contentType string) string {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.RequestURI, r.Host, r.Proto, r.ProtoMajor, r.ProtoMinor = path, host, "HTTP/2.0", 2, 0
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Te", "trailers")
	if header[0] != "" {
		r.Header.Set(header[0], header[1])
	}
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}
	w := httptest.NewRecorder()
	k.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, at)))
	answer := w.Header()
	if message, ok := strings.CutPrefix(answer.Get("Grpc-Message"), "echo in place of "); ok {
		backend, _, _ := strings.Cut(message, ".")
		return strings.TrimSpace(backend + " " + answer.Get("X-Filter"))
	}
	return fmt.Sprintf("%d and %s", w.Code, answer.Get("Grpc-Status"))
}
