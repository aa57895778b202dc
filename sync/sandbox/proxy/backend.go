package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"time"
)

// maxResponseHeader is how much a backend may send before its header is complete, in bytes.
const maxResponseHeader = 1 << 20

// timeouts are a service's, as Kong has them: for connecting, and for any single write or read.
type timeouts struct{ connect, write, read time.Duration }

// unsentError is a failure before anything of the request was sent, so that any request may be tried again.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

// link is a way to one backend: a dialled one, or the echo.
type link struct {
	peer peer
	dial func(ctx context.Context, network, addr string) (net.Conn, error) // nil for the echo
	addr string
	// secure is how TLS is spoken to the backend, nil for not at all.
	secure *clientTLS
	limits timeouts
}

// link returns the way to a peer.
func (o *Options) link(p peer) link {
	l := link{peer: p, addr: p.String(), dial: o.Dial}
	if o.Backend == nil {
		return l
	}
	if addr, ok := o.Backend(p.host, p.port); ok {
		l.addr = addr
		if l.dial == nil {
			l.dial = (&net.Dialer{}).DialContext
		}
	}
	return l
}

// ask sends the request and returns the answer once its header is there. It takes a connection that is idle in the pool, if there
// is one. Its errors are *unsentError for failures to connect, and *staleError where an idle connection was closed meanwhile.
func (l *link) ask(ctx context.Context, out *outgoing, b *connections) (*http.Response, error) {
	if l.dial == nil {
		return echo(l.peer, out), nil
	}
	key := l.key()
	conn := b.pool.take(key)
	fresh := conn == nil
	if fresh {
		c, err := l.connect(ctx)
		if err != nil {
			return nil, &unsentError{fmt.Errorf("connect to %s: %w", l.peer, err)}
		}
		conn = newBackendConn(&timedConn{Conn: c})
	}
	conn.limit(l.limits)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	resp, err := conn.roundTrip(out)
	if err != nil {
		stop()
		_ = conn.Close()
		if err = fmt.Errorf("ask %s: %w", l.peer, err); !fresh && !isTimeout(err) && ctx.Err() == nil && !conn.answered {
			return nil, &staleError{err}
		}
		return nil, err
	}
	resp.Body = &lastingBody{ReadCloser: resp.Body, ended: resp.Body == http.NoBody, conn: conn, stop: stop, keep: func() {
		if !resp.Close && out.stream == nil && resp.StatusCode != http.StatusSwitchingProtocols {
			b.pool.put(key, conn)
		}
	}}
	return resp, nil
}

// staleError is the failure of a connection that had been idle, before anything of an answer came.
type staleError struct{ err error }

func (e *staleError) Error() string { return e.err.Error() }
func (e *staleError) Unwrap() error { return e.err }

// connect opens a connection of TCP, with TLS if the link is for that.
func (l *link) connect(ctx context.Context) (net.Conn, error) { return l.connectOver(ctx, "tcp") }

func (l *link) connectOver(ctx context.Context, network string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, l.limits.connect)
	defer cancel()
	conn, err := l.dial(ctx, network, l.addr)
	if err != nil || l.secure == nil {
		return conn, err
	}
	secure, err := l.secure.client(ctx, conn)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// backendConn is a connection to a backend that takes one HTTP/1.1 request after another.
type backendConn struct {
	*timedConn
	limited *io.LimitedReader
	r       *bufio.Reader
	w       *bufio.Writer
	// answered says that the backend has begun to answer the present request.
	answered bool
}

func newBackendConn(c *timedConn) *backendConn {
	limited := &io.LimitedReader{R: c, N: math.MaxInt64}
	return &backendConn{timedConn: c, limited: limited, r: bufio.NewReader(limited), w: bufio.NewWriter(c)}
}

// roundTrip writes the request and reads the header of the answer. The target is written as it is: no URL type would keep
// "//", "%2F" and "#" apart as Kong does. A body that is streamed goes on being sent while the answer comes.
func (c *backendConn) roundTrip(out *outgoing) (*http.Response, error) {
	c.answered = false
	fmt.Fprintf(c.w, "%s %s HTTP/1.1\r\n", out.method, out.target())
	err := errors.Join(
		http.Header{"Host": {out.host}}.Write(c.w), // which takes line ends out of the values
		out.header.Write(c.w),
	)
	_, _ = c.w.WriteString("\r\n")
	_, _ = c.w.Write(out.body)
	if err := errors.Join(err, c.w.Flush()); err != nil {
		return nil, err
	}
	if out.stream != nil {
		go c.sendStream(out)
	}
	return c.readHeader(out.method)
}

// sendStream sends a body as it comes. If it breaks off, so does the connection.
func (c *backendConn) sendStream(out *outgoing) {
	var w io.Writer = c.timedConn
	done := func() error { return nil }
	if out.length < 0 {
		chunks := chunkedWriter{w}
		w, done = chunks, chunks.end
	}
	n, err := io.Copy(w, out.stream)
	if err == nil && out.length >= 0 && n != out.length {
		err = io.ErrUnexpectedEOF
	}
	if err = errors.Join(err, done()); err != nil && !c.answered {
		_ = c.Close()
	}
}

// chunkedWriter writes in the chunked transfer coding.
type chunkedWriter struct{ w io.Writer }

func (c chunkedWriter) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	chunk := append(fmt.Appendf(nil, "%x\r\n", len(b)), b...)
	_, err := c.w.Write(append(chunk, "\r\n"...))
	return len(b), err
}

func (c chunkedWriter) end() error {
	_, err := io.WriteString(c.w, "0\r\n\r\n")
	return err
}

// readHeader reads the header of the answer, passing over those that only inform.
func (c *backendConn) readHeader(method string) (*http.Response, error) {
	c.limited.N = maxResponseHeader
	defer func() { c.limited.N = math.MaxInt64 }()
	if _, err := c.r.Peek(1); err != nil {
		return nil, err
	}
	c.answered = true
	for {
		resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == http.StatusSwitchingProtocols {
			resp.Body = tunnelBody{Reader: c.r, Conn: c.timedConn}
			return resp, nil
		}
		if resp.StatusCode >= 200 {
			return resp, nil
		}
	}
}

// lastingBody gives the connection back with the body, or closes it if the body was not read to its end.
type lastingBody struct {
	io.ReadCloser
	ended bool
	conn  *backendConn
	stop  func() bool
	keep  func()
}

func (b *lastingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || err == io.EOF
	return n, err
}

func (b *lastingBody) Close() error {
	if b.conn == nil {
		return nil
	}
	conn := b.conn
	b.conn = nil
	if b.stop() && b.ended && conn.r.Buffered() == 0 {
		b.keep()
		return nil
	}
	return errors.Join(b.ReadCloser.Close(), conn.Close())
}

// timedConn gives every single read and write its time, as nginx does. To write is a sign of life for who reads. Without limits
// it leaves the deadlines alone.
type timedConn struct {
	net.Conn
	limits timeouts
}

func (c *timedConn) limit(t timeouts) { c.limits = t }

func (c *timedConn) Read(b []byte) (int, error) {
	if c.limits.read == 0 {
		return c.Conn.Read(b)
	}
	if err := c.SetReadDeadline(time.Now().Add(c.limits.read)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *timedConn) Write(b []byte) (int, error) {
	now := time.Now()
	if err := errors.Join(c.SetWriteDeadline(now.Add(c.limits.write)), c.SetReadDeadline(now.Add(c.limits.read))); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// withoutPort returns the host of a Host header.
func withoutPort(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.Trim(host, "[]")
}
