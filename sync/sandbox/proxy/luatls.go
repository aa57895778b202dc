package proxy

import (
	"crypto/tls"
	"encoding/pem"
	"net/http"
	"net/url"

	lua "github.com/yuin/gopher-lua"
)

// certificatePhase is the phase in which Kong runs the code of global functions during a handshake.
const certificatePhase = "certificate"

// configFor returns the configuration of a handshake: it asks the client for a certificate if the code for it says so, and takes any.
//
// Source: Kong 3.9.3, kong/init.lua, Kong.ssl_certificate; kong/pdk/client/tls.lua.
func (p *Proxy) configFor(base *tls.Config) func(*tls.ClientHelloInfo) (*tls.Config, error) {
	return func(*tls.ClientHelloInfo) (*tls.Config, error) {
		t := p.table()
		in := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}, Header: http.Header{}}
		x := &exchange{in: in, table: t, options: &p.options, scheme: "https"}
		defer x.releaseLua()
		for _, f := range t.plugins.rewriting {
			if err := f.run(x, certificatePhase, f.certificates); err != nil {
				return nil, err // as nginx does, which ends the handshake
			}
		}
		if !x.asksClient && !x.resumesNothing {
			return nil, nil
		}
		out := base.Clone()
		out.GetConfigForClient = nil
		out.NextProtos = []string{"h2", "http/1.1"}
		if x.asksClient {
			out.ClientAuth = tls.RequestClientCert
		}
		out.SessionTicketsDisabled = x.resumesNothing
		return out, nil
	}
}

// tlsModule is kong.client.tls.
func (t *luaThread) tlsModule() *lua.LTable {
	set := func(flag func(*exchange)) lua.LGFunction {
		return t.only(certificatePhase, func(l *lua.LState) int {
			if l.GetTop() > 0 {
				t.unmodelled(l, "the authorities of kong.client.tls.request_client_certificate")
			}
			flag(t.x)
			l.Push(lua.LTrue)
			return 1
		})
	}
	return t.module("kong.client.tls", functions{
		"request_client_certificate": set(func(x *exchange) { x.asksClient = true }),
		"disable_session_reuse":      set(func(x *exchange) { x.resumesNothing = true }),
		"get_full_client_certificate_chain": t.only("rewrite, access, response, balancer, log", func(l *lua.LState) int {
			state := t.x.in.TLS
			if state == nil || len(state.PeerCertificates) == 0 {
				return 0
			}
			var text []byte
			for _, c := range state.PeerCertificates {
				text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
			}
			l.Push(lua.LString(text))
			return 1
		}),
	}, "set_client_verify disable_http2_alpn")
}
