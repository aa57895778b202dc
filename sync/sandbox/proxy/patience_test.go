package proxy

import (
	"context"
	"net"
	"sync"
	"time"
)

// patientConn is the proxy's connection to a backend on a clock of the test's own: no time passes for it until a backend says so, by
// [patientConn.waits]. So what times out does not depend on how busy the machine is.
type patientConn struct {
	net.Conn

	mu       sync.Mutex
	patience time.Duration // how long the proxy would wait to read
	timedOut bool
}

// dial connects to a backend, however long that takes. Like [dialWithoutNames] it knows no names.
func (b *backends) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := dialWithoutNames(context.WithoutCancel(ctx), network, addr)
	if err != nil {
		return nil, err
	}
	p := &patientConn{Conn: c}
	b.clients.Store(c.LocalAddr().String(), p)
	return p, nil
}

func (c *patientConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

func (c *patientConn) SetWriteDeadline(time.Time) error { return nil }

func (c *patientConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.patience = time.Until(t)
	switch {
	case c.timedOut:
		return nil
	case c.patience < -time.Hour: // the proxy wakes up who reads
		return c.Conn.SetReadDeadline(t)
	}
	return c.Conn.SetReadDeadline(time.Time{})
}

// waits lets time pass while the proxy reads, and reports whether it waits for that long. Otherwise it times out.
func (c *patientConn) waits(d time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d == 0 || c.patience > d {
		return true
	}
	c.timedOut = true
	_ = c.Conn.SetReadDeadline(time.Now())
	return false
}
