package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
)

// maxRecord is the size of the largest TLS record, with its header.
const maxRecord = 5 + 16<<10 + 2048

// helloConn is a connection of which the start was looked at.
type helloConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *helloConn) Read(b []byte) (int, error) { return c.r.Read(b) }

// serverName returns the server name in the ClientHello that the stream begins with, without taking anything from it. What is no
// handshake names nobody. It reads no further than the first record.
//
// Source: nginx, src/stream/ngx_stream_ssl_preread_module.c.
func serverName(r *bufio.Reader) (string, error) {
	head, err := r.Peek(5)
	if err != nil {
		return "", err
	}
	if head[0] != 22 {
		return "", nil
	}
	record, err := r.Peek(5 + int(head[3])<<8 + int(head[4]))
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return "", err
	}
	name := ""
	read := errors.New("the hello is read")
	conn := tls.Server(&readOnly{r: bytes.NewReader(record)}, &tls.Config{
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			name = hello.ServerName
			return nil, read
		},
		MinVersion: tls.VersionTLS12,
	})
	_ = conn.HandshakeContext(context.Background()) // it ends with the hello, or with the record
	return name, nil
}

// readOnly is a connection that is nothing but what was read of one.
type readOnly struct {
	net.Conn
	r io.Reader
}

func (c *readOnly) Read(b []byte) (int, error)  { return c.r.Read(b) }
func (c *readOnly) Write(b []byte) (int, error) { return len(b), nil }
func (c *readOnly) Close() error                { return nil }
