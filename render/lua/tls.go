package lua

import "strings"

// TLS is how a program speaks TLS to backends, and what it wants of their certificates.
type TLS struct {
	// Name is the server name of the handshake.
	Name string
	// Authorities are those that it trusts, in PEM, each an authority's own certificate. Without any it trusts those of Kong's own
	// lua_ssl_trusted_certificate, by default the system's, wants a certificate for Name, and looks neither at Depth nor at the other names.
	Authorities []string
	// Depth is how many certificates may stand between a backend's and a trusted one at most.
	Depth int64
	// Hosts and URIs are the names of which a backend's certificate must have one, among its subjectAltNames.
	Hosts, URIs []string
}

// Modules returns what a program with this TLS requires, see [Requires].
func (t TLS) Modules() []string {
	if len(t.Authorities) == 0 {
		return nil
	}
	return Requires(string(verifying))
}

// value is what the function of [verifying] takes.
func (t TLS) value() map[string]any {
	names := []any{}
	for _, h := range t.Hosts {
		names = append(names, map[string]any{"host": strings.ToLower(h)})
	}
	for _, u := range t.URIs {
		names = append(names, map[string]any{"uri": u})
	}
	out := map[string]any{"name": t.Name}
	if len(t.Authorities) > 0 {
		out["authorities"], out["depth"], out["names"] = t.Authorities, t.Depth, names
	}
	return out
}

// handshake returns the function secure(socket, tls): it makes a connection one of TLS and returns true, or nil and why the backend is not
// who it should be. Nothing may be sent if it does not return true.
func handshake(of ...*TLS) constant {
	for _, t := range of {
		if t != nil && len(t.Authorities) > 0 {
			return verifying
		}
	}
	return trusting
}

// trusting leaves the verification to the socket.
//
// Source: OpenResty's lua-nginx-module, README.markdown, "tcpsock:sslhandshake"; Kong 3.9.3, kong.conf.default,
// lua_ssl_trusted_certificate.
const trusting = `local function secure(socket, tls)
  return socket:sslhandshake(false, tls.name, true)
end
`

// verifying verifies by itself, since a socket trusts none but those of kong.conf, and knows one name. It reads the names of a certificate
// off its DER text: lua-resty-openssl ends them at the first zero byte. A wildcard stands for one label, below two at least.
//
// Source: github.com/fffonion/lua-resty-openssl 0.8.23 to 1.5.1, lib/resty/openssl/ssl.lua, x509/store.lua, x509/altname.lua; RFC 5280, 4.1
// and 4.2.1.6; RFC 9525, 6.3.
const verifying = `local function elements(content)
  local at = 1
  return function()
    local tag, size = string.byte(content or "", at, at + 1)
    if not size then
      return nil
    end
    at = at + 2
    if size > 127 then
      local last = at + size - 129
      size = 0
      for i = at, last do
        size = size * 256 + (string.byte(content, i) or 0)
      end
      at = last + 1
    end
    local value = string.sub(content, at, at + size - 1)
    if #value < size then
      return nil
    end
    at = at + size
    return tag, value
  end
end
local function first(content)
  local _, value = elements(content)()
  return value
end
local function named(certificate, names)
  local function wanted(tag, name)
    local host = string.lower(name)
    local below = string.match(host, "^%*(%.[^.]+%..+)$")
    for _, want in ipairs(names) do
      if tag == 134 and want.uri == name or tag == 130 and want.host
        and (want.host == host or below and string.match(want.host, "^[^.]+(%..+)$") == below) then
        return true
      end
    end
  end
  for tag, extensions in elements(first(first(certificate:tostring("DER")))) do
    for _, extension in elements(tag == 163 and first(extensions) or "") do
      local id, value
      for kind, part in elements(extension) do
        id, value = kind == 6 and part or id, kind == 4 and part or value
      end
      for kind, name in elements(id == "\085\029\017" and first(value) or "") do
        if wanted(kind, name) then
          return true
        end
      end
    end
  end
end
local function secure(socket, tls)
  if not tls.authorities then
    return socket:sslhandshake(false, tls.name, true)
  end
  local x509, ssl = require("resty.openssl.x509"), require("resty.openssl.ssl")
  local trusted = assert(require("resty.openssl.x509.store").new())
  assert(trusted:set_depth(tls.depth))
  for _, pem in ipairs(tls.authorities) do
    assert(trusted:add(assert(x509.new(pem, "PEM"))))
  end
  local ok, err = socket:sslhandshake(false, tls.name, false)
  if not ok then
    return nil, err
  end
  local session = assert(ssl.from_socket(socket))
  local certificate = assert(session:get_peer_certificate())
  ok, err = trusted:verify(certificate, session:get_peer_cert_chain(), false, nil, "ssl_server")
  if not ok then
    return nil, err
  end
  if not named(certificate, tls.names) then
    return nil, "the certificate has another name"
  end
  return true
end
`
