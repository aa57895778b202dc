package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gwsync/gwsync/render/kong"
)

// forward asks the backend, as often as the service's retries allow.
//
// Source: Kong 3.9.3, kong/runloop/balancer/init.lua; nginx's proxy_next_upstream with its default "error timeout".
func (x *exchange) forward(ctx context.Context) *response {
	service := x.match.Service
	a := &attempt{exchange: x, service: service, ownHost: x.out.host, choice: choice{lost: map[peer]bool{}, failed: map[peer]bool{}}}
	switch p := service.Text("protocol"); p {
	case "", "http":
	case "https", "grpcs":
		a.secure = true
	case "grpc":
	default:
		return x.unmodelled("service %s: protocol %s", service.Name(), p)
	}
	a.grpc = strings.HasPrefix(service.Text("protocol"), "grpc")
	if a.upstream = x.table.upstreams[service.Text("host")]; a.upstream != nil {
		if what := a.upstream.unmodelledFor(x.options); what != "" {
			return x.unmodelled("upstream %s: %s", a.upstream.entity.Name(), what)
		}
		a.choice.key = x.hashKey(a.upstream.entity)
	}
	if r := x.loadBody(a.grpc); r != nil {
		return r
	}
	x.seal()
	if a.grpc {
		x.sealGRPC()
	}
	return a.run(ctx)
}

// loadBody makes the body of the request ready to be sent: whole, so that it can be sent again, unless Kong streams it or it is
// too large to be kept.
func (x *exchange) loadBody(grpc bool) *response {
	if x.out.body != nil {
		return nil // a plugin's
	}
	if buffering, _ := x.match.Route.Field("request_buffering"); !x.read && (grpc || buffering == false) {
		x.streamBody(x.firstPiece(grpc))
		return nil
	}
	body, err := x.readBody()
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		x.streamBody(body)
		return nil
	}
	if err != nil {
		return x.failed(err)
	}
	x.out.body = body
	return nil
}

// firstPiece returns what there is at once of a body of unknown length. If it is all, its length is known.
func (x *exchange) firstPiece(grpc bool) []byte {
	if grpc || x.in.ContentLength >= 0 {
		return nil
	}
	b := make([]byte, 16<<10)
	n, err := x.in.Body.Read(b)
	if err == io.EOF {
		x.in.ContentLength = int64(n)
	}
	return b[:n]
}

// streamBody has the body sent as it comes, after what was read of it.
func (x *exchange) streamBody(start []byte) {
	x.read, x.bodyErr = true, errStreamed
	if x.in.ContentLength == 0 {
		return
	}
	x.out.stream, x.out.length = io.MultiReader(bytes.NewReader(start), x.in.Body), x.in.ContentLength
	if x.control != nil {
		_ = x.control.EnableFullDuplex() // an answer may come before the body has gone; HTTP/2 needs no leave
	}
}

var errStreamed = &bodyError{errors.New("it is on its way to the backend")}

// attempt is the asking of a backend, over all its tries.
type attempt struct {
	*exchange
	service      kong.Entity
	upstream     *upstream // nil if the service names its backend itself
	ownHost      string    // the Host header if the route or a plugin set it
	choice       choice
	secure, grpc bool
}

// errNoPeer says that nobody has an address.
var errNoPeer = errors.New("no peer has an address")

func (a *attempt) run(ctx context.Context) *response {
	asked := time.Now()
	var resp *http.Response
	var err error
	for tries := number(a.service, "retries", 5) + 1; tries > 0; tries-- {
		var p peer
		if p, resp, err = a.try(ctx); err == nil {
			r := a.answered(resp, time.Since(asked))
			r.done = func() { a.release(p, asked) }
			return r
		}
		if errors.Is(err, errNoPeer) {
			return a.noPeer()
		}
		a.release(p, asked)
		a.choice.failed[p] = true
		if ctx.Err() != nil || !a.repeatable(err) {
			break
		}
		var stale *staleError
		if errors.As(err, &stale) {
			tries++ // nginx does not count these
		}
	}
	status := http.StatusBadGateway
	if isTimeout(err) {
		status = http.StatusGatewayTimeout
	}
	r := a.errorPage(status)
	r.proxied, r.grpc, r.waited = true, a.grpc, time.Since(asked)
	return r
}

// release tells the balancer that a peer is free again.
func (a *attempt) release(p peer, asked time.Time) {
	if a.upstream != nil {
		a.upstream.balancer.done(p, time.Since(asked))
	}
}

// try asks one peer. Those whose names do not resolve are passed over: Kong has no address of them in its ring.
func (a *attempt) try(ctx context.Context) (peer, *http.Response, error) {
	for {
		p, ok := a.next()
		if !ok {
			return p, nil, errNoPeer
		}
		l := a.options.link(p)
		l.limits = limitsOf(a.service)
		a.out.host = a.hostFor(p)
		if a.secure {
			l.secure = a.table.clientTLS(a.service, a.upstream, a.out.host)
		}
		if a.trace != nil {
			a.trace.Sent = append(a.trace.Sent, sent(p, &a.out))
		}
		var resp *http.Response
		var err error
		if a.grpc {
			resp, err = l.askGRPC(ctx, &a.out, a.backends)
		} else {
			resp, err = l.ask(ctx, &a.out, a.backends)
		}
		var unknown *net.DNSError
		if !errors.As(err, &unknown) {
			return p, resp, err
		}
		a.release(p, time.Now())
		a.choice.lost[p] = true
	}
}

// next returns whom to ask next, and whether there is anybody.
func (a *attempt) next() (peer, bool) {
	if a.upstream != nil {
		return a.upstream.balancer.next(&a.choice)
	}
	p := peer{host: a.service.Text("host"), port: int(number(a.service, "port", 80))}
	return p, !a.choice.lost[p]
}

// hostFor returns the Host header for a peer: the client's or a plugin's, else the upstream's host_header, else the peer's
// own name, with the port unless the protocol implies it.
func (a *attempt) hostFor(p peer) string {
	if a.ownHost != "" {
		return a.ownHost
	}
	host := p.host
	if a.upstream != nil {
		if h := a.upstream.entity.Text("host_header"); h != "" {
			host = h
		}
	}
	if p.port == 443 && a.secure || p.port == 80 && !a.secure {
		return host
	}
	return host + ":" + strconv.Itoa(p.port)
}

// noPeer is the answer where there is nobody to ask.
func (a *attempt) noPeer() *response {
	if a.upstream != nil {
		return a.fail(http.StatusServiceUnavailable, "failure to get a peer from the ring-balancer")
	}
	return a.fail(http.StatusServiceUnavailable, "name resolution failed")
}

// answered turns a backend's answer into the one for the client.
func (a *attempt) answered(resp *http.Response, waited time.Duration) *response {
	if resp.Header.Get("X-Accel-Redirect") != "" {
		_ = resp.Body.Close()
		return a.unmodelled("a backend's X-Accel-Redirect")
	}
	r := &response{
		status: resp.StatusCode, header: resp.Header, body: resp.Body,
		proxied: true, waited: waited, via: resp.Header.Values("Via"), grpc: a.grpc,
	}
	if a.grpc {
		r.trailer = func() http.Header { return resp.Trailer }
	}
	if a.cookie != "" {
		setCookie(r.header, a.cookie)
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		r.upgraded, _ = resp.Body.(*lastingBody).ReadCloser.(io.ReadWriteCloser)
		return r
	}
	if a.out.method == http.MethodHead && a.in.Method != http.MethodHead {
		r.header.Del("Content-Length") // of a body that does not come
	}
	wantsTrailers := a.out.header.Get("Te") != ""
	dropHopByHop(r.header)
	r.header.Del("Upgrade")
	if !wantsTrailers {
		r.header.Del("Trailer")
	}
	for _, name := range []string{"X-Pad", "X-Accel-Expires", "X-Accel-Limit-Rate", "X-Accel-Buffering", "X-Accel-Charset"} {
		r.header.Del(name) // nginx keeps these for itself
	}
	return r
}

// setCookie sets a cookie in place of one of the same name.
func setCookie(h http.Header, cookie string) {
	name, _, _ := strings.Cut(cookie, "=")
	h["Set-Cookie"] = append(slices.DeleteFunc(slices.Clone(h["Set-Cookie"]), func(c string) bool {
		return strings.HasPrefix(c, name+"=")
	}), cookie)
}

// repeatable reports whether nginx sends a request again after a failure: always if nothing was sent, and for most methods
// after a connection failed or was too slow. An answer that cannot be read is an answer, and a body that is streamed is gone.
func (a *attempt) repeatable(err error) bool {
	var unsent *unsentError
	if errors.As(err, &unsent) {
		return true
	}
	switch a.out.method {
	case http.MethodPost, http.MethodPatch, "LOCK":
		return false
	}
	var network net.Error
	return a.out.stream == nil &&
		(errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network))
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

// limitsOf returns a service's timeouts.
func limitsOf(service kong.Entity) timeouts {
	return timeouts{
		connect: duration(service, "connect_timeout"),
		write:   duration(service, "write_timeout"),
		read:    duration(service, "read_timeout"),
	}
}

// number returns a field that holds a whole number, or its default.
func number(e kong.Entity, field string, fallback int64) int64 {
	if v, ok := e.Field(field); ok {
		if n, ok := v.(int64); ok {
			return n
		}
	}
	return fallback
}

// duration returns one of a service's timeouts, which Kong counts in milliseconds; 60 seconds if it is not set.
func duration(e kong.Entity, field string) time.Duration {
	return time.Duration(number(e, field, 60_000)) * time.Millisecond
}
