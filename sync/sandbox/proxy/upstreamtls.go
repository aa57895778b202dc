package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/gwsync/gwsync/render/kong"
)

// clientTLS is how TLS is spoken to a backend. Two that are equal can share connections.
type clientTLS struct {
	name        string           // the server name, without port
	certificate *tls.Certificate // the client's; nil for none
	verify      bool
	trusted     *x509.CertPool
	depth       int // how many certificates may stand between the backend's and a trusted one
	protocol    string
}

// defaultDepth is nginx's proxy_ssl_verify_depth.
const defaultDepth = 1

// clientTLS returns how a service wants TLS to be spoken to its backends. Kong verifies backends only for a service that says
// tls_verify, against the service's ca_certificates; without those it trusts nobody. The upstream's client certificate is
// for services that have none.
//
// Source: Kong 3.9.3, kong/runloop/upstream_ssl.lua and kong/templates/nginx_kong.lua (proxy_ssl_name).
func (t *table) clientTLS(service kong.Entity, u *upstream, host string) *clientTLS {
	c := &clientTLS{name: withoutPort(host), depth: int(number(service, "tls_verify_depth", defaultDepth))}
	if v, _ := service.Field("tls_verify"); v == true {
		c.verify, c.trusted = true, t.trusted[service.ID()]
	}
	if k, ok := service.Ref("client_certificate"); ok {
		c.certificate = t.certificatesByID[k.ID]
	} else if u != nil {
		if k, ok := u.entity.Ref("client_certificate"); ok {
			c.certificate = t.certificatesByID[k.ID]
		}
	}
	return c
}

// config returns the configuration of a handshake. As nginx does, it names no server that is an address, and verifies names only.
func (c *clientTLS) config() *tls.Config {
	out := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // VerifyConnection verifies what Kong would
	if _, err := netip.ParseAddr(c.name); err != nil {
		out.ServerName = c.name
	}
	if c.protocol != "" {
		out.NextProtos = []string{c.protocol}
	}
	if c.certificate != nil {
		out.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.certificate, nil }
	}
	if c.verify {
		out.VerifyConnection = c.check
	}
	return out
}

var errUntrusted = errors.New("the backend's certificate has no trusted issuer within the depth")

// check verifies a backend's certificate: its chain, and its name.
func (c *clientTLS) check(s tls.ConnectionState) error {
	between := x509.NewCertPool()
	for _, cert := range s.PeerCertificates[1:] {
		between.AddCert(cert)
	}
	chains, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: c.trusted, Intermediates: between, DNSName: c.name})
	if err != nil {
		return err
	}
	for _, chain := range chains {
		if len(chain)-2 <= c.depth {
			return nil
		}
	}
	return errUntrusted
}

// client returns a connection with TLS, after the handshake.
func (c *clientTLS) client(ctx context.Context, conn net.Conn) (net.Conn, error) {
	secure := tls.Client(conn, c.config())
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return secure, nil
}

// trustedBy returns the CA certificates that each service names, by its id.
func trustedBy(s kong.State) map[string]*x509.CertPool {
	out := map[string]*x509.CertPool{}
	for service := range s.Of(kong.Services) {
		pool := x509.NewCertPool()
		for ref, key := range service.Refs() {
			if e, ok := s.Get(key); ok && ref.Field == "ca_certificates" {
				pool.AppendCertsFromPEM([]byte(e.Text("cert")))
			}
		}
		out[service.ID()] = pool
	}
	return out
}
