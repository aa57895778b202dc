package proxy

import (
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // ngx.md5
	"crypto/sha1" //nolint:gosec // ngx.hmac_sha1
	"encoding/base64"
	"encoding/hex"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/gwsync/gwsync/render/route"
)

// ngxConstants are the numbers of OpenResty's API.
const ngxConstants = `AGAIN=-2 ALERT=2 CRIT=3 DEBUG=8 DECLINED=-5 DONE=-4 EMERG=1 ERR=4 ERROR=-1 INFO=7 NOTICE=6 OK=0 STDERR=0 WARN=5
HTTP_ACCEPTED=202 HTTP_BAD_GATEWAY=502 HTTP_BAD_REQUEST=400 HTTP_CLOSE=444 HTTP_CONFLICT=409 HTTP_CONTINUE=100 HTTP_COPY=128
HTTP_CREATED=201 HTTP_DELETE=32 HTTP_FORBIDDEN=403 HTTP_GATEWAY_TIMEOUT=504 HTTP_GET=2 HTTP_GONE=410 HTTP_HEAD=4 HTTP_ILLEGAL=451
HTTP_INSUFFICIENT_STORAGE=507 HTTP_INTERNAL_SERVER_ERROR=500 HTTP_LOCK=4096 HTTP_METHOD_NOT_IMPLEMENTED=501 HTTP_MKCOL=64
HTTP_MOVE=256 HTTP_MOVED_PERMANENTLY=301 HTTP_MOVED_TEMPORARILY=302 HTTP_NOT_ACCEPTABLE=406 HTTP_NOT_ALLOWED=405
HTTP_NOT_FOUND=404 HTTP_NOT_IMPLEMENTED=501 HTTP_NOT_MODIFIED=304 HTTP_NO_CONTENT=204 HTTP_OK=200 HTTP_OPTIONS=512
HTTP_PARTIAL_CONTENT=206 HTTP_PATCH=16384 HTTP_PAYMENT_REQUIRED=402 HTTP_PERMANENT_REDIRECT=308 HTTP_POST=8 HTTP_PROPFIND=1024
HTTP_PROPPATCH=2048 HTTP_PUT=16 HTTP_REQUEST_TIMEOUT=408 HTTP_SEE_OTHER=303 HTTP_SERVICE_UNAVAILABLE=503 HTTP_SPECIAL_RESPONSE=300
HTTP_SWITCHING_PROTOCOLS=101 HTTP_TEMPORARY_REDIRECT=307 HTTP_TOO_MANY_REQUESTS=429 HTTP_TRACE=32768 HTTP_UNAUTHORIZED=401
HTTP_UNLOCK=8192 HTTP_UPGRADE_REQUIRED=426 HTTP_VERSION_NOT_SUPPORTED=505`

// absentNgx are the functions of ngx that are not modelled.
const absentNgx = `_phase_ctx crc32_long eof exec flush get_raw_phase localtime on_abort run_worker_thread send_headers today utctime
sha1_bin parse_http_time`

// ngxModule is the global ngx.
//
// Source: OpenResty's lua-nginx-module, README.markdown.
func (t *luaThread) ngxModule() *lua.LTable {
	out := t.module("ngx", t.ngxFunctions(), absentNgx)
	for _, c := range strings.Fields(ngxConstants) {
		name, value, _ := strings.Cut(c, "=")
		n, _ := strconv.Atoi(value)
		out.RawSetString(name, lua.LNumber(n))
	}
	for name, v := range map[string]lua.LValue{
		"null": t.null(), "req": t.ngxReq(), "var": t.computed(t.NewTable(), t.getVar, t.setVar), "header": t.ngxHeader(), "re": t.ngxRe(),
		"arg": t.ngxArg(), "config": t.ngxConfig(), "resp": t.module("ngx.resp", functions{"get_headers": t.getAnswerHeaders}, ""),
		"timer":    t.ngxTimer(),
		"socket":   t.ngxSocket(),
		"thread":   t.module("ngx.thread", nil, "kill spawn wait"),
		"location": t.module("ngx.location", nil, "capture capture_multi"),
		"worker": t.module("ngx.worker", functions{
			"id": t.give(func() any { return 0 }), "count": t.give(func() any { return 1 }), "exiting": t.give(func() any { return false }),
		}, "pid pids"),
		"shared": t.computed(t.NewTable(), func(l *lua.LState) int {
			t.unmodelled(l, "ngx.shared.%s", luaText14(l.Get(2)))
			return 0
		}, nil),
	} {
		out.RawSetString(name, v)
	}
	return t.computed(out, t.getNgx, t.setNgx)
}

func (t *luaThread) ngxConfig() *lua.LTable {
	out := t.module("ngx.config", nil, "prefix nginx_configure")
	out.RawSetString("subsystem", lua.LString("http"))
	out.RawSetString("nginx_version", lua.LNumber(1025003))
	return out
}

// getNgx looks up what changes: the status and the table of the request.
func (t *luaThread) getNgx(l *lua.LState) int {
	switch l.CheckString(2) {
	case "status":
		n := t.status
		if t.answer != nil {
			n = t.answer.status
		}
		l.Push(lua.LNumber(n))
	case "ctx":
		if t.ngxCtx == nil {
			t.ngxCtx = t.NewTable()
			// The one of Kong's own entries that is there: kong/runloop/handler.lua, rewrite.
			t.ngxCtx.RawSetString("host_port", lua.LNumber(t.x.port()))
		}
		l.Push(t.ngxCtx)
	case "headers_sent":
		l.Push(lua.LBool(t.phase == "body_filter" || t.phase == "log" || t.printed != nil))
	default:
		return 0
	}
	return 1
}

func (t *luaThread) setNgx(l *lua.LState) int {
	switch name := l.CheckString(2); name {
	case "status":
		t.setStatus(l, l.Get(3))
	case "ctx":
		t.ngxCtx = l.CheckTable(3)
	default:
		l.CheckTable(1).RawSetString(name, l.Get(3))
	}
	return 0
}

// textual returns a function of one string, which has no answer for some.
func (t *luaThread) textual(f func(string) (string, bool)) lua.LGFunction {
	return func(l *lua.LState) int {
		if s, ok := f(luaText14(l.Get(1))); ok {
			t.spend(l, len(s))
			l.Push(lua.LString(s))
		} else {
			l.Push(lua.LNil)
		}
		return 1
	}
}

func (t *luaThread) ngxFunctions() functions {
	always := func(f func(string) string) lua.LGFunction {
		return t.textual(func(s string) (string, bool) { return f(s), true })
	}
	silent := func(*lua.LState) int { return 0 }
	return functions{
		"log": silent, "update_time": silent,
		"say":           func(l *lua.LState) int { return t.print(l, "\n") },
		"print":         func(l *lua.LState) int { return t.print(l, "") },
		"exit":          t.ngxExit,
		"sleep":         t.sleep,
		"redirect":      t.ngxRedirect,
		"get_phase":     t.give(func() any { return t.phase }),
		"now":           t.give(func() any { return float64(t.x.options.now().UnixMilli()) / 1000 }),
		"time":          t.give(func() any { return t.x.options.now().Unix() }),
		"escape_uri":    always(escapeComponent),
		"unescape_uri":  always(route.UnescapeQuery),
		"encode_base64": always(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),
		"decode_base64": t.textual(func(s string) (string, bool) {
			b, err := decodeBase64(s)
			return string(b), err == nil
		}),
		"md5": always(func(s string) string {
			sum := md5.Sum([]byte(s)) //nolint:gosec // what it is called
			return hex.EncodeToString(sum[:])
		}),
		"md5_bin": always(func(s string) string {
			sum := md5.Sum([]byte(s)) //nolint:gosec // what it is called
			return string(sum[:])
		}),
		"quote_sql_str": always(quoteSQL),
		"hmac_sha1": func(l *lua.LState) int {
			mac := hmac.New(sha1.New, []byte(l.CheckString(1)))
			mac.Write([]byte(l.CheckString(2)))
			l.Push(lua.LString(mac.Sum(nil)))
			return 1
		},
		"crc32_short": func(l *lua.LState) int {
			l.Push(lua.LNumber(crc32.ChecksumIEEE([]byte(l.CheckString(1)))))
			return 1
		},
		"encode_args": func(l *lua.LState) int {
			l.Push(lua.LString(t.argsOf(l).String()))
			return 1
		},
		"decode_args": func(l *lua.LState) int {
			l.Push(t.toLua(parseArgs(l.CheckString(1)).json()))
			return 1
		},
		"http_time":   t.formatTime("Mon, 02 Jan 2006 15:04:05 GMT"),
		"cookie_time": t.formatTime("Mon, 02-Jan-06 15:04:05 GMT"),
	}
}

func (t *luaThread) formatTime(layout string) lua.LGFunction {
	return func(l *lua.LState) int {
		l.Push(lua.LString(time.Unix(l.CheckInt64(1), 0).UTC().Format(layout)))
		return 1
	}
}

// escapeComponent is ngx.escape_uri.
func escapeComponent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isAlphanumeric(c) || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			writeEscaped(&b, c)
		}
	}
	return b.String()
}

func quoteSQL(s string) string {
	return "'" + strings.NewReplacer(
		"\x00", `\0`, "\b", `\b`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\x1a", `\Z`, `\`, `\\`, `'`, `\'`, `"`, `\"`,
	).Replace(s) + "'"
}

// print is ngx.print and ngx.say: the answer is the code's own.
func (t *luaThread) print(l *lua.LState, end string) int {
	if t.answer != nil {
		t.unmodelled(l, "ngx.print in the %s phase", t.phase)
	}
	if t.printed == nil {
		t.printed = []byte{} // nothing printed is an answer, too
	}
	for i := 1; i <= l.GetTop(); i++ {
		switch v := l.Get(i).(type) {
		case *lua.LTable:
			t.unmodelled(l, "ngx.print of a table")
		default:
			s := luaText14(v)
			t.spend(l, len(s))
			t.printed = append(t.printed, s...)
		}
	}
	t.printed = append(t.printed, end...)
	l.Push(lua.LNumber(1))
	return 1
}

// printedAnswer is the answer that the code has printed, nil if it has not.
func (t *luaThread) printedAnswer() *response {
	if t.printed == nil {
		return nil
	}
	status := t.status
	if status == 0 {
		status = http.StatusOK
	}
	r := newResponse(status, "", "")
	r.header = http.Header{}
	r.setBody(t.printed)
	return r
}

// ngxExit ends the request with nginx's page for a status, or closes the connection.
func (t *luaThread) ngxExit(l *lua.LState) int {
	status := l.CheckInt(1)
	switch {
	case t.printed != nil:
		t.exit(l, t.printedAnswer())
	case t.answer != nil:
		t.unmodelled(l, "ngx.exit in the %s phase", t.phase)
	case status == 444:
		t.x.closed = true
		t.exit(l, t.x.bare(http.StatusOK))
	case status < 200 || status > 599:
		t.unmodelled(l, "ngx.exit with status %d", status)
	}
	t.exit(l, t.x.bare(status))
	return 0
}

func (t *luaThread) ngxRedirect(l *lua.LState) int {
	status := l.OptInt(2, http.StatusFound)
	switch status {
	case 301, 302, 303, 307, 308:
	default:
		raise(l, "only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, "+
			"and ngx.HTTP_TEMPORARY_REDIRECT are allowed")
	}
	if t.answer != nil {
		raise(l, "API disabled in the context of %s_by_lua*", t.phase)
	}
	r := t.x.bare(status)
	r.header.Set("Location", cleanHeader(l.CheckString(1)))
	t.exit(l, r)
	return 0
}

// ngxHeader is ngx.header.
func (t *luaThread) ngxHeader() *lua.LTable {
	return t.computed(t.NewTable(), func(l *lua.LState) int {
		values := t.answerHeader().Values(answerName(l.CheckString(2)))
		if len(values) == 0 {
			return 0
		}
		l.Push(t.toLua(oneOrMany(values)))
		return 1
	}, func(l *lua.LState) int {
		name := l.CheckString(2)
		if l.Get(3) == lua.LNil {
			t.answerHeader().Del(answerName(name))
		} else {
			t.setAnswerHeader(name, headerValues(l, name, l.Get(3)))
		}
		return 0
	})
}

// ngxArg is ngx.arg in a body filter: a piece of the body, and whether it is the last.
func (t *luaThread) ngxArg() *lua.LTable {
	return t.computed(t.NewTable(), func(l *lua.LState) int {
		if t.chunk == nil {
			return 0
		}
		switch l.CheckInt(2) {
		case 1:
			t.spend(l, len(t.chunk.out))
			l.Push(lua.LString(t.chunk.out))
		case 2:
			l.Push(lua.LBool(t.chunk.eof))
		default:
			return 0
		}
		return 1
	}, func(l *lua.LState) int {
		if t.chunk == nil {
			raise(l, "API disabled in the current context")
		}
		switch l.CheckInt(2) {
		case 1:
			t.chunk.out = nil
			if l.Get(3) != lua.LNil {
				t.chunk.out = []byte(luaText14(l.Get(3)))
			}
		case 2:
			t.chunk.eof = lua.LVAsBool(l.Get(3))
		}
		return 0
	})
}
