package proxy

import (
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/gwsync/gwsync/render/route"
)

// getVar looks up a variable of nginx: those of its own that code asks for, and Kong's for the request to the backend.
//
// Source: nginx's documentation, "Alphabetical index of variables"; Kong 3.9.3, kong/templates/nginx_kong.lua.
func (t *luaThread) getVar(l *lua.LState) int {
	name := l.CheckString(2)
	if t.phase == certificatePhase {
		raise(l, "API disabled in the current context")
	}
	v, ok, known := t.x.variable(name)
	switch {
	case !known:
		t.unmodelled(l, "ngx.var.%s", name)
	case ok:
		l.Push(lua.LString(v))
	default:
		l.Push(lua.LNil)
	}
	return 1
}

// variable returns a variable's value, whether it has one, and whether the variable is known at all.
func (x *exchange) variable(name string) (value string, ok, known bool) {
	if v, ok, known := x.prefixedVariable(name); known {
		return v, ok, true
	}
	some := func(s string) (string, bool, bool) { return s, s != "", true }
	switch name {
	case "uri", "document_uri":
		return unescapePath(route.NormalizePath(x.path())), true, true
	case "request_uri":
		return x.target, true, true
	case "host":
		return x.host, true, true
	case "scheme":
		return x.scheme, true, true
	case "https":
		return map[string]string{"https": "on"}[x.scheme], true, true
	case "request_id", "kong_request_id":
		return x.id, true, true
	case "args", "query_string":
		return some(x.rawQuery())
	case "is_args":
		return map[bool]string{true: "?"}[x.rawQuery() != ""], true, true
	case "kong_proxy_mode":
		return "http", true, true
	case "remote_addr", "realip_remote_addr":
		return x.sender.Addr().Unmap().String(), true, true
	case "remote_port", "realip_remote_port":
		return strconv.Itoa(int(x.sender.Port())), true, true
	case "binary_remote_addr":
		return string(x.sender.Addr().Unmap().AsSlice()), true, true
	case "server_addr":
		return x.at.Addr().Unmap().String(), true, true
	case "server_port":
		return strconv.Itoa(int(x.at.Port())), true, true
	case "server_name":
		return "kong", true, true
	case "server_protocol":
		return x.in.Proto, true, true
	case "request_method":
		return x.method(), true, true
	case "request_time":
		return strconv.FormatFloat(time.Since(x.start).Seconds(), 'f', 3, 64), true, true
	case "content_type", "content_length":
		v, ok := x.requestText(strings.ReplaceAll(name, "_", "-"))
		return v, ok, true
	case "msec":
		return strconv.FormatFloat(float64(x.options.now().UnixMilli())/1000, 'f', 3, 64), true, true
	case "ssl_server_name":
		if x.in.TLS == nil {
			return "", false, true
		}
		return some(x.in.TLS.ServerName)
	}
	return x.upstreamVariable(name)
}

// prefixedVariable returns a variable that stands for a header, argument or cookie.
func (x *exchange) prefixedVariable(name string) (value string, ok, known bool) {
	if rest, found := strings.CutPrefix(name, "http_"); found {
		values := x.requestValues(strings.ReplaceAll(rest, "_", "-"))
		return strings.Join(values, ", "), len(values) > 0 && values[0] != "", true
	}
	if rest, found := strings.CutPrefix(name, "cookie_"); found {
		v := cookie(x.requestValues("Cookie"), rest)
		return v, v != "", true
	}
	if rest, found := strings.CutPrefix(name, "arg_"); found {
		for part := range strings.SplitSeq(x.rawQuery(), "&") {
			if n, v, ok := strings.Cut(part, "="); ok && strings.EqualFold(n, rest) {
				return v, true, true
			}
		}
		return "", false, true
	}
	return "", false, false
}

func (x *exchange) upstreamVariable(name string) (value string, ok, known bool) {
	switch name {
	case "upstream_uri":
		return x.out.path, true, true
	case "upstream_host":
		return x.out.host, true, true
	case "upstream_scheme":
		scheme := x.match.Service.Text("protocol")
		if scheme == "" {
			scheme = "http"
		}
		return scheme, true, true
	case "upstream_upgrade":
		return map[bool]string{true: "websocket"}[x.upgrades()], true, true
	}
	v, known := x.forwarded(name)
	return v, known, known
}

func (t *luaThread) setVar(l *lua.LState) int {
	name, v := l.CheckString(2), ""
	if l.Get(3) != lua.LNil {
		v = luaText14(l.Get(3))
	}
	if t.phase != "access" {
		t.unmodelled(l, "setting ngx.var.%s in the %s phase", name, t.phase)
	}
	switch name {
	case "upstream_uri":
		t.x.out.path = v
	case "upstream_host":
		t.x.out.host = cleanHeader(v)
	case "args":
		t.x.out.query = v
	default:
		if !t.x.setForwarded(name, cleanHeader(v)) {
			t.unmodelled(l, "setting ngx.var.%s", name)
		}
	}
	return 0
}

// unescapePath decodes a normal path as $uri has it: "+" stays.
func unescapePath(s string) string { return route.UnescapeQuery(strings.ReplaceAll(s, "+", "%2B")) }

// ngxReq is ngx.req.
func (t *luaThread) ngxReq() *lua.LTable {
	header := t.requestHeaderFunctions()
	return t.module("ngx.req", functions{
		"get_method":   t.give(func() any { return t.x.method() }),
		"get_headers":  t.getHeaders,
		"get_uri_args": t.give(func() any { return parseArgs(t.x.rawQuery()).json() }),
		"http_version": t.give(func() any { return t.x.version() }),
		"start_time":   t.give(func() any { return float64(t.x.start.UnixMilli()) / 1000 }),
		"is_internal":  t.give(func() any { return false }),
		"set_header": func(l *lua.LState) int {
			if l.Get(2) == lua.LNil {
				t.x.clearRequestHeader(l.CheckString(1))
				return 0
			}
			return header["set_header"](l)
		},
		"clear_header": header["clear_header"],
		"set_uri": func(l *lua.LState) int {
			if t.phase != "rewrite" { // there the router comes after, and looks at what the client sent
				t.unmodelled(l, "ngx.req.set_uri in the %s phase", t.phase)
			}
			return 0
		},
		"set_uri_args": func(l *lua.LState) int {
			t.changing(l, "set_uri_args")
			if s, ok := l.Get(1).(lua.LString); ok {
				t.x.out.query = string(s)
			} else {
				t.x.out.query = t.argsOf(l).String()
			}
			return 0
		},
		"read_body": func(l *lua.LState) int {
			t.requestText(l)
			return 0
		},
		"get_body_data": func(l *lua.LState) int {
			if s := ""; t.readsBody {
				if s = t.requestText(l); s != "" {
					l.Push(lua.LString(s))
					return 1
				}
			}
			l.Push(lua.LNil)
			return 1
		},
		"get_body_file": t.give(func() any { return nil }),
		"get_post_args": func(l *lua.LState) int {
			l.Push(t.toLua(parseArgs(t.requestText(l)).json()))
			return 1
		},
		"set_body_data": func(l *lua.LState) int {
			t.changing(l, "set_body_data")
			t.x.setBody([]byte(l.CheckString(1)))
			return 0
		},
	}, "set_method raw_header discard_body init_body append_body finish_body socket set_body_file")
}
