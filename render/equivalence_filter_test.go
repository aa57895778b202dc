package render_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// actor is a Kong that acts out what the router alone does not tell: where a redirect leads, and what arrives at a backend. It is made when
// it is first asked.
type actor struct {
	state  kong.State
	flavor kong.Flavor
	kong   *proxy.Proxy
}

func (a answer) sameRule(b answer) bool {
	return a.route == b.route && a.rule == b.rule && a.match == b.match
}

// does returns what Kong does with a request that its router sent to a rule, in the words of what is wanted.
func (a *actor) does(got, want string, q route.Request, m route.Match) string {
	filtered := strings.HasPrefix(want, got+" gets ")
	if got != "redirect" && !filtered {
		return got
	}
	trace := a.trace(q)
	if trace.Match.Route.ID() != m.Route.ID() { // a Kong that remembers other requests
		a.kong = nil
		if trace = a.trace(q); trace.Match.Route.ID() != m.Route.ID() {
			return want // only one that remembers does so: that it does is what is asked
		}
	}
	switch {
	case got == "redirect" && trace.Header.Get("Location") != "":
		return fmt.Sprintf("redirect %d %s", trace.Status, normalURL(trace.Header.Get("Location")))
	case !filtered || len(trace.Sent) != 1:
		return fmt.Sprint("status ", trace.Status)
	}
	sent := trace.Sent[0]
	host := requestHost(route.Request{Host: sent.Host})
	if q.Host == "" && host == m.Service.Text("host") {
		host = requestHost(q) // as good as any
	}
	arrived := arriving{host: host, target: normalTarget(sent.Target), header: map[string]string{}}
	for _, name := range watched {
		if values := sent.Header.Values(name); len(values) > 0 {
			arrived.header[name] = strings.Join(values, ",")
		}
	}
	return fmt.Sprintf("%s gets %s", got, arrived)
}

// trace acts out a request.
func (a *actor) trace(q route.Request) proxy.Trace {
	if a.kong == nil {
		a.kong = proxy.New(func() (kong.State, uint64) { return a.state, 1 }, a.flavor, proxy.Options{})
	}
	at := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.IPv4Unspecified(), q.DstPort))
	r := &http.Request{
		Method: q.Method, RequestURI: q.Target, Host: q.Host, URL: &url.URL{Path: "/"}, Header: http.Header{}, RemoteAddr: "192.0.2.1:1",
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody,
	}
	if q.Version == "HTTP/1.0" {
		r.Proto, r.ProtoMinor = q.Version, 0
	}
	for _, h := range q.Header {
		r.Header.Add(h[0], h[1])
	}
	if q.Protocol == "https" {
		r.TLS = &tls.ConnectionState{ServerName: q.SNI}
	}
	return a.kong.Trace(r.WithContext(context.WithValue(context.Background(), http.LocalAddrContextKey, net.Addr(at))))
}
