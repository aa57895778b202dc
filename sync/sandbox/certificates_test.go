package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// newCertificate returns a certificate that signs itself, with its key, in PEM.
func newCertificate(t *testing.T, ca bool, expires time.Time) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: expires, IsCA: ca, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

func TestCertificatesBySNI(t *testing.T) {
	t.Parallel()
	k := New(Config{})
	cert, key := newCertificate(t, false, time.Now().Add(time.Hour))
	body := func(snis ...string) string {
		return string(encode(map[string]any{"cert": cert, "key": key, "snis": snis}))
	}
	must(t, k, "PUT /certificates/a.example.com", body("b.example.com"))
	must(t, k, "PUT /certificates/a.example.com", body("c.example.com"))
	a := must(t, k, "GET /certificates/c.example.com", "")
	if diff := cmp.Diff([]any{"a.example.com", "c.example.com"}, a.body["snis"]); diff != "" {
		t.Errorf("SNIs (-want +got):\n%s", diff)
	}
	if a := ask(t, k, "GET /certificates/b.example.com", ""); a.status != 404 || a.body["message"] != "SNI not found" {
		t.Errorf("an SNI that was replaced: %d %v", a.status, a.body)
	}
	a = ask(t, k, "POST /certificates", body("a.example.com"))
	id, _ := must(t, k, "GET /certificates/a.example.com", "").body["id"].(string)
	want := "schema violation (snis: a.example.com already associated with existing certificate '" + id + "')"
	if a.status != 400 || a.body["message"] != want {
		t.Errorf("another one's SNI: %d %v, want %q", a.status, a.body["message"], want)
	}
	if a := ask(t, k, "POST /certificates", body("d", "d")); a.body["message"] != "schema violation (snis: d is duplicated)" {
		t.Errorf("an SNI twice: %d %v", a.status, a.body)
	}
	must(t, k, "PATCH /certificates/a.example.com", `{"tags":["t"]}`)
	must(t, k, "DELETE /certificates/a.example.com", "")
	if a := must(t, k, "GET /snis", ""); len(names(a, "name")) != 0 {
		t.Errorf("SNIs left behind: %v", a.body)
	}
}

func TestCACertificates(t *testing.T) {
	t.Parallel()
	k := New(Config{})
	post := func(text string) answer {
		return ask(t, k, "POST /ca_certificates", string(encode(map[string]any{"cert": text})))
	}
	ca, _ := newCertificate(t, true, time.Now().Add(time.Hour))
	leaf, _ := newCertificate(t, false, time.Now().Add(time.Hour))
	expired, _ := newCertificate(t, true, time.Now().Add(-time.Hour))
	for text, want := range map[string]string{
		leaf:    `schema violation (certificate does not appear to be a CA because it is missing the "CA" basic constraint)`,
		expired: `schema violation (certificate expired, "Not After" time is in the past)`,
		ca + ca: "schema violation (please submit only one certificate at a time)",
	} {
		if a := post(text); a.status != 400 || a.body["message"] != want {
			t.Errorf("%d %v, want %q", a.status, a.body["message"], want)
		}
	}
	id, _ := post(ca).body["id"].(string)
	service := must(t, k, "PUT /services/s", `{"host":"h","protocol":"https","ca_certificates":["`+id+`"]}`).body["id"].(string)
	a := ask(t, k, "DELETE /ca_certificates/"+id, "")
	if want := "ca certificate " + id + " is still referenced by services (id = " + service + ")"; a.status != 400 ||
		a.body["message"] != want {
		t.Errorf("a CA certificate in use: %d %v, want %q", a.status, a.body, want)
	}
	must(t, k, "DELETE /services/s", "")
	must(t, k, "DELETE /ca_certificates/"+id, "")
}

// TestDeclareClientCertificate declares a service with the certificates that it refers to.
func TestDeclareClientCertificate(t *testing.T) {
	t.Parallel()
	const id = "00000000-0000-4000-8000-000000000001"
	cert, key := newCertificate(t, false, time.Now().Add(time.Hour))
	k := New(Config{DBLess: true})
	must(t, k, "POST /config", string(encode(map[string]any{
		"_format_version": "3.0",
		"services":        []any{map[string]any{"name": "s", "host": "h", "protocol": "https", "client_certificate": id}},
		"certificates":    []any{map[string]any{"id": id, "cert": cert, "key": key}},
	})))
	a := must(t, k, "GET /services/s", "")
	if got := fieldID(a.body["client_certificate"]); got != id {
		t.Errorf("client certificate is %q, want %q", got, id)
	}
}
