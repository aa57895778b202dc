package proxy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// luaSocket is what ngx.socket.tcp returns. It reaches the same backends as the proxy itself; where the echo stands for them it speaks
// HTTP to that.
//
// Source: OpenResty's lua-nginx-module, README.markdown, "ngx.socket.tcp".
type luaSocket struct {
	conn  net.Conn // nil if it is not connected
	r     *bufio.Reader
	limit timeouts
	chain *x509List // what the server presented, in TLS; nil without
}

// socketTimeout is how long a socket waits if the code does not say: nginx's lua_socket_*_timeout.
const socketTimeout = 60 * time.Second

// ngxSocket is ngx.socket.
func (t *luaThread) ngxSocket() *lua.LTable {
	methods := t.module("ngx.socket.tcp", functions{
		"connect": t.socketConnect, "sslhandshake": t.socketHandshake, "send": t.socketSend, "receive": t.socketReceive,
		"receiveany": t.socketReceiveAny,
		"close":      socketClose, "setkeepalive": socketClose,
		"settimeout": func(l *lua.LState) int {
			d := socketTime(l, 2)
			socketOf(l).limit = timeouts{d, d, d}
			return 0
		},
		"settimeouts": func(l *lua.LState) int {
			socketOf(l).limit = timeouts{connect: socketTime(l, 2), write: socketTime(l, 3), read: socketTime(l, 4)}
			return 0
		},
		"getreusedtimes": t.give(func() any { return 0 }),
	}, "setclientcert receiveuntil setoption bind")
	meta := t.NewTable()
	meta.RawSetString("__index", methods)
	tcp := func(l *lua.LState) int {
		l.Push(&lua.LUserData{
			Value: &luaSocket{limit: timeouts{socketTimeout, socketTimeout, socketTimeout}}, Env: t.Env, Metatable: meta,
		})
		return 1
	}
	return t.module("ngx.socket", functions{"tcp": tcp}, "connect stream udp")
}

func socketOf(l *lua.LState) *luaSocket {
	s, ok := l.CheckUserData(1).Value.(*luaSocket)
	if !ok {
		l.ArgError(1, "socket expected")
	}
	return s
}

// socketTime reads a timeout in milliseconds; none, or 0, is the default.
func socketTime(l *lua.LState, n int) time.Duration {
	ms := float64(l.OptNumber(n, 0))
	if ms <= 0 || ms > 1e9 {
		return socketTimeout
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// waiting does what takes time but no instructions: it does not count for the code's own time.
func (t *luaThread) waiting(l *lua.LState, do func(context.Context) error) error {
	t.budget.timer.Stop()
	defer t.budget.timer.Reset(luaTime)
	err := do(t.budget.parent)
	if t.budget.parent.Err() != nil {
		t.ended, t.exited = true, nil // nobody waits for the answer any more
		t.x.closed = true
		t.stop(l)
	}
	return err
}

// socketError returns nil and what OpenResty calls an error.
func socketError(l *lua.LState, err error) int {
	switch {
	case isTimeout(err):
		return fail(l, "timeout")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return fail(l, "closed")
	}
	message := err.Error()
	return fail(l, message[strings.LastIndexByte(message, ':')+1:])
}

func (t *luaThread) socketConnect(l *lua.LState) int {
	s := socketOf(l)
	host, port := l.CheckString(2), l.CheckInt(3)
	if port < 1 || port > 65535 {
		return fail(l, "bad port number")
	}
	link := t.x.options.link(peer{host, port})
	if link.dial == nil {
		s.conn = &echoConn{peer: link.peer, trace: t.x.trace, apart: t.phase == "timer"}
	} else {
		err := t.waiting(l, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, s.limit.connect)
			defer cancel()
			var err error
			s.conn, err = link.dial(ctx, "tcp", link.addr)
			return err
		})
		if err != nil {
			s.conn = nil
			return socketError(l, err)
		}
		t.sockets = append(t.sockets, s.conn)
	}
	s.r, s.chain = bufio.NewReader(s.conn), nil
	l.Push(lua.LNumber(1))
	return 1
}

func (t *luaThread) socketSend(l *lua.LState) int {
	s := socketOf(l)
	if s.conn == nil {
		return fail(l, "closed")
	}
	text := ""
	if list, ok := l.Get(2).(*lua.LTable); ok {
		for i := 1; i <= list.Len(); i++ {
			piece := luaText14(list.RawGetInt(i))
			t.spend(l, len(piece))
			text += piece
		}
	} else {
		text = luaText14(l.Get(2))
	}
	var n int
	err := t.waiting(l, func(context.Context) error {
		if err := s.conn.SetWriteDeadline(time.Now().Add(s.limit.write)); err != nil {
			return err
		}
		var err error
		n, err = io.WriteString(s.conn, text)
		return err
	})
	if err != nil {
		return socketError(l, err)
	}
	l.Push(lua.LNumber(n))
	return 1
}

// socketReceive reads a number of bytes, a line ("*l", without its end), or all there is ("*a"). On an error what was read is the third
// result.
func (t *luaThread) socketReceive(l *lua.LState) int {
	s := socketOf(l)
	if s.conn == nil {
		return fail(l, "closed")
	}
	var read func() (string, error)
	switch v := l.Get(2).(type) {
	case lua.LNumber:
		if v < 0 || v > luaText {
			raise(l, "bad number of bytes to receive: %s", luaText14(v))
		}
		t.spend(l, int(v))
		read = func() (string, error) {
			b := make([]byte, int(v))
			n, err := io.ReadFull(s.r, b)
			return string(b[:n]), err
		}
	case *lua.LNilType:
		read = s.line
	case lua.LString:
		switch v {
		case "*l":
			read = s.line
		case "*a":
			read = func() (string, error) {
				b, err := io.ReadAll(io.LimitReader(s.r, luaText+1))
				return string(b), err
			}
		}
	}
	if read == nil {
		raise(l, "bad pattern argument: %s", luaText14(l.Get(2)))
	}
	text, err := t.socketRead(l, s, read)
	if err != nil {
		n := socketError(l, err)
		l.Push(lua.LString(text))
		return n + 1
	}
	l.Push(lua.LString(text))
	return 1
}

// socketReceiveAny reads what there is, at least a byte and at most the number of bytes asked for.
func (t *luaThread) socketReceiveAny(l *lua.LState) int {
	s := socketOf(l)
	if s.conn == nil {
		return fail(l, "closed")
	}
	most := l.CheckInt(2)
	if most <= 0 || most > luaText {
		raise(l, "bad max argument: %d", most)
	}
	text, err := t.socketRead(l, s, func() (string, error) {
		b := make([]byte, min(most, 64<<10))
		n, err := s.r.Read(b)
		return string(b[:n]), err
	})
	if text == "" && err != nil {
		return socketError(l, err)
	}
	l.Push(lua.LString(text))
	return 1
}

// socketRead reads from a socket within its time.
func (t *luaThread) socketRead(l *lua.LState, s *luaSocket, read func() (string, error)) (text string, err error) {
	err = t.waiting(l, func(context.Context) error {
		err := s.conn.SetReadDeadline(time.Now().Add(s.limit.read))
		if err == nil {
			text, err = read()
		}
		return err
	})
	t.spend(l, len(text))
	return text, err
}

// line reads a line of at most 64 KiB.
func (s *luaSocket) line() (string, error) {
	var b []byte
	for len(b) < 64<<10 {
		c, err := s.r.ReadByte()
		if err != nil {
			return string(b), err
		}
		switch c {
		case '\n':
			return string(b), nil
		case '\r':
		default:
			b = append(b, c)
		}
	}
	return string(b), errLineTooLong
}

var errLineTooLong = errors.New("the line is too long")

func socketClose(l *lua.LState) int {
	s := socketOf(l)
	if s.conn == nil {
		return fail(l, "closed")
	}
	_ = s.conn.Close()
	s.conn = nil
	l.Push(lua.LNumber(1))
	return 1
}

// ngxTimer is ngx.timer: what is to be done at once, apart from the request.
func (t *luaThread) ngxTimer() *lua.LTable {
	return t.module("ngx.timer", functions{"at": func(l *lua.LState) int {
		if delay := l.CheckNumber(1); delay != 0 {
			t.unmodelled(l, "ngx.timer.at with a delay")
		}
		args := []lua.LValue{lua.LFalse} // it does not come before its time
		for i := 3; i <= l.GetTop(); i++ {
			args = append(args, l.Get(i))
		}
		f := l.CheckFunction(2)
		if len(t.timers) == maxTimers {
			return fail(l, "too many pending timers")
		}
		t.timers = append(t.timers, func() { _, _ = t.call(f, args...) }) // nobody is there to be told
		l.Push(lua.LNumber(1))
		return 1
	}}, "every pending_count running_count")
}

// maxTimers bounds what one request may put off.
const maxTimers = 100

// sleep is ngx.sleep.
func (t *luaThread) sleep(l *lua.LState) int {
	seconds := float64(l.CheckNumber(1))
	if seconds < 0 || seconds > 60 {
		t.unmodelled(l, "ngx.sleep for %s seconds", luaText14(l.Get(1)))
	}
	if t.x.trace != nil {
		return 0
	}
	_ = t.waiting(l, func(ctx context.Context) error {
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(seconds * float64(time.Second))):
		}
		return nil
	})
	return 0
}
