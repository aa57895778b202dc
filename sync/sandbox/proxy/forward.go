package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/gwsync/gwsync/render/kong"
)

// forward asks the backend, as often as the service's retries allow.
//
// Source: Kong 3.9.3, kong/runloop/balancer/init.lua; nginx's proxy_next_upstream with its default "error timeout".
func (x *exchange) forward(ctx context.Context) *response {
	service := x.match.Service
	if what := unmodelledService(service); what != "" {
		return x.unmodelled("service %s: %s", service.Name(), what)
	}
	u := x.table.upstreams[service.Text("host")]
	if u != nil {
		if what := u.unmodelledFor(x.options); what != "" {
			return x.unmodelled("upstream %s: %s", u.entity.Name(), what)
		}
	}
	if r := x.loadBody(); r != nil {
		return r
	}
	a := &attempt{exchange: x, service: service, upstream: u, ownHost: x.out.host, lost: map[peer]bool{}}
	x.seal()
	return a.run(ctx)
}

// loadBody makes the body of the request ready to be sent, and sent again.
func (x *exchange) loadBody() *response {
	if x.out.body != nil {
		return nil // a plugin's
	}
	body, err := x.readBody()
	if err != nil {
		return x.failed(err)
	}
	x.out.body = body
	return nil
}

func unmodelledService(service kong.Entity) string {
	switch p := service.Text("protocol"); p {
	case "", "http", "https":
	default:
		return "protocol " + p
	}
	for _, name := range []string{"client_certificate", "ca_certificates", "tls_verify_depth"} {
		if _, ok := service.Field(name); ok {
			return name
		}
	}
	if v, _ := service.Field("tls_verify"); v == true {
		return "tls_verify"
	}
	return ""
}

// attempt is the asking of a backend, over all its tries.
type attempt struct {
	*exchange
	service  kong.Entity
	upstream *upstream     // nil if the service names its backend itself
	ownHost  string        // the Host header if the route or a plugin set it
	lost     map[peer]bool // the peers whose names do not resolve
}

// errNoPeer says that nobody has an address.
var errNoPeer = errors.New("no peer has an address")

func (a *attempt) run(ctx context.Context) *response {
	asked := time.Now()
	var resp *http.Response
	var err error
	for tries := number(a.service, "retries", 5) + 1; tries > 0; tries-- {
		if resp, err = a.try(ctx); err == nil {
			return a.answered(resp, time.Since(asked))
		}
		if errors.Is(err, errNoPeer) {
			return a.noPeer()
		}
		if ctx.Err() != nil || !repeatable(err, a.out.method) {
			break
		}
	}
	status := http.StatusBadGateway
	if isTimeout(err) {
		status = http.StatusGatewayTimeout
	}
	r := a.errorPage(status)
	r.proxied, r.waited = true, time.Since(asked)
	return r
}

// try asks one peer. Those whose names do not resolve are passed over: Kong has no address of them in its ring.
func (a *attempt) try(ctx context.Context) (*http.Response, error) {
	for {
		p, ok := a.next()
		if !ok {
			return nil, errNoPeer
		}
		l := a.options.link(p)
		l.limits = timeouts{
			connect: duration(a.service, "connect_timeout"),
			write:   duration(a.service, "write_timeout"),
			read:    duration(a.service, "read_timeout"),
		}
		a.out.host = a.hostFor(p)
		if a.service.Text("protocol") == "https" {
			l.serverName = withoutPort(a.out.host)
		}
		if a.trace != nil {
			a.trace.Sent = append(a.trace.Sent, sent(p, &a.out))
		}
		resp, err := l.ask(ctx, &a.out)
		var unknown *net.DNSError
		if !errors.As(err, &unknown) {
			return resp, err
		}
		a.lost[p] = true
	}
}

// next returns whom to ask next, and whether there is anybody.
func (a *attempt) next() (peer, bool) {
	if a.upstream != nil {
		return a.upstream.ring.next(a.lost)
	}
	p := peer{host: a.service.Text("host"), port: int(number(a.service, "port", 80))}
	return p, !a.lost[p]
}

// hostFor returns the Host header for a peer: the client's or a plugin's, else the upstream's host_header, else the peer's
// own name, with the port unless the protocol implies it.
func (a *attempt) hostFor(p peer) string {
	if a.ownHost != "" {
		return a.ownHost
	}
	host, protocol := p.host, a.service.Text("protocol")
	if a.upstream != nil {
		if h := a.upstream.entity.Text("host_header"); h != "" {
			host = h
		}
	}
	if p.port == 443 && protocol == "https" || p.port == 80 && protocol != "https" {
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
		proxied: true, waited: waited, via: resp.Header.Values("Via"),
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

// repeatable reports whether nginx sends a request again after a failure: always if nothing was sent, and for most methods
// after a connection failed or was too slow. An answer that cannot be read is an answer.
func repeatable(err error, method string) bool {
	var unsent *unsentError
	if errors.As(err, &unsent) {
		return true
	}
	switch method {
	case http.MethodPost, http.MethodPatch, "LOCK":
		return false
	}
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
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
