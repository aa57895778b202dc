package proxy

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
)

// verifyingModules are those that Lua needs to verify backends.
var verifyingModules = []string{"resty.openssl.ssl", "resty.openssl.x509", "resty.openssl.x509.store"}

const plainGateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: kong}\nspec:\n  gatewayClassName: kong\n" +
	"  listeners: [{name: http, port: 80, protocol: HTTP}, {name: tcp, port: 9000, protocol: TCP}]"

// backendPolicy returns a BackendTLSPolicy for Service echo.
func backendPolicy(validation, more string) string {
	return "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: echo}\nspec:\n" +
		"  targetRefs: [{group: \"\", kind: Service, name: echo}]\n  validation: {" + validation + "}\n" + more
}

const ownAuthority = `caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]`

// tlsBackend is a server that says which Host and server name it got, and counts requests.
type tlsBackend struct {
	*httptest.Server
	mu  sync.Mutex
	got []string
}

func newTLSBackend(t *testing.T, chain ...issuer) *tlsBackend {
	t.Helper()
	b := &tlsBackend{}
	b.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		text := fmt.Sprintf("%s %s%s as %s: %s", r.Method, r.Host, r.RequestURI, r.TLS.ServerName, body)
		b.mu.Lock()
		b.got = append(b.got, text)
		first := len(b.got) == 1
		b.mu.Unlock()
		if first && r.URL.Path == "/again" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, text)
	}))
	served := chain[0].certificate()
	for _, c := range chain[1:] {
		served.Certificate = append(served.Certificate, c.cert.Raw)
	}
	b.TLS = &tls.Config{Certificates: []tls.Certificate{served}}
	b.Config.ErrorLog = nil
	b.StartTLS()
	t.Cleanup(b.Close)
	return b
}

func (b *tlsBackend) requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.got...)
}

// Lua keeps the Host, and sends nothing to a backend that is not who its policy says.
func TestLuaVerifiesBackends(t *testing.T) {
	root, other := issuer{}.issue(t, "root", true), issuer{}.issue(t, "other", true)
	between := root.issue(t, "between", true)
	leaf := func(change func(*x509.Certificate)) issuer {
		return root.issueAs(t, "abc.internal", func(c *x509.Certificate) { change(c) })
	}
	spiffe, err := url.Parse("spiffe://abc/def")
	if err != nil {
		t.Fatal(err)
	}
	plain := root.issue(t, "abc.internal", false)
	named := leaf(func(c *x509.Certificate) {
		c.URIs, c.DNSNames = []*url.URL{spiffe}, []string{"*.example.net", "x.internal"}
	})
	policy := func(names string) string { return "hostname: abc.internal, " + ownAuthority + names }
	san := func(list string) string { return policy(", subjectAltNames: [" + list + "]") }
	for name, tt := range map[string]struct {
		validation, more string
		serves           []issuer
		modules          []string
		want             int
	}{
		"the hostname": {policy(""), "", []issuer{plain}, verifyingModules, 200},
		"no modules":   {policy(""), "", []issuer{plain}, nil, 500},
		"another name": {policy(""), "", []issuer{named}, verifyingModules, 502},
		"a name with a zero byte": {policy(""), "", []issuer{leaf(func(c *x509.Certificate) {
			c.DNSNames = []string{"abc.internal\x00.evil.com"}
		})}, verifyingModules, 502},
		"a common name": {policy(""), "", []issuer{leaf(func(c *x509.Certificate) { c.DNSNames = nil })}, verifyingModules, 502},
		"no name of a URI": {policy(""), "", []issuer{leaf(func(c *x509.Certificate) {
			c.DNSNames, c.URIs = nil, []*url.URL{{Opaque: "abc.internal"}}
		})}, verifyingModules, 502},
		"many names": {policy(""), "", []issuer{leaf(func(c *x509.Certificate) {
			c.DNSNames = append(manyNames(), "ABC.internal")
		})}, verifyingModules, 200},
		"another authority": {policy(""), "", []issuer{other.issue(t, "abc.internal", false)}, verifyingModules, 502},
		"expired": {policy(""), "", []issuer{leaf(func(c *x509.Certificate) {
			c.NotAfter = time.Now().Add(-time.Minute)
		})}, verifyingModules, 502},
		"for clients": {policy(""), "", []issuer{leaf(func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		})}, verifyingModules, 502},
		"a chain": {policy(""), "", []issuer{between.issue(t, "abc.internal", false), between}, verifyingModules, 200},
		"a chain that is too long": {policy(""), "  options: {tls-verify-depth: \"0\"}",
			[]issuer{between.issue(t, "abc.internal", false), between}, verifyingModules, 502},
		"a URI":       {san(`{type: URI, uri: "spiffe://abc/def"}`), "", []issuer{named}, verifyingModules, 200},
		"another URI": {san(`{type: URI, uri: "spiffe://abc/de"}`), "", []issuer{named}, verifyingModules, 502},
		"another hostname": {san(`{type: URI, uri: "spiffe://x"}, {type: Hostname, hostname: X.internal}`), "",
			[]issuer{named}, verifyingModules, 200},
		"within a wildcard":     {san(`{type: Hostname, hostname: a.example.net}`), "", []issuer{named}, verifyingModules, 200},
		"far within a wildcard": {san(`{type: Hostname, hostname: a.b.example.net}`), "", []issuer{named}, verifyingModules, 502},
		"only the hostname":     {san(`{type: Hostname, hostname: y.internal}`), "", []issuer{plain}, verifyingModules, 502},
		"a wildcard too wide": {san(`{type: Hostname, hostname: a.net}`), "", []issuer{leaf(func(c *x509.Certificate) {
			c.DNSNames = []string{"*.net"}
		})}, verifyingModules, 502},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newTLSBackend(t, tt.serves...)
			s := renderedFor(t, render.Target{Flavor: kong.Expressions, Modules: verifyingModules}, plainGateway, echoService,
				backendPolicy(strings.ReplaceAll(tt.validation, "X.internal", "x.internal"), tt.more), httpRoute("www.example.com"), authority(root))
			k := startKong(t, s, kong.Expressions, Options{Backend: mappedTo(srv.Server), SandboxRequires: tt.modules})
			c := k.plain.dial()
			defer c.Close()
			resp, body := roundTripRaw(t, c, http.MethodPost, "POST /a?b HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 4\r\n\r\nbody")
			if resp.StatusCode != tt.want {
				t.Errorf("got %d %q, want %d", resp.StatusCode, body, tt.want)
			}
			if want := "POST www.example.com/a?b as abc.internal: body"; tt.want == 200 && body != want {
				t.Errorf("got %q, want %q", body, want)
			}
			if got := srv.requests(); tt.want != 200 && len(got) > 0 {
				t.Errorf("the backend got %q", got)
			}
		})
	}
}

// manyNames are so many that their length takes two bytes to write.
func manyNames() []string {
	var out []string
	for i := range 50 {
		out = append(out, fmt.Sprintf("name-%d.example.com", i))
	}
	return out
}

// What Kong's own configuration trusts is enough where the policy says so, without any module.
func TestLuaTrustsTheSystem(t *testing.T) {
	root, other := issuer{}.issue(t, "root", true), issuer{}.issue(t, "other", true)
	s := renderedFor(t, render.Target{Flavor: kong.TraditionalCompatible}, plainGateway, echoService,
		backendPolicy("hostname: abc.internal, wellKnownCACertificates: System", ""), httpRoute("www.example.com"))
	for name, tt := range map[string]struct {
		trusted issuer
		serves  string
		want    int
	}{
		"trusted":      {root, "abc.internal", 200},
		"untrusted":    {other, "abc.internal", 502},
		"another name": {root, "www.example.com", 502},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newTLSBackend(t, root.issue(t, tt.serves, false))
			pool := x509.NewCertPool()
			pool.AddCert(tt.trusted.cert)
			k := startKong(t, s, kong.TraditionalCompatible, Options{Backend: mappedTo(srv.Server), TrustedCertificates: pool})
			c := k.plain.dial()
			defer c.Close()
			resp, body := roundTripRaw(t, c, http.MethodGet, "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
			if resp.StatusCode != tt.want || tt.want == 200 && body != "GET www.example.com/ as abc.internal: " {
				t.Errorf("got %d %q, want %d", resp.StatusCode, body, tt.want)
			}
			if got := srv.requests(); tt.want != 200 && len(got) > 0 {
				t.Errorf("the backend got %q", got)
			}
		})
	}
}

// Retries and mirrors are verified too, WebSockets are refused, and the echo has the certificate that is wanted.
func TestLuaSpeaksTLS(t *testing.T) {
	root, other := issuer{}.issue(t, "root", true), issuer{}.issue(t, "other", true)
	const routes = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: kong}]
  hostnames: [www.example.com]
  rules:
  - matches: [{path: {value: /again}}]
    backendRefs: [{name: echo, port: 443}]
    retry: {codes: [503]}
  - matches: [{path: {value: /copied}}]
    backendRefs: [{name: plain, port: 80}]
    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: echo, port: 443}}}]
  - backendRefs: [{name: echo, port: 443}]
---
apiVersion: v1
kind: Service
metadata: {name: plain}
spec: {selector: {app: plain}, ports: [{port: 80}]}`
	s := renderedFor(t, render.Target{Flavor: kong.Expressions, Modules: verifyingModules}, plainGateway, echoService,
		backendPolicy("hostname: abc.internal, "+ownAuthority, ""), routes, authority(root))
	ask := func(t *testing.T, k *testKong, target, more string) (int, string) {
		t.Helper()
		c := k.plain.dial()
		defer c.Close()
		resp, body := roundTripRaw(t, c, http.MethodGet, "GET "+target+" HTTP/1.1\r\nHost: www.example.com\r\n"+more+"\r\n")
		return resp.StatusCode, body
	}
	good, bad := newTLSBackend(t, root.issue(t, "abc.internal", false)), newTLSBackend(t, other.issue(t, "abc.internal", false))
	to := func(b *tlsBackend) *testKong {
		return startKong(t, s, kong.Expressions, Options{SandboxRequires: verifyingModules, Backend: func(host string, port int) (string, bool) {
			return b.Listener.Addr().String(), port == 443
		}})
	}
	if status, body := ask(t, to(good), "/again", ""); status != 200 || len(good.requests()) != 2 {
		t.Errorf("a retry: got %d %q after %q", status, body, good.requests())
	}
	if status, body := ask(t, to(good), "/", "Connection: Upgrade\r\nUpgrade: websocket\r\n"); status != 501 {
		t.Errorf("a WebSocket: got %d %q", status, body)
	}
	for _, b := range []*tlsBackend{good, bad} {
		before := len(b.requests())
		if status, body := ask(t, to(b), "/copied", ""); status != 200 {
			t.Errorf("a copied request: got %d %q", status, body)
		}
		for end := time.Now().Add(20 * time.Second); b == good && len(b.requests()) == before && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		if copies := b.requests()[before:]; (len(copies) == 1) != (b == good) {
			t.Errorf("copies: got %q, want one for the backend of the right authority and none for the other", copies)
		}
	}
	if status, body := ask(t, startKong(t, s, kong.Expressions, Options{SandboxRequires: verifyingModules}), "/", ""); status != 200 ||
		!strings.Contains(body, "echo.default.svc") {
		t.Errorf("the echo: got %d %q", status, body)
	}
}

// Streams to a backend with a policy are TLS with its server name, and verified.
func TestRenderedStreamPolicies(t *testing.T) {
	root, other := issuer{}.issue(t, "root", true), issuer{}.issue(t, "other", true)
	const tcpRoute = "apiVersion: gateway.networking.k8s.io/v1\nkind: TCPRoute\nmetadata: {name: raw}\nspec:\n" +
		"  parentRefs: [{name: kong, sectionName: tcp}]\n  rules: [{backendRefs: [{name: echo, port: 443}]}]"
	for name, tt := range map[string]struct {
		hostname string
		trusted  issuer
		want     string
	}{
		"verified":          {"abc.internal", root, "HTTP/1.1 200 OK\r\n"},
		"another name":      {"def.internal", root, ""},
		"another authority": {"abc.internal", other, ""},
	} {
		for _, flavor := range []kong.Flavor{kong.Expressions, kong.TraditionalCompatible} {
			t.Run(name+" "+string(flavor), func(t *testing.T) {
				srv := newTLSBackend(t, root.issue(t, "abc.internal", false))
				s := renderedFor(t, render.Target{Flavor: flavor}, plainGateway, echoService, tcpRoute,
					backendPolicy("hostname: "+tt.hostname+", "+ownAuthority, ""), authority(tt.trusted))
				dial, logged := openStreams(t, s, flavor, Options{Backend: mappedTo(srv.Server)})
				c := dial(9000)
				go func(c net.Conn) { _, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: any\r\n\r\n") }(c)
				line, _ := bufio.NewReader(c).ReadString('\n')
				if line != tt.want {
					t.Errorf("got %q, want %q; logged %q", line, tt.want, logged())
				}
				if got := srv.requests(); tt.want != "" && (len(got) != 1 || got[0] != "GET any/ as abc.internal: ") {
					t.Errorf("the backend got %q", got)
				}
			})
		}
	}
}
