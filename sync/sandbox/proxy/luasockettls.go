package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"

	lua "github.com/yuin/gopher-lua"
)

// luaVerifyDepth is Kong's default of lua_ssl_verify_depth.
const luaVerifyDepth = 1

// socketHandshake is socket:sslhandshake(session, name, verify). It takes as long as a connection may take. With verify the chain has to
// end at an authority of lua_ssl_trusted_certificate, by default the system's, and the certificate has to be for the name. The echo
// has the certificate that is asked for.
//
// Source: OpenResty's lua-nginx-module, src/ngx_http_lua_socket_tcp.c, ngx_http_lua_ssl_handshake_handler.
func (t *luaThread) socketHandshake(l *lua.LState) int {
	s := socketOf(l)
	name, verify := l.OptString(3, ""), lua.LVAsBool(l.Get(4))
	switch {
	case s.conn == nil:
		return fail(l, "closed")
	case s.chain != nil || lua.LVAsBool(l.Get(2)) || l.GetTop() > 4:
		t.unmodelled(l, "sslhandshake with a session or a status request, or a second one")
	}
	var err error
	if _, echo := s.conn.(*echoConn); echo {
		s.chain, err = echoChain(name)
	} else if err = t.shakeHands(l, s, name); err == nil && verify {
		err = t.x.options.verifyServer(s.chain.certificates, name)
	}
	switch {
	case isTimeout(err):
		return socketError(l, err)
	case err != nil:
		return fail(l, err.Error())
	}
	l.Push(lua.LTrue)
	return 1
}

// echoChain returns the certificate that the echo has for a server name. It needs nobody to vouch for it.
func echoChain(name string) (*x509List, error) {
	own, err := selfSigned(name)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(own.Certificate[0])
	return &x509List{certificates: []*x509.Certificate{c}, echo: true}, err
}

// shakeHands makes the connection of a socket one of TLS. Its error is what OpenResty calls it.
func (t *luaThread) shakeHands(l *lua.LState, s *luaSocket, name string) error {
	client := tls.Client(s.conn, &tls.Config{
		ServerName: name, MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, //nolint:gosec // the code verifies, or verifyServer
	})
	err := t.waiting(l, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, s.limit.connect)
		defer cancel()
		return client.HandshakeContext(ctx)
	})
	switch {
	case err != nil && !isTimeout(err):
		return errHandshake
	case err != nil:
		return err
	}
	s.conn, s.r = client, bufio.NewReader(client)
	s.chain = &x509List{certificates: client.ConnectionState().PeerCertificates}
	t.sockets = append(t.sockets, client)
	return nil
}

var (
	errHandshake = errors.New("handshake failed")
	errIssuer    = errors.New("20: unable to get local issuer certificate")
	errOtherHost = errors.New("certificate host mismatch")
)

// verifyServer verifies the certificates of a server as a socket does.
func (o *Options) verifyServer(chain []*x509.Certificate, name string) error {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	chains, err := chain[0].Verify(x509.VerifyOptions{Roots: o.TrustedCertificates, Intermediates: between, CurrentTime: o.now()})
	near := func(c []*x509.Certificate) bool { return len(c)-2 <= luaVerifyDepth }
	if err != nil || !slices.ContainsFunc(chains, near) {
		return errIssuer
	}
	if name != "" && chain[0].VerifyHostname(name) != nil {
		return errOtherHost
	}
	return nil
}

// sessionOf is ssl.from_socket(socket).
func (t *luaThread) sessionOf(l *lua.LState) int {
	s := socketOf(l)
	if s.chain == nil {
		return failed(l, "u.peer.connection.ssl is nil")
	}
	meta := t.NewTable()
	meta.RawSetString("__index", t.module("ssl", functions{
		"get_peer_certificate": func(l *lua.LState) int {
			l.Push(t.x509Value(s.chain.certificates[0]))
			return 1
		},
		"get_peer_cert_chain": func(l *lua.LState) int {
			l.Push(t.x509ListValue(s.chain))
			return 1
		},
	}, "get_cipher_name set_verify set_options get_timeout set_timeout"))
	l.Push(&lua.LUserData{Value: s, Metatable: meta})
	return 1
}
