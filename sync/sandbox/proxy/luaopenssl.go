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
	case "resty.openssl.ssl":
		l.Push(t.module(name, functions{"from_socket": t.sessionOf}, "from_request"))
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
	l.Push(t.x509Value(c))
	return 1
}

// x509Value returns a certificate as Lua has it.
func (t *luaThread) x509Value(c *x509.Certificate) lua.LValue {
	meta := t.NewTable()
	meta.RawSetString("__index", t.module("x509", functions{"tostring": textOfX509},
		"get_subject_alt_name get_subject_name get_issuer_name get_extension get_not_after get_not_before digest"))
	return &lua.LUserData{Value: c, Metatable: meta}
}

// textOfX509 is certificate:tostring(format).
func textOfX509(l *lua.LState) int {
	c, ok := l.CheckUserData(1).Value.(*x509.Certificate)
	switch format := l.OptString(2, "PEM"); {
	case !ok:
		l.ArgError(1, "x509 expected")
	case format == "DER":
		l.Push(lua.LString(c.Raw))
	case format == "PEM":
		l.Push(lua.LString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})))
	default:
		return failed(l, "x509:tostring: can only write PEM or DER format, not "+format)
	}
	return 1
}

func failed(l *lua.LState, why string) int {
	l.Push(lua.LNil)
	l.Push(lua.LString(why))
	return 2
}

// x509List is a chain or a store.
type x509List struct {
	certificates []*x509.Certificate
	// depth is how many certificates may stand between one that is verified and one of the store.
	depth int
	// echo says that the chain is that of a backend for which the echo stands.
	echo bool
}

// opensslDepth is what X509_verify_cert allows without X509_STORE_set_depth.
const opensslDepth = 100

// newX509List is chain.new() and store.new().
func (t *luaThread) newX509List(l *lua.LState) int {
	l.Push(t.x509ListValue(&x509List{depth: opensslDepth}))
	return 1
}

func (t *luaThread) x509ListValue(list *x509List) lua.LValue {
	meta := t.NewTable()
	meta.RawSetString("__index", t.module("x509", functions{"add": t.addX509, "verify": t.verifyX509, "set_depth": setDepth},
		"use_default load_file set_flags"))
	return &lua.LUserData{Value: list, Metatable: meta}
}

// setDepth is store:set_depth(depth).
func setDepth(l *lua.LState) int {
	store, ok := l.CheckUserData(1).Value.(*x509List)
	if !ok {
		l.ArgError(1, "x509.store expected")
	}
	store.depth = l.CheckInt(2)
	l.Push(lua.LTrue)
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
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: t.x.options.now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
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
			if chain.echo {
				l.Push(lua.LTrue)
				return 1
			}
			for _, c := range chain.certificates {
				o.Intermediates.AddCert(c)
			}
		}
	}
	switch purpose := l.OptString(6, ""); purpose {
	case "":
	case "ssl_client":
		o.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	case "ssl_server":
		o.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	default:
		t.unmodelled(l, "purpose %s of store:verify", purpose)
	}
	chains, err := leaf.Verify(o)
	if err != nil {
		return failed(l, err.Error())
	}
	if !slices.ContainsFunc(chains, func(chain []*x509.Certificate) bool { return len(chain)-2 <= store.depth }) {
		return failed(l, "certificate chain too long")
	}
	l.Push(lua.LTrue)
	return 1
}
