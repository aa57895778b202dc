// Package backend has the servers that the conformance suite's tests expect behind a Gateway: those of its image echo-basic, for
// HTTP, HTTP/2 without TLS, WebSocket, HTTPS, gRPC, TCP, TLS and UDP, which answer with what they got and who they are, and one
// that answers DNS. They run in the process of the tests, each at an IP address of its own, at the ports of the image.
package backend

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
)

// Kind is what a backend speaks.
type Kind int

// The kinds of backends.
const (
	// HTTP listens on 3000, on 3001 for HTTP/2 without TLS, and with a certificate on 8443.
	HTTP Kind = iota
	// GRPC listens on 3000, and with a certificate on 8443.
	GRPC
	// TCP listens on 3000, and with a certificate on 8443.
	TCP
	// UDP listens on 8080.
	UDP
	// DNS listens on 53.
	DNS
)

// Pod is who a backend is.
type Pod struct {
	Namespace, Name, Service string
	IP                       netip.Addr
	// Certificate is nil for none.
	Certificate *tls.Certificate
	// ClientCAs are the authorities for the certificates of clients; nil asks clients for none.
	ClientCAs *x509.CertPool
}

// Backend is a server that runs.
type Backend struct {
	pod   Pod
	stops []func()

	mu  sync.Mutex
	log []byte
}

// Start runs a backend until [Backend.Close].
func Start(k Kind, p Pod) (*Backend, error) {
	b := &Backend{pod: p}
	start := map[Kind]func() error{HTTP: b.startHTTP, GRPC: b.startGRPC, TCP: b.startTCP, UDP: b.startUDP, DNS: b.startDNS}[k]
	if err := start(); err != nil {
		b.Close()
		return nil, fmt.Errorf("pod %s/%s: %w", p.Namespace, p.Name, err)
	}
	return b, nil
}

// Close ends the backend.
func (b *Backend) Close() {
	for _, stop := range b.stops {
		stop()
	}
}

// Log returns what the backend has printed.
func (b *Backend) Log() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]byte(nil), b.log...)
}

func (b *Backend) printf(format string, a ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log = fmt.Appendf(b.log, format, a...)
}

// atExit has stop called when the backend ends.
func (b *Backend) atExit(stop func()) { b.stops = append(b.stops, stop) }

func (b *Backend) address(port int) string {
	return net.JoinHostPort(b.pod.IP.String(), strconv.Itoa(port))
}

// listen opens a port for TCP and has serve use it.
func (b *Backend) listen(port int, serve func(net.Listener) error) error {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", b.address(port))
	if err != nil {
		return err
	}
	b.atExit(func() { _ = l.Close() })
	go func() { _ = serve(l) }() // it ends when the listener is closed
	return nil
}

// accept serves the connections of a listener.
func accept(l net.Listener, serve func(net.Conn)) error {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			continue
		}
		go func() {
			defer conn.Close()
			serve(conn)
		}()
	}
}

// packets answers each datagram at a port with what reply makes of it.
func (b *Backend) packets(port int, reply func([]byte) []byte) error {
	c, err := (&net.ListenConfig{}).ListenPacket(context.Background(), "udp", b.address(port))
	if err != nil {
		return err
	}
	b.atExit(func() { _ = c.Close() })
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, from, err := c.ReadFrom(buf)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if answer := reply(buf[:n]); err == nil && answer != nil {
				_, _ = c.WriteTo(answer, from)
			}
		}
	}()
	return nil
}
