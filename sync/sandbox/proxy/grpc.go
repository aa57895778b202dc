package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const grpcType = "application/grpc"

// isGRPC reports whether Kong takes the request for gRPC, and puts its own answers accordingly.
//
// Source: Kong 3.9.3, kong/pdk/response.lua, is_grpc_request.
func (x *exchange) isGRPC() bool {
	t, _ := firstHeader(x.in.Header, "Content-Type")
	return x.in.ProtoMajor == 2 && strings.HasPrefix(t, grpcType)
}

// said is what one of Kong's own answers says, for clients of gRPC, who get it in headers.
type said struct {
	message string // "" for what gRPC calls the status
	typed   bool   // whether it has gRPC's content type
}

// toGRPC puts an answer of Kong's own as gRPC wants it.
//
// Source: Kong 3.9.3, kong/pdk/response.lua, send.
func (r *response) toGRPC() {
	status := grpcStatus(r.status)
	message := r.said.message
	if message == "" {
		message = grpcMessages()[status]
	}
	r.body = nil
	r.header.Del("Content-Type")
	if r.said.typed {
		r.header.Set("Content-Type", grpcType)
	}
	r.header.Set("Content-Length", "0")
	r.header.Set("Grpc-Status", strconv.Itoa(status))
	r.header.Set("Grpc-Message", message)
}

// grpcStatus returns the status of gRPC for one of HTTP.
func grpcStatus(status int) int {
	switch status {
	case 401:
		return 16
	case 403:
		return 7
	case 404:
		return 5
	case 409:
		return 6
	case 429:
		return 8
	case 499:
		return 1
	case 501:
		return 12
	case 503:
		return 14
	case 504:
		return 4
	}
	switch status / 100 {
	case 2:
		return 0
	case 4:
		return 3
	case 5:
		return 13
	}
	return 2
}

// grpcMessages are the names of gRPC's statuses as Kong writes them.
func grpcMessages() [17]string {
	return [17]string{
		"OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists", "PermissionDenied",
		"ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented", "Internal", "Unavailable", "DataLoss",
		"Unauthenticated",
	}
}

// sealGRPC takes out what HTTP/2 does not have.
func (x *exchange) sealGRPC() {
	for _, name := range []string{"Connection", "Upgrade", "Transfer-Encoding"} {
		x.out.header.Del(name)
	}
}

// connections are those to backends.
type connections struct {
	pool *pool

	mu sync.Mutex
	h2 map[clientTLS]*http.Transport // by how TLS is spoken, the zero one for not at all
}

func newConnections() *connections {
	return &connections{pool: newPool(), h2: map[clientTLS]*http.Transport{}}
}

// close closes the connections that are idle.
func (b *connections) close() {
	b.pool.close()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.h2 {
		t.CloseIdleConnections()
	}
}

// connectTimeout is the key of the time for connecting in the context of a dial.
type connectTimeout struct{}

// transport returns what speaks HTTP/2 over connections like the link's.
func (b *connections) transport(l *link) *http.Transport {
	var key clientTLS
	if l.secure != nil {
		key = *l.secure
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.h2[key]; t != nil {
		return t
	}
	dial := func(ctx context.Context, addr string) (net.Conn, error) {
		own := *l
		own.addr = addr
		own.limits.connect, _ = ctx.Value(connectTimeout{}).(time.Duration)
		conn, err := own.connect(ctx)
		if err != nil {
			return nil, &unsentError{fmt.Errorf("connect to %s: %w", addr, err)}
		}
		return conn, nil
	}
	t := &http.Transport{
		Protocols: new(http.Protocols), DisableCompression: true, IdleConnTimeout: idleTimeout,
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) { return dial(ctx, addr) },
		DialTLSContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			conn, err := dial(ctx, addr)
			if secure, ok := conn.(*tls.Conn); err == nil && (!ok || secure.ConnectionState().NegotiatedProtocol != "h2") {
				_ = conn.Close()
				return nil, &unsentError{fmt.Errorf("%s does not speak HTTP/2", addr)}
			}
			return conn, err
		},
	}
	t.Protocols.SetHTTP2(true)
	t.Protocols.SetUnencryptedHTTP2(true)
	b.h2[key] = t
	return t
}

// askGRPC is ask over HTTP/2. Both bodies are streamed, and the answer's trailers are passed on.
func (l *link) askGRPC(ctx context.Context, out *outgoing, b *connections) (*http.Response, error) {
	if l.dial == nil {
		return echoGRPC(l.peer, out), nil
	}
	ctx, cancel := context.WithCancelCause(context.WithValue(ctx, connectTimeout{}, l.limits.connect))
	u := &url.URL{Scheme: "http", Host: l.addr, Opaque: out.target()}
	if l.secure != nil {
		u.Scheme, l.secure.protocol = "https", "h2"
	}
	if strings.HasPrefix(u.Opaque, "//") {
		u.Opaque = "//" + out.host + u.Opaque // or URL would take the path for a host
	}
	req := &http.Request{Method: out.method, URL: u, Host: out.host, Header: out.header.Clone(), Body: http.NoBody}
	switch {
	case out.stream != nil:
		req.Body, req.ContentLength = io.NopCloser(out.stream), out.length
	case len(out.body) > 0:
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(out.body)), int64(len(out.body))
	}
	if len(req.Header["User-Agent"]) == 0 {
		req.Header["User-Agent"] = nil // or net/http would name itself
	}
	timer := time.AfterFunc(l.limits.connect+l.limits.read, func() { cancel(os.ErrDeadlineExceeded) })
	resp, err := b.transport(l).RoundTrip(req.WithContext(ctx))
	if err != nil {
		timer.Stop()
		if errors.Is(context.Cause(ctx), os.ErrDeadlineExceeded) {
			err = os.ErrDeadlineExceeded
		}
		cancel(nil)
		return nil, fmt.Errorf("ask %s: %w", l.peer, err)
	}
	timer.Reset(l.limits.read)
	if resp.Body != http.NoBody {
		resp.Body = &streamedBody{ReadCloser: resp.Body, timer: timer, limit: l.limits.read, cancel: func() { cancel(nil) }}
	} else {
		timer.Stop()
		cancel(nil)
	}
	return resp, nil
}

// streamedBody is a body of which each piece has its time.
type streamedBody struct {
	io.ReadCloser
	timer  *time.Timer
	limit  time.Duration
	cancel func()
}

func (b *streamedBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.limit)
	return b.ReadCloser.Read(p)
}

func (b *streamedBody) Close() error {
	b.timer.Stop()
	err := b.ReadCloser.Close()
	b.cancel()
	return err
}

// echoGRPC answers in place of a backend of gRPC, whose messages nobody here can write: with a status that says which backend
// it stands for, and what would have arrived there.
func echoGRPC(p peer, out *outgoing) *http.Response {
	r := echo(p, out)
	if !strings.HasPrefix(out.header.Get("Content-Type"), grpcType) {
		return r
	}
	r.Body = http.NoBody
	r.Header = http.Header{
		"Content-Type": {grpcType}, "Content-Length": {"0"}, "Grpc-Status": {"12"},
		"Grpc-Message": {"echo in place of " + p.String() + ": " + out.method + " " + out.target() + " for " + out.host},
	}
	return r
}
