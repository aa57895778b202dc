package proxy

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// roundTrip2 asks over HTTP/2.
func (s *step) roundTrip2(t *testing.T, k *testKong) (*http.Response, string) {
	t.Helper()
	tr := &http.Transport{
		Protocols: new(http.Protocols), DisableCompression: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return k.plain.dial(), nil },
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			c := tls.Client(k.secure.dial(), &tls.Config{ServerName: s.sni, InsecureSkipVerify: true, NextProtos: []string{"h2"}})
			return c, c.HandshakeContext(ctx)
		},
	}
	tr.Protocols.SetHTTP2(true)
	tr.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(tr.CloseIdleConnections)
	req := &http.Request{
		Method: s.method, URL: &url.URL{Scheme: s.scheme, Host: "kong", Opaque: s.target},
		Header: http.Header{"User-Agent": nil}, Body: http.NoBody,
	}
	for _, line := range s.header {
		f := parseHeader(line)
		if f[0] == "Host" {
			req.Host = f[1]
			continue
		}
		req.Header.Add(f[0], f[1])
	}
	if s.body != nil {
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(*s.body)), int64(len(*s.body))
	}
	resp, err := tr.RoundTrip(req.WithContext(t.Context()))
	if err != nil {
		t.Fatalf("%s: %v", s.line, err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	return resp, string(body)
}

// commonName returns whom the certificate of a server is for; "" without TLS.
func commonName(c net.Conn) string {
	secure, ok := c.(*tls.Conn)
	if !ok {
		return ""
	}
	return secure.ConnectionState().PeerCertificates[0].Subject.CommonName
}

// withCertificates puts certificates in place of "cert":"@NAME" and "key":"@NAME".
func withCertificates(t *testing.T, config string) string {
	t.Helper()
	for {
		_, rest, ok := strings.Cut(config, `"cert":"@`)
		if !ok {
			return config
		}
		name, _, _ := strings.Cut(rest, `"`)
		cert, key := newCertificate(t, name)
		config = strings.ReplaceAll(config, `"cert":"@`+name+`"`, `"cert":`+quote(cert))
		config = strings.ReplaceAll(config, `"key":"@`+name+`"`, `"key":`+quote(key))
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func newCertificate(t *testing.T, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

// streamStep is one stream and what became of it.
type streamStep struct {
	scheme      string // tcp, tls or udp: what the client speaks
	port        int    // 9000 plain, 9443 TLS, 9001 UDP
	sni         string
	answer      string // the backend that answered; "closed": nobody; "waits": nobody yet; "fails": the backend could not
	certificate string // what TLS was answered with
}

// parseStream reads "SCHEME PORT SNI ANSWER [CERTIFICATE]"; "-" is no SNI.
func parseStream(t *testing.T, rest string) *streamStep {
	t.Helper()
	f := append(strings.Fields(rest), "")
	port, err := strconv.Atoi(f[1])
	if err != nil {
		t.Fatal(err)
	}
	return &streamStep{f[0], port, strings.TrimPrefix(f[2], "-"), f[3], f[4]}
}

// replay opens the stream, and returns what is different, "" if nothing is.
func (s *streamStep) replay(t *testing.T, p *Proxy, b *streamBackends) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	before := b.count()
	var conn net.Conn
	if s.scheme == "udp" {
		listener, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() { served <- p.ServeUDP(ctx, addressedPackets{listener, s.port}) }()
		if conn, err = net.Dial("udp", listener.LocalAddr().String()); err != nil {
			t.Fatal(err)
		}
	} else {
		l := newListener(s.port)
		serve := p.ServeTCP
		if s.port == 9443 {
			serve = p.ServeTLSStream
		}
		go func() { served <- serve(ctx, l) }()
		conn = l.dial()
	}
	answer, certificate := s.ask(t, conn)
	_ = conn.Close()
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if want := strings.NewReplacer("closed", "", "waits", "", "fails", "").Replace(s.answer); answer != want || certificate != s.certificate {
		return fmt.Sprintf("answered by %q with the certificate %q", answer, certificate)
	}
	if answer == "" && s.answer != "fails" && b.count() != before {
		return "a backend was asked"
	}
	return ""
}

// ask sends "hi" and returns who answered, and with which certificate.
func (s *streamStep) ask(t *testing.T, conn net.Conn) (answer, certificate string) {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if s.scheme == "tls" {
		secure := tls.Client(conn, &tls.Config{ServerName: s.sni, InsecureSkipVerify: true})
		if secure.Handshake() != nil {
			return "", ""
		}
		conn, certificate = secure, commonName(secure)
	}
	_, err := io.WriteString(conn, "hi\n")
	if s.answer == "waits" || s.answer == "fails" || s.scheme == "udp" && s.answer == "closed" || err != nil {
		return "", certificate
	}
	buf := make([]byte, 100)
	n, _ := conn.Read(buf)
	answer, _, _ = strings.Cut(string(buf[:n]), ":")
	return answer, certificate
}

// addressedPackets are packets to the port that the recorded Kong listened on.
type addressedPackets struct {
	net.PacketConn
	port int
}

func (a addressedPackets) LocalAddr() net.Addr {
	return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: a.port}
}

// streamBackends are b5, over TCP and UDP, and b8, over TLS. They send back what they get after their name and a colon.
type streamBackends struct {
	mu    sync.Mutex
	addrs map[int]string
	asked int
}

func (b *streamBackends) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

func (b *streamBackends) address(t *testing.T) func(string, int) (string, bool) {
	b.addrs = map[int]string{}
	return func(_ string, port int) (string, bool) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.addrs[port] == "" {
			b.addrs[port] = b.start(t, port)
		}
		return b.addrs[port], true
	}
}

func (b *streamBackends) start(t *testing.T, port int) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	name := "b" + strconv.Itoa(port-27200)
	switch name {
	case "b8":
		cert, key := newCertificate(t, "backend")
		pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
		if err != nil {
			t.Fatal(err)
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}})
	case "b5":
		packets, err := net.ListenPacket("udp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = packets.Close() })
		go b.answerPackets(packets, name)
	default:
		_ = l.Close() // nobody is there
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for c, err := l.Accept(); !errors.Is(err, net.ErrClosed); c, err = l.Accept() {
			if err == nil {
				b.note()
				go answerStream(c, name)
			}
		}
	}()
	return addr
}

func (b *streamBackends) note() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
}

func answerStream(c net.Conn, name string) {
	defer c.Close()
	buf := make([]byte, 100)
	for n, err := c.Read(buf); err == nil; n, err = c.Read(buf) {
		_, _ = io.WriteString(c, name+":"+string(buf[:n]))
	}
}

func (b *streamBackends) answerPackets(c net.PacketConn, name string) {
	buf := make([]byte, 100)
	for n, from, err := c.ReadFrom(buf); err == nil; n, from, err = c.ReadFrom(buf) {
		b.note()
		_, _ = c.WriteTo([]byte(name+":"+string(buf[:n])), from)
	}
}
