package proxy

import (
	"net/http"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// The phases that may look at the answer, and those that may change its header.
const (
	answerPhases = "response, header_filter, body_filter, log, error, admin_api"
	headerPhases = "rewrite, access, response, header_filter, error, admin_api"
)

// responseModule is kong.response.
//
// Source: Kong 3.9.3, kong/pdk/response.lua.
func (t *luaThread) responseModule() *lua.LTable {
	members := functions{
		"get_status":  t.only(answerPhases, t.give(func() any { return t.answer.status })),
		"get_header":  t.only(answerPhases, t.getAnswerHeader),
		"get_headers": t.only(answerPhases, t.getAnswerHeaders),
		"get_source": t.only(answerPhases, t.give(func() any {
			if t.answer.proxied {
				return "service"
			}
			return "exit"
		})),
		"set_status": t.only(headerPhases, func(l *lua.LState) int {
			t.setStatus(l, l.Get(1))
			return 0
		}),
		"set_header": t.only(headerPhases, func(l *lua.LState) int {
			name := l.CheckString(1)
			t.setAnswerHeader(name, headerValues(l, name, l.Get(2)))
			return 0
		}),
		"add_header": t.only(headerPhases, func(l *lua.LState) int {
			name := l.CheckString(1)
			for _, v := range headerValues(l, name, l.Get(2)) {
				t.answerHeader().Add(answerName(name), v)
			}
			return 0
		}),
		"clear_header": t.only(headerPhases, func(l *lua.LState) int {
			t.answerHeader().Del(answerName(l.CheckString(1)))
			return 0
		}),
		"set_headers": t.only(headerPhases, func(l *lua.LState) int {
			eachHeader(l, l.CheckTable(1), t.setAnswerHeader)
			return 0
		}),
		"get_raw_body": t.only("body_filter", t.getAnswerBody),
		"set_raw_body": t.only("body_filter", func(l *lua.LState) int {
			t.chunk.out, t.chunk.eof = []byte(l.CheckString(1)), true
			if len(t.chunk.out) == 0 {
				t.chunk.out = []byte("\n")
			}
			t.chunk.kept = nil
			return 0
		}),
		"exit":  t.only(headerPhases, t.exitResponse),
		"error": t.only(headerPhases, t.errorResponse),
	}
	return t.module("kong.response", members, "")
}

// answerName is the name of a header as nginx takes it from ngx.header.
func answerName(name string) string {
	return http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
}

func (t *luaThread) setAnswerHeader(name string, values []string) {
	switch name = answerName(name); {
	case name == "Transfer-Encoding": // Kong ignores it
	case len(values) == 0:
		t.answerHeader().Del(name)
	case isSingleAnswer(name):
		t.answerHeader()[name] = values[len(values)-1:]
	default:
		t.answerHeader()[name] = values
	}
}

// setStatus sets the status of the answer, or of the one to come.
func (t *luaThread) setStatus(l *lua.LState, v lua.LValue) {
	n := statusOf(l, v)
	if t.answer != nil {
		t.answer.status = n
	} else {
		t.status = n
	}
}

func statusOf(l *lua.LState, v lua.LValue) int {
	n, ok := v.(lua.LNumber)
	if !ok {
		raise(l, "code must be a number")
	}
	if n < 100 || n > 599 {
		raise(l, "code must be a number between 100 and 599")
	}
	return int(n)
}

// exitResponse is kong.response.exit. In the header's filter it replaces the answer that there is.
func (t *luaThread) exitResponse(l *lua.LState) int {
	status := statusOf(l, l.Get(1))
	if status < 200 {
		t.unmodelled(l, "kong.response.exit with status %d", status)
	}
	var text *string
	var contentType string
	switch body := l.Get(2).(type) {
	case *lua.LNilType:
	case lua.LString:
		s := string(body)
		text = &s
	case *lua.LTable:
		v, err := fromLua(body, 0)
		if err != nil {
			raise(l, "body encoding failed while flushing response: %v", err)
		}
		s := encodeExitJSON(v)
		text, contentType = &s, jsonType
	default:
		raise(l, "body must be a nil, string or table")
	}
	headers := http.Header{}
	if l.Get(3) != lua.LNil {
		eachHeader(l, l.CheckTable(3), func(name string, values []string) { headers[answerName(name)] = values })
	}
	delete(headers, "Transfer-Encoding")
	if t.answer != nil {
		t.replaceAnswer(status, text, contentType, headers)
		t.ended = true
		t.stop(l)
	}
	t.exit(l, t.x.exitWith(status, text, contentType, headers))
	return 0
}

// exitWith is the answer of kong.response.exit: without a body nginx has its page for some statuses.
func (x *exchange) exitWith(status int, text *string, contentType string, headers http.Header) *response {
	var r *response
	if text == nil && (headers.Get("Content-Type") == "" || pageMessages(status) != "") && x.early.Get("Content-Type") == "" {
		r = x.bare(status)
	} else {
		r = newResponse(status, contentType, deref(text))
		if contentType == "" {
			r.header.Del("Content-Type")
		}
	}
	for name, values := range headers {
		r.header[name] = values
	}
	if text != nil {
		cutToLength(r, []byte(*text))
	}
	return r
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// cutToLength sets a body, as much of it as Content-Length says.
func cutToLength(r *response, body []byte) {
	if n, err := strconv.Atoi(r.header.Get("Content-Length")); err == nil && n >= 0 && n < len(body) {
		body = body[:n]
	}
	r.setBody(body)
}

func (t *luaThread) replaceAnswer(status int, text *string, contentType string, headers http.Header) {
	r := t.answer
	r.status = status
	if contentType != "" {
		r.header.Set("Content-Type", contentType)
	}
	r.header.Set("Content-Length", strconv.Itoa(len(deref(text))))
	for name, values := range headers {
		r.header[name] = values
	}
	cutToLength(r, []byte(deref(text)))
}

// errorResponse is kong.response.error: Kong's page, in the type that the client accepts.
func (t *luaThread) errorResponse(l *lua.LState) int {
	status := statusOf(l, l.Get(1))
	if status < 400 {
		raise(l, "code must be a number between 400 and 599")
	}
	message := l.OptString(2, errorMessage(status))
	headers := http.Header{}
	if l.Get(3) != lua.LNil {
		eachHeader(l, l.CheckTable(3), func(name string, values []string) { headers[answerName(name)] = values })
	}
	if headers.Get("Content-Type") != "" {
		t.unmodelled(l, "kong.response.error with a Content-Type")
	}
	r := t.x.fail(status, message)
	for name, values := range headers {
		r.header[name] = values
	}
	if t.answer != nil {
		body, _ := r.readBody()
		text := string(body)
		t.replaceAnswer(status, &text, r.header.Get("Content-Type"), headers)
		t.ended = true
		t.stop(l)
	}
	t.exit(l, r)
	return 0
}

// errorMessage is what Kong says of a status.
func errorMessage(status int) string {
	if m := pageMessages(status); m != "" {
		return m
	}
	switch status {
	case 421:
		return "Misdirected request"
	case 416:
		return "Range not satisfiable"
	case 418:
		return "I'm a teapot"
	case 505:
		return "HTTP version not supported"
	case 508:
		return "Loop detected"
	}
	text := http.StatusText(status)
	if text == "" {
		return "The upstream server responded with " + strconv.Itoa(status)
	}
	return text[:1] + strings.ToLower(text[1:])
}

// bodyChunk is what a body filter works on: a piece of the body.
type bodyChunk struct {
	out  []byte
	eof  bool
	kept []byte // by get_raw_body, until the last piece
}

// getAnswerBody is kong.response.get_raw_body: the whole body once its end is there, nil before.
func (t *luaThread) getAnswerBody(l *lua.LState) int {
	c := t.chunk
	c.kept = append(c.kept, c.out...)
	c.out = nil
	if !c.eof {
		l.Push(lua.LNil)
		return 1
	}
	c.out, c.kept = c.kept, nil
	t.spend(l, len(c.out))
	l.Push(lua.LString(c.out))
	return 1
}
