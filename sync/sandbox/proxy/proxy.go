package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gwsync/gwsync/render/kong"
)

// Options are what a proxy is told besides Kong's configuration. The zero value reaches no backend: the echo answers for all.
type Options struct {
	// Backend maps the host and port of a service or target to the address to dial in its place, "host:port". Backends that it
	// does not know (ok is false) are for Dial. nil knows none.
	Backend func(host string, port int) (addr string, ok bool)
	// Dial reaches the backends that Backend does not map; (&net.Dialer{}).DialContext is the real network, DNS included. With
	// nil the echo answers for them.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Plugins returns what the plugins are taken from, and a number that changes with it, where that is another state than the rest is
	// taken from: Kong's workers rebuild their routes and their plugins by timers of their own. nil is for plugins that never lag behind.
	//
	// Source: Kong 3.9.3, kong/runloop/handler.lua, init_worker.
	Plugins func() (kong.State, uint64)
	// SandboxRequires are the modules that plugins' Lua code may require, as untrusted_lua_sandbox_requires names them.
	SandboxRequires []string
	// TrustedCertificates are those that Lua's sockets trust, as lua_ssl_trusted_certificate names them; nil is the system's.
	TrustedCertificates *x509.CertPool
	// NodeID is the node's id, as the Admin API answers it; request-termination echoes it. It may be empty.
	NodeID string
	// Log takes what the proxy cannot tell a client: why a stream was closed. nil drops it.
	Log func(message string)
	// Now is the clock of what depends on the time of day: rate limits, tokens that expire. nil is time.Now.
	Now func() time.Time
}

func (o *Options) now() time.Time {
	if o.Now == nil {
		return time.Now()
	}
	return o.Now()
}

// Proxy is the proxy of one Kong: an [http.Handler] for its proxy listeners. It is safe for concurrent use.
type Proxy struct {
	state   func() (kong.State, uint64)
	flavor  kong.Flavor
	options Options

	mu      sync.Mutex // held while a table is compiled
	current atomic.Pointer[table]
	// backends are the connections to backends. They outlive the configuration.
	backends *connections
	own      func() (*tls.Certificate, error)
	// fronts are the ports in front of the proxy, by its own.
	fronts atomic.Pointer[map[uint16]uint16]
}

// MapPorts says to which ports clients connect, by those of listeners, as port_maps in kong.conf does. Other ports are their own.
func (p *Proxy) MapPorts(fronts map[uint16]uint16) { p.fronts.Store(&fronts) }

// New returns the proxy of a Kong with the given router flavor. The function state returns what Kong holds and a number that
// changes whenever that does; it is called for every request, so it must be quick.
func New(state func() (kong.State, uint64), flavor kong.Flavor, o Options) *Proxy {
	own := sync.OnceValues(func() (*tls.Certificate, error) { return selfSigned("localhost") })
	return &Proxy{state: state, flavor: flavor, options: o, own: own, backends: newConnections()}
}

// ServeHTTP answers one request as Kong does. It must see the request as it came: no http.ServeMux before it, which would
// clean the path.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := newExchange(r, p.table(), &p.options)
	x.backends, x.control = p.backends, http.NewResponseController(w)
	if fronts := p.fronts.Load(); fronts != nil {
		x.fronts = *fronts
	}
	x.send(w, x.respond(r.Context()))
}

// table returns the compiled configuration, compiling it if the generation is another one.
func (p *Proxy) table() *table {
	_, generation := p.state()
	_, pluginsGeneration := p.plugins()
	if t := p.current.Load(); t != nil && t.generation == generation && t.pluginsGeneration == pluginsGeneration {
		return t
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	state, generation := p.state()
	plugins, pluginsGeneration := p.plugins()
	before := p.current.Load()
	if before != nil && before.generation == generation && before.pluginsGeneration == pluginsGeneration {
		return before
	}
	t := newTable(state, plugins, p.flavor, before)
	t.generation, t.pluginsGeneration = generation, pluginsGeneration
	p.current.Store(t)
	return t
}

// plugins returns what the plugins are taken from.
func (p *Proxy) plugins() (kong.State, uint64) {
	if p.options.Plugins != nil {
		return p.options.Plugins()
	}
	return p.state()
}
