package proxy

import (
	"sync"
	"time"
)

// pool holds the connections to backends that are idle.
//
// Source: Kong 3.9.3, upstream_keepalive_* in kong.conf.default, and kong/init.lua (balancer).
type pool struct {
	mu   sync.Mutex
	idle map[poolKey][]*idleConn // the one used last is the last
}

// poolKey is what connections have in common that can stand for each other.
type poolKey struct {
	addr   string
	secure clientTLS
}

const (
	maxIdle     = 512 // of a key
	idleTimeout = 60 * time.Second
)

func newPool() *pool { return &pool{idle: map[poolKey][]*idleConn{}} }

func (l *link) key() poolKey {
	k := poolKey{addr: l.addr}
	if l.secure != nil {
		k.secure = *l.secure
	}
	return k
}

// idleConn is a connection that nobody uses. A goroutine watches it, so that one that its backend closes is not used again.
type idleConn struct {
	*backendConn
	watched chan error // why the watch ended
}

func (p *pool) put(key poolKey, conn *backendConn) {
	c := &idleConn{conn, make(chan error, 1)}
	p.mu.Lock()
	if len(p.idle[key]) >= maxIdle {
		p.mu.Unlock()
		_ = conn.Close()
		return
	}
	conn.limit(timeouts{})
	_ = conn.SetReadDeadline(time.Now().Add(idleTimeout)) // take sets another one
	p.idle[key] = append(p.idle[key], c)
	p.mu.Unlock()
	go func() {
		_, err := c.r.Peek(1)
		if p.remove(key, c) {
			_ = conn.Close() // nobody has taken it: it is closed, too old, or speaks unasked
		}
		c.watched <- err
	}()
}

// take returns an idle connection that is alive, nil if there is none.
func (p *pool) take(key poolKey) *backendConn {
	for {
		p.mu.Lock()
		list := p.idle[key]
		if len(list) == 0 {
			p.mu.Unlock()
			return nil
		}
		c := list[len(list)-1]
		p.cut(key, len(list)-1)
		p.mu.Unlock()
		_ = c.SetReadDeadline(time.Unix(1, 0)) // ends the watch
		if err := <-c.watched; err != nil && isTimeout(err) {
			return c.backendConn
		}
		_ = c.Close()
	}
}

func (p *pool) remove(key poolKey, c *idleConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.idle[key] {
		if other == c {
			p.cut(key, i)
			return true
		}
	}
	return false
}

// cut takes the i-th connection out. The caller holds the lock.
func (p *pool) cut(key poolKey, i int) {
	list := p.idle[key]
	copy(list[i:], list[i+1:])
	list[len(list)-1] = nil
	if list = list[:len(list)-1]; len(list) == 0 {
		delete(p.idle, key)
		return
	}
	p.idle[key] = list
}

// close closes all that are idle.
func (p *pool) close() {
	p.mu.Lock()
	all := p.idle
	p.idle = map[poolKey][]*idleConn{}
	p.mu.Unlock()
	for _, list := range all {
		for _, c := range list {
			_ = c.Close()
		}
	}
}
