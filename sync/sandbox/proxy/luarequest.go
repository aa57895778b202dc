package proxy

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/gwsync/gwsync/render/route"
)

// requestModule is kong.request.
//
// Source: Kong 3.9.3, kong/pdk/request.lua. No address is trusted, so that what is forwarded is what is.
func (t *luaThread) requestModule() *lua.LTable {
	scheme := t.give(func() any { return t.x.scheme })
	host := t.give(func() any { return t.x.host })
	return t.module("kong.request", functions{
		"get_scheme": scheme, "get_host": host, "get_port": t.give(func() any { return int(t.x.at.Port()) }),
		"get_forwarded_scheme": scheme, "get_forwarded_host": host, "get_forwarded_port": t.give(func() any { return int(t.x.port()) }),
		"get_forwarded_path":   t.give(func() any { return t.x.path() }),
		"get_forwarded_prefix": t.give(func() any { return t.x.prefix() }),
		"get_http_version":     t.give(func() any { return t.x.version() }),
		"get_method":           t.give(func() any { return t.x.method() }),
		"get_path":             t.give(func() any { return route.NormalizePath(t.x.path()) }),
		"get_raw_path":         t.give(func() any { return t.x.path() }),
		"get_path_with_query":  t.give(func() any { return t.x.target }),
		"get_raw_query":        t.give(func() any { return t.x.rawQuery() }),
		"get_query":            t.give(func() any { return parseArgs(t.x.rawQuery()).json() }),
		"get_headers":          t.getHeaders,
		"get_start_time":       t.give(func() any { return t.x.start.UnixMilli() }),
		"get_uri_captures": t.give(func() any {
			named, unnamed := captures(t.x.match.Captures)
			return map[string]any{"named": named, "unnamed": unnamed}
		}),
		"get_query_arg": func(l *lua.LState) int {
			values := parseArgs(t.x.rawQuery())[l.CheckString(1)]
			switch {
			case len(values) == 0:
				l.Push(lua.LNil)
			case values[0].bare:
				l.Push(lua.LTrue)
			default:
				l.Push(lua.LString(values[0].value))
			}
			return 1
		},
		"get_header": func(l *lua.LState) int {
			if l.Get(1).Type() != lua.LTString {
				raise(l, "header name must be a string")
			}
			if v, ok := t.x.requestText(l.CheckString(1)); ok {
				l.Push(lua.LString(v))
			} else {
				l.Push(lua.LNil)
			}
			return 1
		},
		"get_raw_body": func(l *lua.LState) int {
			l.Push(lua.LString(t.requestText(l)))
			return 1
		},
		"get_body": t.getBody,
	}, "")
}

// version is the HTTP version as a number.
func (x *exchange) version() any {
	switch {
	case x.in.ProtoMajor == 2:
		return 2
	case x.in.ProtoAtLeast(1, 1):
		return 1.1
	}
	return 1
}

// requestText reads the body of the request.
func (t *luaThread) requestText(l *lua.LState) string {
	b, err := t.x.requestBody()
	if err != nil {
		raise(l, "%v", err)
	}
	t.readsBody = true
	t.spend(l, len(b))
	return string(b)
}

// getHeaders returns the headers of the request by their names in lower case; they are found in any case, and with _ for -.
func (t *luaThread) getHeaders(l *lua.LState) int {
	h := t.x.requestHeader()
	out := t.headerTable(h)
	if host := t.x.currentHost(); host != "" {
		out.RawSetString("host", lua.LString(host))
	}
	l.Push(out)
	return 1
}

// headerTable returns headers by their names in lower case.
func (t *luaThread) headerTable(h http.Header) *lua.LTable {
	out := t.CreateTable(0, len(h))
	for name, values := range h {
		if len(values) > 0 {
			out.RawSetString(strings.ToLower(name), t.toLua(oneOrMany(values)))
		}
	}
	return t.computed(out, func(l *lua.LState) int {
		name, ok := l.Get(2).(lua.LString)
		if !ok {
			return 0
		}
		l.Push(out.RawGetString(strings.ReplaceAll(strings.ToLower(string(name)), "_", "-")))
		return 1
	}, nil)
}

// getBody is kong.request.get_body: the body's fields, or nil and why not, and the media type.
func (t *luaThread) getBody(l *lua.LState) int {
	mime, _ := t.x.requestText("Content-Type")
	mime = l.OptString(1, mime)
	var v any
	switch lower := strings.ToLower(mime); {
	case mime == "":
		return fail(l, "missing content type")
	case strings.HasPrefix(lower, "application/x-www-form-urlencoded"):
		v = parseArgs(t.requestText(l)).json()
		mime = "application/x-www-form-urlencoded"
	case strings.HasPrefix(lower, "application/json"):
		mime = "application/json"
		var ok bool
		if v, ok = decodeLuaJSON([]byte(t.requestText(l))); !ok {
			l.Push(lua.LNil)
			l.Push(lua.LString("invalid json body"))
			l.Push(lua.LString(mime))
			return 3
		}
		if _, ok := v.(map[string]any); !ok {
			if _, ok := v.([]any); !ok {
				return fail(l, "invalid json body")
			}
		}
	case strings.HasPrefix(lower, "multipart/form-data"):
		t.unmodelled(l, "kong.request.get_body of a multipart body")
	default:
		l.Push(lua.LNil)
		l.Push(lua.LString("unsupported content type '" + mime + "'"))
		l.Push(lua.LString(mime))
		return 3
	}
	l.Push(t.toLua(v))
	l.Push(lua.LNil)
	l.Push(lua.LString(mime))
	return 3
}

// fail returns nil and why.
func fail(l *lua.LState, why string) int {
	l.Push(lua.LNil)
	l.Push(lua.LString(why))
	return 2
}

// The phases that may change the request.
const requestPhases = "rewrite, access, balancer"

// serviceRequestModule is kong.service.request.
//
// Source: Kong 3.9.3, kong/pdk/service/request.lua.
func (t *luaThread) serviceRequestModule() *lua.LTable {
	members := functions{
		"enable_buffering": func(*lua.LState) int { return 0 },
		"set_scheme": func(l *lua.LState) int {
			scheme := l.CheckString(1)
			if scheme != "http" && scheme != "https" {
				raise(l, "invalid scheme: %s", scheme)
			}
			t.setService(l, "protocol", scheme)
			return 0
		},
		"set_path": func(l *lua.LState) int {
			path := l.CheckString(1)
			if !strings.HasPrefix(path, "/") {
				raise(l, "path must start with /")
			}
			t.changing(l, "set_path")
			t.x.out.path = route.EscapePath(path)
			return 0
		},
		"set_method": func(l *lua.LState) int {
			t.changing(l, "set_method")
			method := l.CheckString(1)
			if !validMethod(method) {
				raise(l, "invalid method: %s", method)
			}
			t.x.out.method = method
			return 0
		},
		"set_raw_body": func(l *lua.LState) int {
			t.changing(l, "set_raw_body")
			t.x.setBody([]byte(l.CheckString(1)))
			return 0
		},
		"set_body": t.setRequestFields,
	}
	maps.Copy(members, t.requestHeaderFunctions())
	maps.Copy(members, t.requestQueryFunctions())
	for name, f := range members {
		members[name] = t.only(requestPhases, f)
	}
	return t.module("kong.service.request", members, "disable_tls")
}

func (t *luaThread) requestQueryFunctions() functions {
	return functions{
		"set_raw_query": func(l *lua.LState) int {
			t.changing(l, "set_raw_query")
			t.x.out.query = l.CheckString(1)
			return 0
		},
		"set_query": func(l *lua.LState) int {
			t.changing(l, "set_query")
			t.x.out.query = t.argsOf(l).String()
			return 0
		},
		"clear_query_arg": func(l *lua.LState) int {
			t.changing(l, "clear_query_arg")
			query := parseArgs(t.x.out.query)
			if name := l.CheckString(1); query.has(name) {
				query.remove(name)
			}
			t.x.out.query = query.String()
			return 0
		},
	}
}

func (t *luaThread) requestHeaderFunctions() functions {
	return functions{
		"set_header": func(l *lua.LState) int {
			name := l.CheckString(1)
			t.x.setRequestHeader(name, headerValues(l, name, l.Get(2))...)
			return 0
		},
		"add_header": func(l *lua.LState) int {
			name := l.CheckString(1)
			values := headerValues(l, name, l.Get(2))
			if !isHost(name) {
				values = append(slices.Clip(t.x.requestValues(name)), values...)
			}
			t.x.setRequestHeader(name, values...)
			return 0
		},
		"clear_header": func(l *lua.LState) int {
			t.x.clearRequestHeader(l.CheckString(1))
			return 0
		},
		"set_headers": func(l *lua.LState) int {
			eachHeader(l, l.CheckTable(1), func(name string, values []string) { t.x.setRequestHeader(name, values...) })
			return 0
		},
	}
}

// changing lets only changes through that last: before the route is known they would not.
func (t *luaThread) changing(l *lua.LState, what string) {
	if t.phase != "access" {
		t.unmodelled(l, "kong.service.request.%s in the %s phase", what, t.phase)
	}
}

// argsOf reads a table of arguments, the first parameter.
func (t *luaThread) argsOf(l *lua.LState) args {
	v, err := fromLua(l.CheckTable(1), 0)
	if err != nil {
		raise(l, "%v", err)
	}
	fields, _ := v.(map[string]any)
	a, err := argsOf(fields)
	if err != nil {
		raise(l, "%v", err)
	}
	return a
}

// setRequestFields is kong.service.request.set_body.
func (t *luaThread) setRequestFields(l *lua.LState) int {
	t.changing(l, "set_body")
	mime, _ := t.x.requestText("Content-Type")
	mime = l.OptString(2, mime)
	switch lower := strings.ToLower(mime); {
	case mime == "":
		return fail(l, "content type was neither explicitly given as an argument or received as a header")
	case strings.HasPrefix(lower, "application/x-www-form-urlencoded"):
		t.x.setBody([]byte(t.argsOf(l).String()))
	case strings.HasPrefix(lower, "application/json"):
		v, err := fromLua(l.CheckTable(1), 0)
		if err != nil {
			return fail(l, err.Error())
		}
		t.x.setBody(encodeLuaJSON(v))
	case strings.HasPrefix(lower, "multipart/form-data"):
		t.unmodelled(l, "kong.service.request.set_body of a multipart body")
	default:
		return fail(l, "unsupported content type '"+mime+"'")
	}
	t.x.setRequestHeader("Content-Type", mime)
	l.Push(lua.LTrue)
	return 1
}
