package lua_test

import (
	"testing"

	golua "github.com/yuin/gopher-lua"

	"github.com/gwsync/gwsync/render/lua"
)

// TestClientsAreVerifiedAfterAnError runs the program as Kong does, where reading the authorities fails the first time and then no more:
// a program that returns a function is called again for it only by the first run.
func TestClientsAreVerifiedAfterAnError(t *testing.T) {
	state := golua.NewState()
	defer state.Close()
	state.SetGlobal("program", golua.LString(lua.VerifyClientCertificate([]string{"an authority"}, false)))
	const handler = `
failed, closed = false, 0
local store = { add = function() return true end, verify = function() return false end }
local modules = {
  ["resty.openssl.x509"] = { new = function(pem) return pem end },
  ["resty.openssl.x509.chain"] = {},
  ["resty.openssl.x509.store"] = { new = function()
    if not failed then
      failed = true
      return nil, "no memory"
    end
    return store
  end },
}
function require(name) return modules[name] end
ngx = { exit = function(status) assert(status == 444) closed = closed + 1 end }
kong = { client = { tls = { get_full_client_certificate_chain = function()
  return "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----"
end } } }
run, began = assert(loadstring(program)), false
local function access()
  if began then
    return run()
  end
  began = true
  local made = run()
  if type(made) == "function" then
    run = made
    run()
  end
end
assert(not pcall(access), "the first request is to fail")
access()
access()
return closed
`
	if err := state.DoString(handler); err != nil {
		t.Fatal(err)
	}
	if closed := state.Get(-1); closed != golua.LNumber(2) {
		t.Errorf("%v of 2 connections were closed", closed)
	}
}
