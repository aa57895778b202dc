package proxy

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"slices"

	lua "github.com/yuin/gopher-lua"
)

// require is the sandbox's: of the modules that untrusted_lua_sandbox_requires lets through, those of OpenSSL are modelled, as far as
// verifying a certificate takes them.
//
// Source: Kong 3.9.3, kong/tools/sandbox.lua; github.com/fffonion/lua-resty-openssl, lib/resty/openssl/x509.
func (t *luaThread) require(l *lua.LState) int {
	name := luaText14(l.Get(1))
	if t.x == nil || !slices.Contains(t.x.options.SandboxRequires, name) {
		raise(l, "/usr/local/share/lua/5.1/kong/tools/sandbox.lua:79: require '%s' not allowed within sandbox", name)
	}
	switch name {
	case "resty.openssl.x509":
		l.Push(t.module(name, functions{"new": t.newX509}, ""))
	case "resty.openssl.x509.chain":
		l.Push(t.module(name, functions{"new": t.newX509List}, "dup"))
	case "resty.openssl.x509.store":
		l.Push(t.module(name, functions{"new": t.newX509List}, ""))
	default:
		t.unmodelled(l, "module %s", name)
	}
	return 1
}

// newX509 is x509.new(text, "PEM").
func (t *luaThread) newX509(l *lua.LState) int {
	block, _ := pem.Decode([]byte(l.CheckString(1)))
	if block == nil {
		return failed(l, "x509.new: no PEM certificate")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return failed(l, "x509.new: "+err.Error())
	}
	l.Push(&lua.LUserData{Value: c})
	return 1
}

func failed(l *lua.LState, why string) int {
	l.Push(lua.LNil)
	l.Push(lua.LString(why))
	return 2
}

// x509List is a chain or a store.
type x509List struct{ certificates []*x509.Certificate }

// newX509List is chain.new() and store.new().
func (t *luaThread) newX509List(l *lua.LState) int {
	list := &lua.LUserData{Value: &x509List{}}
	meta := t.NewTable()
	meta.RawSetString("__index", t.module("x509", functions{"add": t.addX509, "verify": t.verifyX509}, "use_default load_file set_flags"))
	list.Metatable = meta
	l.Push(list)
	return 1
}

func (t *luaThread) addX509(l *lua.LState) int {
	list, ok := l.CheckUserData(1).Value.(*x509List)
	c, isCertificate := l.CheckUserData(2).Value.(*x509.Certificate)
	if !ok || !isCertificate {
		return failed(l, "expect a x509 instance at #1")
	}
	list.certificates = append(list.certificates, c)
	l.Push(lua.LTrue)
	return 1
}

// verifyX509 is store:verify(certificate, chain, false, nil, purpose). As in OpenSSL, a chain ends at a certificate of the store that has
// signed itself.
func (t *luaThread) verifyX509(l *lua.LState) int {
	store, ok := l.CheckUserData(1).Value.(*x509List)
	leaf, isCertificate := l.CheckUserData(2).Value.(*x509.Certificate)
	if !ok || !isCertificate {
		return failed(l, "expect a x509 instance at #1")
	}
	if lua.LVAsBool(l.Get(4)) {
		t.unmodelled(l, "the chain that store:verify returns")
	}
	o := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: t.x.options.now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	for _, c := range store.certificates {
		if bytes.Equal(c.RawIssuer, c.RawSubject) {
			o.Roots.AddCert(c)
		} else {
			o.Intermediates.AddCert(c)
		}
	}
	if between, ok := l.Get(3).(*lua.LUserData); ok {
		if chain, ok := between.Value.(*x509List); ok {
			for _, c := range chain.certificates {
				o.Intermediates.AddCert(c)
			}
		}
	}
	switch purpose := l.OptString(6, ""); purpose {
	case "":
	case "ssl_client":
		o.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	default:
		t.unmodelled(l, "purpose %s of store:verify", purpose)
	}
	if _, err := leaf.Verify(o); err != nil {
		return failed(l, err.Error())
	}
	l.Push(lua.LTrue)
	return 1
}
