package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
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
	// serverName is set for TLS.
	serverName string
	limits     timeouts
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

// ask sends the request and returns the answer once its header is there. Each call uses a connection of its own, so that
// nothing is ever sent twice in silence. Its errors are *unsentError for failures to connect.
func (l *link) ask(ctx context.Context, out *outgoing) (*http.Response, error) {
	if l.dial == nil {
		return echo(l.peer, out), nil
	}
	conn, err := l.connect(ctx)
	if err != nil {
		return nil, &unsentError{fmt.Errorf("connect to %s: %w", l.peer, err)}
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	resp, err := roundTrip(conn, out)
	if err != nil {
		stop()
		_ = conn.Close()
		return nil, fmt.Errorf("ask %s: %w", l.peer, err)
	}
	resp.Body = &lastingBody{ReadCloser: resp.Body, conn: conn, stop: stop}
	return resp, nil
}

func (l *link) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, l.limits.connect)
	defer cancel()
	conn, err := l.dial(ctx, "tcp", l.addr)
	if err != nil {
		return nil, err
	}
	if l.serverName != "" {
		// Kong does not verify backends unless a service says tls_verify, which is refused before this.
		secure := tls.Client(conn, &tls.Config{ServerName: l.serverName, InsecureSkipVerify: true}) //nolint:gosec // see above
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		conn = secure
	}
	return &timedConn{Conn: conn, limits: l.limits}, nil
}

// roundTrip writes the request and reads the header of the answer. The target is written as it is: no URL type would keep
// "//", "%2F" and "#" apart as Kong does.
func roundTrip(conn net.Conn, out *outgoing) (*http.Response, error) {
	w := bufio.NewWriter(conn)
	fmt.Fprintf(w, "%s %s HTTP/1.1\r\n", out.method, out.target())
	err := errors.Join(
		http.Header{"Host": {out.host}}.Write(w), // which takes line ends out of the values
		out.header.Write(w),
	)
	_, _ = w.WriteString("\r\n")
	_, _ = w.Write(out.body)
	if err := errors.Join(err, w.Flush()); err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: conn, N: maxResponseHeader}
	r := bufio.NewReader(limited)
	for {
		resp, err := http.ReadResponse(r, &http.Request{Method: out.method})
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == http.StatusSwitchingProtocols {
			limited.N = math.MaxInt64
			resp.Body = tunnelBody{Reader: r, Conn: conn}
			return resp, nil
		}
		if resp.StatusCode >= 200 {
			limited.N = math.MaxInt64
			return resp, nil
		}
	}
}

// lastingBody closes the connection with the body.
type lastingBody struct {
	io.ReadCloser
	conn net.Conn
	stop func() bool
}

func (b *lastingBody) Close() error {
	b.stop()
	return errors.Join(b.ReadCloser.Close(), b.conn.Close())
}

// timedConn gives every single read and write its time, as nginx does.
type timedConn struct {
	net.Conn
	limits timeouts
}

func (c *timedConn) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.limits.read)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *timedConn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.limits.write)); err != nil {
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
