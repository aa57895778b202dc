package proxy

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// maxDatagram is the size of the largest datagram, and maxSessions how many clients of UDP are remembered at a time. Datagrams of
// others are dropped.
const (
	maxDatagram = 64 << 10
	maxSessions = 4096
)

// ServeUDP serves streams of UDP on c, which it closes, until ctx ends. Then it returns nil. What a client sends from one port
// is one stream, until its service's read_timeout has passed without a datagram.
func (p *Proxy) ServeUDP(ctx context.Context, c net.PacketConn) error {
	u := &udpServer{proxy: p, conn: c, sessions: map[string]net.Conn{}}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	defer u.running.Wait()
	defer u.closeAll()
	defer cancel()
	b := make([]byte, maxDatagram)
	for {
		n, from, err := c.ReadFrom(b)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if backend := u.session(ctx, from); backend != nil {
			_, _ = backend.Write(b[:n])
		}
	}
}

// udpServer holds the streams of a port.
type udpServer struct {
	proxy   *Proxy
	conn    net.PacketConn
	running sync.WaitGroup

	mu       sync.Mutex
	sessions map[string]net.Conn // to the backends, by the clients' addresses
}

// session returns the connection to the backend of a client, nil if there is none.
func (u *udpServer) session(ctx context.Context, from net.Addr) net.Conn {
	u.mu.Lock()
	known, n := u.sessions[from.String()], len(u.sessions)
	u.mu.Unlock()
	if known != nil || n >= maxSessions {
		return known
	}
	s := &stream{proxy: u.proxy, table: u.proxy.table(), protocol: "udp"}
	backend, err := s.open(ctx, from, u.conn.LocalAddr())
	if err != nil {
		u.proxy.options.log(fmt.Sprintf("udp stream from %s: %v", from, err))
		return nil
	}
	u.mu.Lock()
	u.sessions[from.String()] = backend
	u.mu.Unlock()
	u.running.Go(func() { u.answer(backend, from, duration(s.match.Service, "read_timeout")) })
	return backend
}

// open finds the backend of a stream of datagrams.
func (s *stream) open(ctx context.Context, from, to net.Addr) (net.Conn, error) {
	if err := s.choose(from, to, ""); err != nil {
		return nil, err
	}
	return s.connect(ctx, "udp")
}

// answer passes on what the backend sends until it has been silent for too long.
func (u *udpServer) answer(backend net.Conn, to net.Addr, silence time.Duration) {
	defer func() {
		u.mu.Lock()
		delete(u.sessions, to.String())
		u.mu.Unlock()
		_ = backend.Close()
	}()
	b := make([]byte, maxDatagram)
	for {
		_ = backend.SetReadDeadline(time.Now().Add(silence))
		n, err := backend.Read(b)
		if err != nil {
			return
		}
		if _, err := u.conn.WriteTo(b[:n], to); err != nil {
			return
		}
	}
}

func (u *udpServer) closeAll() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, c := range u.sessions {
		_ = c.Close()
	}
}
