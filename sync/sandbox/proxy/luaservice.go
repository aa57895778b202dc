package proxy

import (
	"net/http"
	"net/netip"

	lua "github.com/yuin/gopher-lua"
)

// serviceModule is kong.service: where the request goes, and how long that may take.
//
// Source: Kong 3.9.3, kong/pdk/service.lua.
func (t *luaThread) serviceModule() *lua.LTable {
	const access, target = "access", "rewrite, access, balancer, preread"
	return t.module("kong.service", functions{
		"set_upstream": t.only(access, func(l *lua.LState) int {
			host := l.CheckString(1)
			if t.x.table.upstreams[host] == nil {
				return fail(l, "could not find an Upstream named '"+host+"'")
			}
			t.retarget(l, host)
			l.Push(lua.LTrue)
			return 1
		}),
		"set_target": t.only(target, func(l *lua.LState) int {
			host, port := l.CheckString(1), l.CheckNumber(2)
			if port != lua.LNumber(int(port)) || port < 0 || port > 65535 {
				raise(l, "port must be an integer between 0 and 65535: given %s", luaText14(port))
			}
			if t.phase != access {
				t.unmodelled(l, "kong.service.set_target in the %s phase", t.phase)
			}
			t.retarget(l, host)
			t.setService(l, "port", int64(port))
			t.x.out.host = host
			return 0
		}),
		"set_retries": t.only(access, func(l *lua.LState) int {
			t.setService(l, "retries", limitedInt(l, 1, "retries", 0, 32767))
			return 0
		}),
		"set_timeouts": t.only(access, func(l *lua.LState) int {
			for i, name := range []string{"connect_timeout", "write_timeout", "read_timeout"} {
				t.setService(l, name, limitedInt(l, i+1, name, 1, 2147483646))
			}
			return 0
		}),
	}, "set_target_retry_callback set_tls_cert_key set_tls_verify set_tls_verify_depth set_tls_verify_store")
}

func limitedInt(l *lua.LState, n int, name string, least, most int64) int64 {
	v, ok := l.Get(n).(lua.LNumber)
	if !ok || v != lua.LNumber(int64(v)) {
		raise(l, "%s must be an integer", name)
	}
	if int64(v) < least || int64(v) > most {
		raise(l, "%s must be an integer between %d and %d: given %s", name, least, most, luaText14(v))
	}
	return int64(v)
}

// setService changes what is known of the service, for this request. A route without one gets none by that.
func (t *luaThread) setService(l *lua.LState, field string, value any) {
	if t.x.match.Service.IsZero() {
		return
	}
	e, err := t.x.match.Service.With(field, value)
	if err != nil {
		raise(l, "%v", err)
	}
	t.x.match.Service = e
}

// retarget sends the request to another host. Kong looks at the service's own host to tell an address from a name; where that is an
// address it takes any other for one too, and fails once it asks the backend.
func (t *luaThread) retarget(l *lua.LState, host string) {
	_, errBefore := netip.ParseAddr(t.x.match.Service.Text("host"))
	_, errAfter := netip.ParseAddr(host)
	t.x.lost = errBefore == nil && errAfter != nil
	t.setService(l, "host", host)
}

// serviceResponseModule is kong.service.response: the backend's answer.
func (t *luaThread) serviceResponseModule() *lua.LTable {
	members := functions{
		"get_status": func(l *lua.LState) int {
			if !t.answer.proxied {
				l.Push(lua.LNil)
				return 1
			}
			l.Push(lua.LNumber(t.answer.status))
			return 1
		},
		"get_header":  t.getAnswerHeader,
		"get_headers": t.getAnswerHeaders,
	}
	for name, f := range members {
		members[name] = t.only("response, header_filter, body_filter, log", f)
	}
	return t.module("kong.service.response", members, "get_raw_body get_body")
}

// getAnswerHeaders is ngx.resp.get_headers. It always tells what becomes of the connection, whatever its name is in the answer.
//
// Source: lua-nginx-module, ngx_http_lua_headers.c.
func (t *luaThread) getAnswerHeaders(l *lua.LState) int {
	headers := t.headerTable(t.answerHeader())
	connection := "keep-alive"
	switch {
	case t.answer != nil && t.answer.status == http.StatusSwitchingProtocols:
		connection = "upgrade"
	case t.x.in.Close:
		connection = "close"
	}
	headers.RawSetString("connection", lua.LString(connection))
	l.Push(headers)
	return 1
}

func (t *luaThread) getAnswerHeader(l *lua.LState) int {
	values := t.answerHeader().Values(answerName(l.CheckString(1)))
	if len(values) == 0 {
		l.Push(lua.LNil)
	} else {
		l.Push(lua.LString(values[0]))
	}
	return 1
}

// answerHeader is the header of the answer, or that of the one to come.
func (t *luaThread) answerHeader() http.Header {
	if t.answer != nil {
		return t.answer.header
	}
	if t.x.early == nil {
		t.x.early = http.Header{}
	}
	return t.x.early
}
