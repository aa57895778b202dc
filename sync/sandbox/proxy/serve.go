package proxy

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/route"
)

// respond returns the answer to the request: what stands in the package comment, from one station to the next.
//
// Source: Kong 3.9.3, kong/init.lua (access) and kong/runloop/handler.lua.
func (x *exchange) respond(ctx context.Context) *response {
	if refused := x.admit(); refused != nil {
		return refused
	}
	if answer := x.rewrite(); answer != nil {
		return answer
	}
	if err := x.table.routerErr; err != nil {
		return x.unmodelled("this configuration (%v)", err)
	}
	if x.trace == nil {
		x.match = x.table.matches.Match(x.routed())
	} else {
		x.match = x.table.router.Match(x.routed()) // whatever came before
	}
	if x.match.Status != 0 {
		return x.unrouted()
	}
	x.prepare()
	if answer := x.access(); answer != nil {
		return answer
	}
	if x.match.Service.IsZero() {
		return x.fail(http.StatusServiceUnavailable, "no Service found with those values")
	}
	return x.forward(ctx)
}

// routed returns the request as the router looks at it.
func (x *exchange) routed() route.Request {
	r := x.in
	out := route.Request{
		Method: r.Method, Protocol: x.scheme, Host: r.Host, Target: x.target,
		SrcIP: x.sender.Addr(), SrcPort: x.sender.Port(), DstIP: x.at.Addr(), DstPort: x.port(),
	}
	switch {
	case r.ProtoMajor == 2:
		out.Version = "HTTP/2"
	case !r.ProtoAtLeast(1, 1):
		out.Version = "HTTP/1.0"
	}
	if r.TLS != nil {
		out.SNI = r.TLS.ServerName
	}
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range r.Header[name] {
			out.Header = append(out.Header, [2]string{name, v})
		}
	}
	return out
}

// unrouted is the answer to a request that the router sends nowhere.
func (x *exchange) unrouted() *response {
	m := x.match
	switch {
	case m.Location != "":
		r := x.bare(m.Status)
		r.header.Set("Location", m.Location)
		return r
	case m.Message == "":
		return x.bare(m.Status)
	case m.Status < 300: // gRPC over the wrong protocol
		r := &response{status: m.Status, header: http.Header{"Content-Length": {"0"}, "Content-Type": {grpcType}}}
		r.header.Set("Grpc-Status", "1")
		r.header.Set("Grpc-Message", m.Message)
		return r
	}
	r := x.fail(m.Status, m.Message)
	if m.Status == http.StatusUpgradeRequired {
		r.header.Set("Connection", "Upgrade")
		r.header.Set("Upgrade", "TLS/1.2, HTTP/1.1")
		if strings.Contains(m.Message, "HTTP2") {
			r.header.Set("Upgrade", "HTTP/2")
		}
	}
	return r
}
