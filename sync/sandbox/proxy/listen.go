package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Serve serves HTTP/1.1 and HTTP/2 without TLS on l, which it closes, until ctx ends. Then it returns nil.
func (p *Proxy) Serve(ctx context.Context, l net.Listener) error {
	return p.serveHTTP(ctx, l, func(s *http.Server) error { return s.Serve(l) })
}

// ServeTLS is Serve for HTTPS, by the certificates of the configuration.
func (p *Proxy) ServeTLS(ctx context.Context, l net.Listener) error {
	guarded := &plainGuard{l}
	return p.serveHTTP(ctx, l, func(s *http.Server) error { return s.ServeTLS(guarded, "", "") })
}

func (p *Proxy) serveHTTP(ctx context.Context, l net.Listener, serve func(*http.Server) error) error {
	s := &http.Server{
		Handler: p, ReadHeaderTimeout: time.Minute, DisableGeneralOptionsHandler: true, Protocols: new(http.Protocols),
		TLSConfig: &tls.Config{GetCertificate: p.GetCertificate, MinVersion: tls.VersionTLS12},
	}
	s.TLSConfig.GetConfigForClient = p.configFor(s.TLSConfig)
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetHTTP2(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	stop := context.AfterFunc(ctx, func() {
		_ = s.Close()
		p.backends.close()
	})
	defer stop()
	defer l.Close()
	if err := serve(s); !errors.Is(err, http.ErrServerClosed) && ctx.Err() == nil {
		return err
	}
	return nil
}

// plainGuard answers those who speak plain HTTP to a port for HTTPS as nginx does.
type plainGuard struct {
	net.Listener
}

func (g *plainGuard) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &guardedConn{Conn: conn}, nil
}

// guardedConn looks at the first byte that the client sends. A TLS record of a handshake begins with 22.
type guardedConn struct {
	net.Conn
	once sync.Once
	err  error
}

var errPlain = errors.New("plain HTTP on a port for HTTPS")

func (c *guardedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.once.Do(func() {
		if n > 0 && b[0] >= 'A' && b[0] <= 'Z' {
			c.err = errPlain
			c.refuse(b[:n])
		}
	})
	if c.err != nil {
		return 0, c.err
	}
	return n, err
}

// refuse answers a plain request of which start was read.
func (c *guardedConn) refuse(start []byte) {
	const reason = "The plain HTTP request was sent to HTTPS port"
	r := bufio.NewReader(io.MultiReader(bytes.NewReader(start), c.Conn))
	if _, err := http.ReadRequest(r); err != nil {
		return
	}
	page := "<html>\r\n<head><title>400 " + reason + "</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<center>" +
		reason + "</center>\r\n</body>\r\n</html>\r\n"
	_, _ = io.WriteString(c.Conn, "HTTP/1.1 400 Bad Request\r\nDate: "+time.Now().UTC().Format(http.TimeFormat)+
		"\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Length: "+strconv.Itoa(len(page))+
		"\r\nConnection: close\r\nX-Kong-Response-Latency: 0\r\nServer: "+server+"\r\nX-Kong-Request-Id: "+newRequestID()+"\r\n\r\n"+page)
}
