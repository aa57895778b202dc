package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// The choices are those that a real Kong made.
func TestCertificateOfAnSNI(t *testing.T) {
	for _, tt := range []struct {
		snis []string
		name string
		want string // the SNI whose certificate it is, "" for the default
	}{
		{nil, "one.example.com", ""},
		{[]string{"one.example.com"}, "one.example.com", "one.example.com"},
		{[]string{"one.example.com"}, "ONE.example.com", ""},
		{[]string{"one.example.com"}, "one.example.com.", ""},
		{[]string{"*.example.com"}, "one.example.com", "*.example.com"},
		{[]string{"*.example.com"}, "ONE.example.com", "*.example.com"},
		{[]string{"*.example.com"}, "a.b.example.com", ""},
		{[]string{"*.example.com"}, "example.com", ""},
		{[]string{"one.example.com", "*.example.com"}, "one.example.com", "one.example.com"},
		{[]string{"one.example.com", "*.example.com"}, "two.example.com", "*.example.com"},
		{[]string{"one.*"}, "one.example.com", ""},
		{[]string{"*.example.com", "two.example.*"}, "two.example.com", "*.example.com"},
		{[]string{"two.example.*"}, "two.example.org", "two.example.*"},
		{[]string{"*"}, "other.org", "*"},
		{[]string{"*", "one.example.com"}, "one.example.com", "one.example.com"},
		{[]string{"*"}, "", ""},
	} {
		s, byDER := certificates(t, tt.snis)
		p := New(func() (kong.State, uint64) { return s, 1 }, kong.Expressions, Options{})
		c, err := p.GetCertificate(&tls.ClientHelloInfo{ServerName: tt.name})
		if err != nil {
			t.Fatal(err)
		}
		if got := byDER[string(c.Certificate[0])]; got != tt.want {
			t.Errorf("%v, %q: got %q, want %q", tt.snis, tt.name, got, tt.want)
		}
	}
}

// certificates returns a state with a certificate for each SNI, and the SNIs by their certificates.
func certificates(t *testing.T, snis []string) (kong.State, map[string]string) {
	t.Helper()
	byDER := map[string]string{}
	var entities []kong.Entity
	for _, sni := range snis {
		c, err := selfSigned("localhost")
		if err != nil {
			t.Fatal(err)
		}
		byDER[string(c.Certificate[0])] = sni
		key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		id := kong.ID(kong.Certificates, sni)
		entities = append(entities,
			entity(t, kong.Certificates, id, map[string]any{
				"cert": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})),
				"key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
			}),
			entity(t, kong.SNIs, kong.ID(kong.SNIs, sni), map[string]any{"name": sni, "certificate": id}),
		)
	}
	s, err := kong.NewState(entities...)
	if err != nil {
		t.Fatal(err)
	}
	return s, byDER
}

func entity(t *testing.T, k kong.Kind, id string, fields map[string]any) kong.Entity {
	t.Helper()
	e, err := kong.New(k, id, fields, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// A certificate that cannot be read must not take the others down.
func TestCertificateThatCannotBeRead(t *testing.T) {
	s, byDER := certificates(t, []string{"good.com"})
	id := kong.ID(kong.Certificates, "bad")
	entities := []kong.Entity{
		entity(t, kong.Certificates, id, map[string]any{"cert": "x", "key": "y"}),
		entity(t, kong.SNIs, kong.ID(kong.SNIs, "bad.com"), map[string]any{"name": "bad.com", "certificate": id}),
	}
	for e := range s.All() {
		entities = append(entities, e)
	}
	s, err := kong.NewState(entities...)
	if err != nil {
		t.Fatal(err)
	}
	got := certificatesOf(s, certificatesByID(s))
	if len(got) != 1 || byDER[string(got["good.com"][0].Certificate[0])] != "good.com" {
		t.Errorf("got %v", got)
	}
}
