package proxy

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// echoConn is a connection to the echo: it reads requests and answers them.
type echoConn struct {
	net.Conn // nil: none of it is used
	peer     peer
	trace    *Trace
	apart    bool // from the request, in a timer
	in, out  bytes.Buffer
}

func (c *echoConn) Write(b []byte) (int, error) { return c.in.Write(b) }

func (c *echoConn) Read(b []byte) (int, error) {
	if c.out.Len() == 0 {
		c.answer()
	}
	return c.out.Read(b)
}

func (c *echoConn) Close() error {
	c.answer()
	return nil
}

func (c *echoConn) SetReadDeadline(time.Time) error { return nil }

func (c *echoConn) SetWriteDeadline(time.Time) error { return nil }

// answer answers a request, if a whole one has been sent.
func (c *echoConn) answer() {
	r, err := http.ReadRequest(bufio.NewReader(&c.in))
	if err != nil {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	path, query, _ := strings.Cut(r.RequestURI, "?")
	out := outgoing{method: r.Method, path: path, query: query, host: r.Host, header: r.Header, body: body}
	if c.trace != nil {
		s := sent(c.peer, &out)
		s.Copy = c.apart
		c.trace.Sent = append(c.trace.Sent, s)
	}
	resp := echo(c.peer, &out) //nolint:bodyclose // it is a buffer's
	resp.ProtoMajor, resp.ProtoMinor, resp.Request = 1, 1, r
	resp.ContentLength = -1
	if text, err := io.ReadAll(resp.Body); err == nil {
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	}
	_ = resp.Write(&c.out) // a buffer
}
