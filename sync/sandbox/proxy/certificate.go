package proxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/gwsync/gwsync/render/kong"
)

// certificatesByID returns the certificates by their ids. One that cannot be read is left out: Kong serves its own in its
// place.
func certificatesByID(s kong.State) map[string]*tls.Certificate {
	out := map[string]*tls.Certificate{}
	for e := range s.Of(kong.Certificates) {
		if c, err := tls.X509KeyPair([]byte(e.Text("cert")), []byte(e.Text("key"))); err == nil {
			out[e.ID()] = &c
		}
	}
	return out
}

// certificatesOf returns the certificates by the names of their SNIs: one, or two with keys of different types.
func certificatesOf(s kong.State, byID map[string]*tls.Certificate) map[string][]*tls.Certificate {
	out := map[string][]*tls.Certificate{}
	for e := range s.Of(kong.SNIs) {
		k, ok := e.Ref("certificate")
		if !ok || byID[k.ID] == nil {
			continue
		}
		out[e.Text("name")] = []*tls.Certificate{byID[k.ID]}
		if c, ok := s.Get(k); ok {
			if second, err := tls.X509KeyPair([]byte(c.Text("cert_alt")), []byte(c.Text("key_alt"))); err == nil {
				out[e.Text("name")] = append(out[e.Text("name")], &second)
			}
		}
	}
	return out
}

// GetCertificate returns the certificate for a TLS handshake, for tls.Config: the one whose SNI is the name that the client
// asks for, as it is written; else "*.REST" if it has three labels, else "FIRST.*" with the first and the last label left open; else "*";
// else, and for clients that name nothing, one that the proxy signed itself for localhost.
//
// Source: Kong 3.9.3, kong/runloop/certificate.lua.
func (p *Proxy) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if name := hello.ServerName; name != "" {
		certificates := p.table().certificates
		for _, sni := range sniCandidates(name) {
			if all := certificates[sni]; all != nil {
				return supported(hello, all), nil
			}
		}
	}
	return p.own()
}

// supported returns the first certificate that a client can take, or else the first.
func supported(hello *tls.ClientHelloInfo, all []*tls.Certificate) *tls.Certificate {
	for _, c := range all {
		if hello.SupportsCertificate(c) == nil {
			return c
		}
	}
	return all[0]
}

func sniCandidates(name string) []string {
	out := []string{name}
	if _, rest, ok := strings.Cut(name, "."); ok && strings.Contains(rest, ".") {
		out = append(out, "*."+rest)
	}
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		out = append(out, name[:i]+".*")
	}
	return append(out, "*")
}

// selfSigned returns a certificate like the one that Kong makes itself.
func selfSigned(name string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a certificate for %s: %w", name, err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{Country: []string{"US"}, Organization: []string{"Kong"}, CommonName: name},
		DNSNames:     []string{name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(20, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate for %s: %w", name, err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
