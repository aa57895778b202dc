package proxy

import (
	"net/http"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// Trace says what becomes of a request, and by what.
type Trace struct {
	// Routed is the request as Kong's router looks at it, Match what the router makes of it.
	Routed route.Request
	Match  route.Match
	// Plugins are those that apply, in the order in which they run. The last ones have not run if one before answered.
	Plugins []kong.Entity
	// Sent are the requests that go to backends, retries included; none if Kong answers by itself.
	Sent []Sent
	// Status, Header and Body are the answer. If something was sent, it is the echo's. Status is 0 where Kong closes the connection
	// without an answer.
	Status int
	Header http.Header
	Body   []byte
}

// Sent is a request as a backend gets it.
type Sent struct {
	// Backend is the host and port of the service, or of the upstream's target.
	Backend string
	Method  string
	// Target is the path and query, as they stand in the request line.
	Target string
	Host   string
	Header http.Header
	Body   []byte
	// Copy says that nobody waits for the answer: Lua sent it apart from the request, as to a mirror.
	Copy bool
}

func sent(p peer, out *outgoing) Sent {
	return Sent{p.String(), out.method, out.target(), out.host, out.header.Clone(), out.body, false}
}

// Trace returns what becomes of a request, without asking any backend: the echo answers for all. The request is one as a server sees
// it, with RequestURI; see [net/http/httptest.NewRequest].
func (p *Proxy) Trace(r *http.Request) Trace {
	t := Trace{Header: http.Header{}}
	x := newExchange(r, p.table(), &Options{NodeID: p.options.NodeID})
	x.trace = &t
	x.id = strings.Repeat("0", len(x.id)) // the same request has the same trace
	x.send(recorder{&t}, x.respond(r.Context()))
	t.Routed, t.Match = x.routed(), x.match
	return t
}

// recorder is where a Trace takes its answer.
type recorder struct{ *Trace }

func (r recorder) Header() http.Header { return r.Trace.Header }

func (r recorder) WriteHeader(status int) { r.Status = status }

func (r recorder) Write(b []byte) (int, error) {
	r.Body = append(r.Body, b...)
	return len(b), nil
}

// Flush has nothing to do: what is written is there.
func (r recorder) Flush() {}
