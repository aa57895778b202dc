package proxy

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// rendered returns what manifests come to.
func rendered(t *testing.T, f kong.Flavor, manifests ...string) kong.State {
	t.Helper()
	return renderedFor(t, render.Target{Flavor: f, RequestClientCertificates: true}, manifests...)
}

func renderedFor(t *testing.T, target render.Target, manifests ...string) kong.State {
	t.Helper()
	tree := fstest.MapFS{"all.yaml": {Data: []byte(strings.Join(manifests, "\n---\n"))}}
	result, err := render.Render([]manifest.Input{{FS: tree, Path: "."}}, render.Options{
		Target: target,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range result.Findings {
		if finding.Severity == diag.Error {
			t.Error(finding)
		}
	}
	return result.State
}

// block writes a text as a YAML block below a key.
func block(text string) string {
	return "|\n    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
}

func (i issuer) text() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw}))
}

func (i issuer) keyText(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func (i issuer) certificate() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{i.cert.Raw}, PrivateKey: i.key}
}

func tlsSecret(t *testing.T, name string, i issuer) string {
	t.Helper()
	return fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: %s}\ntype: kubernetes.io/tls\nstringData:\n"+
		"  tls.crt: %s\n  tls.key: %s", name, block(i.text()), block(i.keyText(t)))
}

// authority returns a ConfigMap, ca.
func authority(i issuer) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ca}\ndata:\n  ca.crt: " + block(i.text())
}

const echoService = "apiVersion: v1\nkind: Service\nmetadata: {name: echo}\nspec: {selector: {app: echo}, ports: [{port: 443}]}"

// httpRoute returns an HTTPRoute, web, to [echoService].
func httpRoute(hostname string) string {
	return fmt.Sprintf("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: web}\nspec:\n"+
		"  parentRefs: [{name: kong}]\n  hostnames: [%s]\n  rules: [{backendRefs: [{name: echo, port: 443}]}]", hostname)
}

// A BackendTLSPolicy has backends verified, and the Gateway's client certificate shown to them.
func TestRenderedBackendTLSPolicy(t *testing.T) {
	root, other := issuer{}.issue(t, "root", true), issuer{}.issue(t, "other", true)
	server, client := root.issue(t, "abc.example.com", false), root.issue(t, "the client", false)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		presented := ""
		for _, c := range r.TLS.PeerCertificates {
			presented = c.Subject.CommonName
		}
		fmt.Fprintf(w, "host %s, server name %s, client %s", r.Host, r.TLS.ServerName, presented)
	}))
	srv.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, Certificates: []tls.Certificate{server.certificate()}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	const gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: kong}\nspec:\n  gatewayClassName: kong\n" +
		"  tls: {backend: {clientCertificateRef: {name: client}}}\n  listeners: [{name: http, port: 80, protocol: HTTP}]"
	for _, tt := range []struct {
		name, hostname, host string
		trusted              issuer
		want                 int
		body                 string
	}{
		{"exact", "abc.example.com", "abc.example.com", root, 200, "host abc.example.com, server name abc.example.com, client the client"},
		{"another host", "abc.example.com", "www.example.com", root, 200, "host abc.example.com, server name abc.example.com, client the client"},
		{"another name", "def.example.com", "def.example.com", root, 502, ""},
		{"another authority", "abc.example.com", "abc.example.com", other, 502, ""},
	} {
		for _, flavor := range []kong.Flavor{kong.Expressions, kong.TraditionalCompatible} {
			t.Run(tt.name+" "+string(flavor), func(t *testing.T) {
				policy := "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: echo}\nspec:\n" +
					"  targetRefs: [{group: \"\", kind: Service, name: echo}]\n" +
					"  validation: {hostname: " + tt.hostname + ", caCertificateRefs: [{group: \"\", kind: ConfigMap, name: ca}]}"
				s := rendered(t, flavor, gateway, echoService, policy, httpRoute(tt.host), authority(tt.trusted), tlsSecret(t, "client", client))
				k := startKong(t, s, flavor, Options{Backend: mappedTo(srv)})
				c := k.plain.dial()
				defer c.Close()
				resp, body := roundTripRaw(t, c, http.MethodGet, "GET / HTTP/1.1\r\nHost: "+tt.host+"\r\n\r\n")
				if resp.StatusCode != tt.want || tt.want == 200 && body != tt.body {
					t.Errorf("got %d %q, want %d %q", resp.StatusCode, body, tt.want, tt.body)
				}
			})
		}
	}
}

// Clients without a valid certificate do not get through to a listener that wants one.
func TestRenderedClientCertificates(t *testing.T) {
	root, other := issuer{}.issue(t, "root", true), issuer{}.issue(t, "other", true)
	server := root.issue(t, "www.example.com", false)
	valid, foreign := root.issue(t, "client", false).certificate(), other.issue(t, "client", false).certificate()
	gateway := "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n" +
		"metadata: {name: kong}\nspec:\n  gatewayClassName: kong\n" +
		"  tls: {frontend: {default: {validation: {caCertificateRefs: [{group: \"\", kind: ConfigMap, name: ca}]}}}}\n" +
		"  listeners: [{name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: server}]}}]"
	modules := []string{"resty.openssl.x509", "resty.openssl.x509.chain", "resty.openssl.x509.store"}
	for _, flavor := range []kong.Flavor{kong.Expressions, kong.TraditionalCompatible} {
		s := rendered(t, flavor, gateway, echoService, httpRoute("www.example.com"), authority(root), tlsSecret(t, "server", server))
		for _, tt := range []struct {
			name     string
			presents *tls.Certificate
			modules  []string
			want     int // 0 for a connection that is closed
		}{
			{"valid", &valid, modules, 200},
			{"of another authority", &foreign, modules, 0},
			{"none", nil, modules, 0},
			{"without the modules", &valid, nil, 500},
		} {
			t.Run(tt.name+" "+string(flavor), func(t *testing.T) {
				k := startKong(t, s, flavor, Options{SandboxRequires: tt.modules})
				config := &tls.Config{ServerName: "www.example.com", InsecureSkipVerify: true}
				if tt.presents != nil {
					config.Certificates = []tls.Certificate{*tt.presents}
				}
				c := tls.Client(k.secure.dial(), config)
				defer c.Close()
				if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				resp, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil {
					if tt.want != 0 {
						t.Error(err)
					}
					return
				}
				resp.Body.Close()
				if resp.StatusCode != tt.want {
					t.Errorf("got %d, want %d", resp.StatusCode, tt.want)
				}
			})
		}
	}
}

// Clients choose between the two certificates of a name, and a request for the host of another listener is misdirected.
func TestRenderedListeners(t *testing.T) {
	first, second := issuer{}.issue(t, "a.example.com", false), issuer{}.issue(t, "b.example.com", false)
	gateway := "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: kong}\nspec:\n  gatewayClassName: kong\n" +
		"  listeners:\n  - {name: both, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: first}, {name: second}]}}\n" +
		"  - {name: c, port: 443, protocol: HTTPS, hostname: c.example.com, tls: {certificateRefs: [{name: second}]}}"
	s := rendered(t, kong.Expressions, gateway, echoService, httpRoute("b.example.com, c.example.com"),
		tlsSecret(t, "first", first), tlsSecret(t, "second", second))
	k := startKong(t, s, kong.Expressions, Options{})
	for _, tt := range []struct {
		name, host, certificate string
		want                    int
	}{
		{"b.example.com", "b.example.com", "b.example.com", 200},
		{"a.example.com", "b.example.com", "a.example.com", 200},
		{"a.example.com", "c.example.com", "a.example.com", 421},
		{"c.example.com", "c.example.com", "b.example.com", 200},
		{"c.example.com", "b.example.com", "b.example.com", 421},
		{"a.example.com", "d.example.com", "a.example.com", 404},
	} {
		t.Run(tt.name+" "+tt.host, func(t *testing.T) {
			c := k.connect(t, "https", tt.name)
			defer c.Close()
			if got := commonName(c); got != tt.certificate {
				t.Errorf("got the certificate of %s, want %s", got, tt.certificate)
			}
			resp, _ := roundTripRaw(t, c, http.MethodGet, "GET / HTTP/1.1\r\nHost: "+tt.host+"\r\n\r\n")
			if resp.StatusCode != tt.want {
				t.Errorf("got %d, want %d", resp.StatusCode, tt.want)
			}
		})
	}
}
