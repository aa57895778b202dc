package lua

// RequestClientCertificate is a program for the certificate phase, which is Kong's for all of its TLS listeners: it asks every client for a
// certificate, and lets those in that have none. A session that is resumed would show none, so that none is.
//
// Source: Kong 3.9.3, kong/pdk/client/tls.lua.
func RequestClientCertificate() Chunk {
	return New(`kong.client.tls.request_client_certificate()
kong.client.tls.disable_session_reuse()`, nil)
}

// VerifyClientCertificate returns a program for the access phase that closes the connections of clients without a certificate that one of
// the authorities, in PEM, has signed for clients. Plain says that requests without TLS are not its business. It needs
// untrusted_lua_sandbox_requires: resty.openssl.x509, resty.openssl.x509.chain and resty.openssl.x509.store; without, it answers 500.
//
// It reads the authorities for every request. To return a function that knows them would let everybody in once it failed to: of a program
// that raised an error the first time it ran, Kong calls no function that it returns later.
//
// Source: Kong 3.9.3, kong/plugins/pre-function/_handler.lua, compile_phase_array.
func VerifyClientCertificate(authorities []string, plain bool) Chunk {
	return New(`if @plain and ngx.var.https ~= "on" then return end
local x509 = require("resty.openssl.x509")
local chain = require("resty.openssl.x509.chain")
local trusted = assert(require("resty.openssl.x509.store").new())
for _, pem in ipairs(@authorities) do
  assert(trusted:add(assert(x509.new(pem, "PEM"))))
end
local text = kong.client.tls.get_full_client_certificate_chain()
if not text then return ngx.exit(444) end
local leaf, between
for pem in string.gmatch(text, "%-%-%-%-%-BEGIN CERTIFICATE%-%-%-%-%-.-%-%-%-%-%-END CERTIFICATE%-%-%-%-%-") do
  local certificate = assert(x509.new(pem, "PEM"))
  if leaf then
    between = between or assert(chain.new())
    assert(between:add(certificate))
  end
  leaf = leaf or certificate
end
if not leaf or not trusted:verify(leaf, between, false, nil, "ssl_client") then return ngx.exit(444) end`,
		Values{"authorities": authorities, "plain": plain})
}
