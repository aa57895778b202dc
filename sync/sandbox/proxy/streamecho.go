package proxy

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"syscall"
)

// echo returns a connection to the echo in place of a backend: it sends back each piece that it gets, after the name of the backend
// that it stands for and a colon. Nobody is at port 1 of Kong's own host, where what must be refused is sent. A stream whose TLS Kong
// passes on gets it over TLS, with a certificate of the proxy's own.
func (s *stream) echo(p peer) (net.Conn, error) {
	if p == (peer{host: "127.0.0.1", port: 1}) {
		return nil, fmt.Errorf("connect to %s: %w", p, syscall.ECONNREFUSED)
	}
	near, far := net.Pipe()
	if s.match.Passthrough {
		own, err := s.proxy.own()
		if err != nil {
			return nil, err
		}
		far = tls.Server(far, &tls.Config{Certificates: []tls.Certificate{*own}, MinVersion: tls.VersionTLS12})
	}
	go func() {
		defer far.Close()
		echoPieces(far, p.String()+": ")
	}()
	return near, nil
}

// echoPieces sends back what it reads, until it cannot.
func echoPieces(c io.ReadWriter, prefix string) {
	b := make([]byte, 64<<10)
	for {
		n, err := c.Read(b)
		if n > 0 {
			if _, err := c.Write(append([]byte(prefix), b[:n]...)); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
