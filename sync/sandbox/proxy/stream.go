package proxy

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// ServeTCP serves streams of TCP on l, which it closes, until ctx ends. Then it returns nil, once all streams have ended.
func (p *Proxy) ServeTCP(ctx context.Context, l net.Listener) error {
	return p.serveStreams(ctx, l, "tcp")
}

// ServeTLSStream serves streams on a port for TLS ("ssl" in Kong's stream_listen): Kong ends the TLS, or passes it on as it is, as the
// route says.
func (p *Proxy) ServeTLSStream(ctx context.Context, l net.Listener) error {
	return p.serveStreams(ctx, l, "tls")
}

func (p *Proxy) serveStreams(ctx context.Context, l net.Listener, protocol string) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var streams sync.WaitGroup
	defer streams.Wait()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		streams.Go(func() {
			stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
			defer stop()
			defer conn.Close()
			s := &stream{proxy: p, table: p.table(), protocol: protocol}
			if err := s.serve(ctx, conn); err != nil && ctx.Err() == nil {
				p.options.log(fmt.Sprintf("%s stream from %s: %v", protocol, conn.RemoteAddr(), err))
			}
		})
	}
}

// log says what a client of a stream cannot be told.
func (o *Options) log(message string) {
	if o.Log != nil {
		o.Log(message)
	}
}

// stream is one stream on its way through Kong.
type stream struct {
	proxy    *Proxy
	table    *table
	protocol string // of the port: tcp, tls or udp
	sender   netip.AddrPort
	at       netip.AddrPort
	sni      string
	match    route.Match
}

// prereadTimeout is how long nginx waits for a ClientHello.
const prereadTimeout = 30 * time.Second

// serve passes a connection on to its backend until either side ends it. An error says why Kong closed it.
//
// Source: Kong 3.9.3, kong/runloop/handler.lua (preread) and kong/templates/nginx_kong_stream.lua.
func (s *stream) serve(ctx context.Context, conn net.Conn) error {
	sni := ""
	if s.protocol == "tls" {
		hello := &helloConn{Conn: conn, r: bufio.NewReaderSize(conn, maxRecord)}
		_ = conn.SetReadDeadline(time.Now().Add(prereadTimeout))
		var err error
		if sni, err = serverName(hello.r); err != nil {
			return err
		}
		_ = conn.SetReadDeadline(time.Time{})
		conn = hello
	}
	if err := s.choose(conn.RemoteAddr(), conn.LocalAddr(), sni); err != nil {
		return err
	}
	if s.protocol == "tls" && !s.match.Passthrough {
		secure := tls.Server(conn, &tls.Config{GetCertificate: s.proxy.GetCertificate, MinVersion: tls.VersionTLS12})
		if err := secure.HandshakeContext(ctx); err != nil {
			return err
		}
		conn = secure
	}
	backend, err := s.connect(ctx, "tcp")
	if err != nil {
		return err
	}
	defer backend.Close()
	join(conn, backend)
	return nil
}

// choose finds the route of a stream, and refuses a stream that has none, or needs what is not modelled.
func (s *stream) choose(from, to net.Addr, sni string) error {
	if err := s.table.routerErr; err != nil {
		return fmt.Errorf("this configuration (%w) is not supported by the gwsync sandbox", err)
	}
	s.sni = sni
	s.sender, _ = netip.ParseAddrPort(from.String())
	s.at, _ = netip.ParseAddrPort(to.String())
	s.match = s.table.matches.Match(route.Request{
		Protocol: s.protocol, SNI: sni,
		SrcIP: s.sender.Addr(), SrcPort: s.sender.Port(), DstIP: s.at.Addr(), DstPort: s.at.Port(),
	})
	if s.match.Status != 0 {
		return errors.New(s.match.Message)
	}
	if err := s.preread(); err != nil {
		return err
	}
	if s.match.Service.IsZero() {
		return errors.New("no Service found with those values")
	}
	return nil
}

// streaming is a plugin that works on streams, too.
type streaming interface {
	// preread runs before the backend is asked. An error closes the stream.
	preread(sender netip.Addr) error
}

// preread runs the plugins of the stream. One that is for streams and cannot be run ends the stream.
func (s *stream) preread() error {
	t := s.table.plugins
	for _, name := range t.names {
		p := t.pick(name, s.match.Route.ID(), s.match.Service.ID(), "")
		if p.plugin == nil || !forStreams(p.entity) {
			continue
		}
		runs, ok := p.plugin.(streaming)
		if !ok {
			return fmt.Errorf("plugin %s on streams is not supported by the gwsync sandbox", name)
		}
		if err := runs.preread(s.sender.Addr().Unmap()); err != nil {
			return fmt.Errorf("plugin %s: %w", name, err)
		}
	}
	return nil
}

// forStreams reports whether a plugin is configured for streams. One that does not say counts as such.
func forStreams(plugin kong.Entity) bool {
	if _, ok := plugin.Field("protocols"); !ok {
		return true
	}
	return slices.ContainsFunc(plugin.Strings("protocols"), func(p string) bool {
		return slices.Contains([]string{"tcp", "tls", "tls_passthrough", "udp"}, p)
	})
}

// connect opens the connection to the backend, as often as the service's retries allow. Streams are hashed on the client's address
// alone.
func (s *stream) connect(ctx context.Context, network string) (net.Conn, error) {
	service := s.match.Service
	c := choice{lost: map[peer]bool{}, failed: map[peer]bool{}, key: s.sender.Addr().Unmap().String()}
	u := s.table.upstreams[service.Text("host")]
	if u != nil {
		if what := u.unmodelledFor(&s.proxy.options); what != "" {
			return nil, fmt.Errorf("upstream %s: %s: not supported by the gwsync sandbox", u.entity.Name(), what)
		}
	}
	err := errNoPeer
	for range number(service, "retries", 5) + 1 {
		p, ok := peer{host: service.Text("host"), port: int(number(service, "port", 80))}, true
		if u != nil {
			p, ok = u.balancer.next(&c)
		}
		if !ok {
			return nil, err
		}
		var conn net.Conn
		if conn, err = s.dial(ctx, network, p, u); err == nil {
			return &streamConn{Conn: conn, done: func() {
				if u != nil {
					u.balancer.done(p, 0)
				}
			}}, nil
		}
		c.failed[p] = true
		var unknown *net.DNSError
		c.lost[p] = errors.As(err, &unknown)
	}
	return nil, err
}

// dial connects to one peer.
func (s *stream) dial(ctx context.Context, network string, p peer, u *upstream) (net.Conn, error) {
	l := s.proxy.options.link(p)
	if l.dial == nil {
		return s.echo(p)
	}
	l.limits = limitsOf(s.match.Service)
	if protocol := s.match.Service.Text("protocol"); network == "tcp" && !s.match.Passthrough && protocol != "tcp" {
		host := s.match.UpstreamHost
		if preserves, _ := s.match.Route.Field("preserve_host"); u != nil && (preserves != true || s.sni == "") {
			host = cmp.Or(u.entity.Text("host_header"), p.host)
		}
		l.secure = s.table.clientTLS(s.match.Service, u, host)
	}
	conn, err := l.connectOver(ctx, network)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", p, err)
	}
	return &timedConn{Conn: conn, limits: l.limits}, nil
}

// streamConn tells the balancer when it is closed.
type streamConn struct {
	net.Conn
	once sync.Once
	done func()
}

func (c *streamConn) Close() error {
	c.once.Do(c.done)
	return c.Conn.Close()
}

// join passes on what either side sends until both have ended, or one is broken.
func join(client, backend net.Conn) {
	var both sync.WaitGroup
	pipe := func(to, from net.Conn) {
		if _, err := io.Copy(to, from); err != nil || !closeWrite(to) {
			_ = to.Close()
			_ = from.Close()
		}
	}
	both.Go(func() { pipe(backend, client) })
	both.Go(func() { pipe(client, backend) })
	both.Wait()
}

// closeWrite tells the other side that nothing more comes, and reports whether the connection can say so.
func closeWrite(c net.Conn) bool {
	for {
		switch inner := c.(type) {
		case interface{ CloseWrite() error }:
			return inner.CloseWrite() == nil
		case *streamConn:
			c = inner.Conn
		case *timedConn:
			c = inner.Conn
		case *helloConn:
			c = inner.Conn
		default:
			return false
		}
	}
}
