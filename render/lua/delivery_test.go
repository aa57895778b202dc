package lua_test

import (
	"testing"

	golua "github.com/yuin/gopher-lua"

	"github.com/gwsync/gwsync/render/lua"
)

// calls runs a program where Kong's functions take note of how they are called, and returns that: the name and the arguments.
func calls(t *testing.T, program lua.Chunk) [][]string {
	t.Helper()
	state := golua.NewState()
	defer state.Close()
	var out [][]string
	state.SetGlobal("note", state.NewFunction(func(l *golua.LState) int {
		var call []string
		for i := 1; i <= l.GetTop(); i++ {
			call = append(call, l.ToString(i))
		}
		out = append(out, call)
		l.Push(golua.LTrue)
		return 1
	}))
	const environment = `
local function noted(name) return function(...) return note(name, ...) end end
local verbs = { __index = function(_, verb) return noted(verb) end }
kong = { ctx = { plugin = {} }, response = setmetatable({}, verbs), service = { set_upstream = noted("set_upstream"),
  request = setmetatable({}, verbs) }, request = { get_path = function() return "/old/x" end } }
ngx = { var = {}, time = function() return 5 end }
`
	if err := state.DoString(environment + string(program)); err != nil {
		t.Fatalf("%v in\n%s", err, program)
	}
	return out
}

// FuzzChoose holds that what a manifest says of a backend arrives at Kong's functions as it is.
func FuzzChoose(f *testing.F) {
	for _, s := range []string{"x", `"]]`, "\n", "\x00", "end", "@upstream", "-- ", "\\", "$(1)", "\xff"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		backends := []lua.Backend{{
			Weight: 1, Upstream: "u" + value,
			Request:  lua.Join(lua.RequestHeader("set", name, value), lua.Path(value), lua.Prefix("/old", value)),
			Response: lua.ResponseHeader("add", name, value),
		}}
		replaced := value + "/x"
		want := [][]string{
			{"set_upstream", "u" + value}, {"set_header", name, value}, {"set_path", value}, {"set_path", replaced}, {"add_header", name, value},
		}
		got := calls(t, lua.Join(lua.Choose(backends, 500, value), lua.Responses(backends)))
		if len(got) != len(want) {
			t.Fatalf("got %q, want %q", got, want)
		}
		for i := range want {
			if len(got[i]) != len(want[i]) || got[i][len(got[i])-1] != want[i][len(want[i])-1] || got[i][0] != want[i][0] {
				t.Errorf("got %q, want %q", got[i], want[i])
			}
		}
		broken := calls(t, lua.Choose([]lua.Backend{{Weight: 1, Broken: true}}, 503, value))
		if len(broken) != 1 || broken[0][0] != "exit" || broken[0][1] != "503" {
			t.Errorf("a broken backend: got %q", broken)
		}
		hand := calls(t, lua.Join(`kong.ctx.plugin.gwsync_session = "token"`, lua.Session{Name: name}.Hand()))
		if len(hand) != 1 || hand[0][1] != name || hand[0][2] != "token" {
			t.Errorf("a session: got %q", hand)
		}
	})
}

// FuzzCompile holds that Lua takes the long programs, whatever is put into them.
func FuzzCompile(f *testing.F) {
	f.Add("a.default.svc", int64(80), 500, int64(1))
	f.Add(`"]]`, int64(-1), -7, int64(0))
	f.Fuzz(func(t *testing.T, host string, port int64, code int, time int64) {
		at := []lua.Address{{Host: host, Port: port, Weight: time}}
		secure := &lua.TLS{Name: host, Authorities: []string{host}, Depth: time, Hosts: []string{host}, URIs: []string{host}}
		session := lua.Session{Name: host, Cookie: true, Seconds: time, Permanent: true}
		for _, program := range []lua.Chunk{
			lua.Copies([]lua.Mirror{{Addresses: at, Share: time, Of: port, Only: code}}),
			lua.Resend(lua.Retry{Addresses: [][]lua.Address{at}, Codes: []int{code}, Attempts: code, Backoff: time, Request: time, Read: port}),
			lua.Resend(lua.Retry{Addresses: [][]lua.Address{at}, TLS: secure}), lua.Copies([]lua.Mirror{{Addresses: at, TLS: secure}}),
			lua.Resend(lua.Retry{Addresses: [][]lua.Address{at}, TLS: &lua.TLS{Name: host}}), lua.Errors(code, time, port, host),
			session.Begin(), session.Hand(), lua.Unsized,
		} {
			state := golua.NewState(golua.Options{SkipOpenLibs: true})
			if _, err := state.LoadString(string(program)); err != nil {
				t.Errorf("%v in\n%s", err, program)
			}
			state.Close()
		}
	})
}
