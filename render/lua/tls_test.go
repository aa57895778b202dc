package lua_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	golua "github.com/yuin/gopher-lua"

	"github.com/gwsync/gwsync/render/lua"
)

// named asks the program whether a certificate, in DER, has a name.
func named(t *testing.T, der, host, uri string) bool {
	t.Helper()
	state := golua.NewState()
	defer state.Close()
	state.SetGlobal("der", golua.LString(der))
	program := lua.New("return named({ tostring = function() return der end }, {{ host = @host, uri = @uri }})",
		lua.Values{"host": host, "uri": uri})
	if err := state.DoString(lua.Verifying + string(program)); err != nil {
		t.Fatal(err)
	}
	return golua.LVAsBool(state.Get(-1))
}

// certificate returns one with names, in DER.
func certificate(t testing.TB, hosts []string, uris ...string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: hosts, BasicConstraintsValid: true}
	for _, text := range uris {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		c.URIs = append(c.URIs, u)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(der)
}

func TestNames(t *testing.T) {
	der := certificate(t, []string{"a.example.com", "*.example.net", "*.org", "z.example.com\x00.evil.com"}, "spiffe://a/b")
	for _, tt := range []struct {
		host, uri string
		want      bool
	}{
		{"a.example.com", "", true}, {"b.example.com", "", false}, {"example.com", "", false}, {"x.example.net", "", true},
		{"example.net", "", false}, {"x.y.example.net", "", false}, {"*.example.net", "", true}, {"x.org", "", false},
		{"z.example.com", "", false},
		{"", "spiffe://a/b", true}, {"", "spiffe://a", false}, {"", "SPIFFE://a/b", false}, {"spiffe://a/b", "", false},
		{"", "a.example.com", false},
	} {
		if got := named(t, der, tt.host, tt.uri); got != tt.want {
			t.Errorf("%q %q: got %v", tt.host, tt.uri, got)
		}
	}
}

// FuzzNames holds that no text makes the program fail, and that it finds no name which is not there.
func FuzzNames(f *testing.F) {
	der := certificate(f, []string{"a.example.com", "*.example.net"}, "spiffe://a/b")
	f.Add(der, "a.example.com", "")
	f.Add(der, "x.example.net", "spiffe://a/b")
	f.Add("\x30\x84\xff\xff\xff\xff", "a", "")
	f.Add("\x30\xff", "", "")
	f.Add("", ".", "")
	f.Fuzz(func(t *testing.T, der, host, uri string) {
		found := func(name string) bool { return strings.Contains(asciiLower(der), asciiLower(name)) }
		_, parent, _ := strings.Cut(host, ".")
		if named(t, der, host, uri) && !found(host) && !found("*."+parent) && !found(uri) {
			t.Errorf("%q has neither %q nor %q", der, host, uri)
		}
	})
}

// asciiLower is strings.ToLower for bytes.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func TestModules(t *testing.T) {
	want := []string{"resty.openssl.ssl", "resty.openssl.x509", "resty.openssl.x509.store"}
	if diff := cmp.Diff(want, lua.TLS{Authorities: []string{"x"}}.Modules()); diff != "" {
		t.Error(diff)
	}
	if got := (lua.TLS{Name: "a"}).Modules(); got != nil {
		t.Errorf("without authorities of its own: got %q", got)
	}
}
