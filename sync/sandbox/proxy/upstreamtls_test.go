package proxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gwsync/gwsync/render/kong"
)

// issuer signs certificates.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue returns a certificate that i signs; the zero issuer makes one that signs itself.
func (i issuer) issue(t *testing.T, name string, isCA bool) issuer {
	t.Helper()
	return i.issueAs(t, name, func(c *x509.Certificate) { c.IsCA = isCA })
}

// issueAs issues a certificate that change has had a look at.
func (i issuer) issueAs(t *testing.T, name string, change func(*x509.Certificate)) issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
	}
	change(template)
	parent, signer := i.cert, i.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return issuer{cert, key}
}

func (i issuer) pem() string {
	return quote(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw})))
}

func TestBackendsAreVerified(t *testing.T) {
	root := issuer{}.issue(t, "root", true)
	first := root.issue(t, "first", true)
	second := first.issue(t, "second", true)
	leaf := second.issue(t, "a.com", false)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, c := range r.TLS.PeerCertificates {
			_, _ = io.WriteString(w, c.Subject.CommonName)
		}
	}))
	srv.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, Certificates: []tls.Certificate{{
		Certificate: [][]byte{leaf.cert.Raw, second.cert.Raw, first.cert.Raw}, PrivateKey: leaf.key,
	}}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	const (
		ca    = "11111111-1111-4111-8111-111111111111"
		one   = "22222222-2222-4222-8222-222222222222"
		two   = "33333333-3333-4333-8333-333333333333"
		trust = `,"tls_verify":true,"ca_certificates":["` + ca + `"],"tls_verify_depth":2`
	)
	for _, tt := range []struct {
		name, host, service, upstream string
		want                          int
		body                          string
	}{
		{name: "nobody asks for it", host: "b.com", want: 200},
		{name: "no", host: "b.com", service: `,"tls_verify":false`, want: 200},
		{name: "without a CA", host: "a.com", service: `,"tls_verify":true,"tls_verify_depth":9`, want: 502},
		{name: "with it", host: "a.com", service: trust, want: 200},
		{name: "another name", host: "b.com", service: trust, want: 502},
		{name: "too deep", host: "a.com", service: `,"tls_verify":true,"ca_certificates":["` + ca + `"]`, want: 502},
		{name: "a client certificate", host: "a.com", service: `,"client_certificate":{"id":"` + one + `"}`, want: 200, body: "one"},
		{name: "the upstream's", host: "a.com", upstream: `,"client_certificate":{"id":"` + two + `"}`, want: 200, body: "two"},
		{name: "the service's goes first", host: "a.com", service: `,"client_certificate":{"id":"` + one + `"}`,
			upstream: `,"client_certificate":{"id":"` + two + `"}`, want: 200, body: "one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config := fmt.Sprintf(`{"_format_version":"3.0","ca_certificates":[{"id":%q,"cert":%s}],
				"certificates":[{"id":%q,"cert":"@one","key":"@one"},{"id":%q,"cert":"@two","key":"@two"}],
				"upstreams":[{"name":"u","host_header":%q,"targets":[{"target":"10.0.0.1:443"}]%s}],
				"services":[{"name":"s","host":"u","protocol":"https","retries":0%s,"routes":[{"name":"r","paths":["/a"]}]}]}`,
				ca, root.pem(), one, two, tt.host, tt.upstream, tt.service)
			k := startKong(t, stateOf(t, withCertificates(t, config)), kong.TraditionalCompatible, Options{Backend: mappedTo(srv)})
			resp, body := k.get(t, "/a")
			if resp.StatusCode != tt.want || resp.StatusCode == 200 && body != tt.body {
				t.Errorf("got %d %q", resp.StatusCode, body)
			}
		})
	}
}
