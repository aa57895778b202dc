package backend

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/websocket"
)

func (b *Backend) startHTTP() error {
	handler := &echo{Backend: b, failed: map[string]int{}}
	serve := func(protocols func(*http.Protocols), secure *tls.Config) func(net.Listener) error {
		s := &http.Server{Handler: handler, Protocols: new(http.Protocols), TLSConfig: secure, ReadHeaderTimeout: time.Minute}
		protocols(s.Protocols)
		b.atExit(func() { _ = s.Close() })
		if secure != nil {
			return func(l net.Listener) error { return s.ServeTLS(l, "", "") }
		}
		return s.Serve
	}
	if err := b.listen(3000, serve(func(p *http.Protocols) { p.SetHTTP1(true) }, nil)); err != nil {
		return err
	}
	if err := b.listen(3001, serve(func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }, nil)); err != nil {
		return err
	}
	if b.pod.Certificate == nil {
		return nil
	}
	return b.listen(8443, serve(func(p *http.Protocols) { p.SetHTTP1(true); p.SetHTTP2(true) }, b.secure()))
}

// secure returns the server's side of TLS: certificates of clients are verified where there are authorities, but not required.
func (b *Backend) secure() *tls.Config {
	c := &tls.Config{Certificates: []tls.Certificate{*b.pod.Certificate}, MinVersion: tls.VersionTLS12}
	if b.pod.ClientCAs != nil {
		c.ClientAuth, c.ClientCAs = tls.VerifyClientCertIfGiven, b.pod.ClientCAs
	}
	return c
}

// echo answers requests with what they are.
type echo struct {
	*Backend
	mu sync.Mutex
	// failed counts the failures of /retry/ by the id of the request.
	failed map[string]int
}

// echoed is the answer. The suite reads it as roundtripper.CapturedRequest.
type echoed struct {
	Path      string      `json:"path"`
	Host      string      `json:"host"`
	Method    string      `json:"method"`
	Proto     string      `json:"proto"`
	Headers   http.Header `json:"headers"`
	HTTPPort  string      `json:"httpPort"`
	Namespace string      `json:"namespace"`
	Service   string      `json:"service"`
	Pod       string      `json:"pod"`
	TLS       *echoedTLS  `json:"tls,omitempty"`
}

type echoedTLS struct {
	Version            string   `json:"version"`
	ServerName         string   `json:"serverName"`
	NegotiatedProtocol string   `json:"negotiatedProtocol,omitempty"`
	CipherSuite        string   `json:"cipherSuite"`
	PeerCertificates   []string `json:"peerCertificates,omitempty"`
}

// ServeHTTP answers with the request, after ?delay=DURATION. /ws is an echo of WebSocket, /status/CODE answers with a code, and
// /retry/ fails a number of times first.
func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	code, isStatus := strings.CutPrefix(r.URL.Path, "/status/")
	switch {
	case r.URL.Path == "/ws":
		websocket.Handler(func(c *websocket.Conn) { _, _ = io.Copy(c, c) }).ServeHTTP(w, r)
	case isStatus:
		if n, err := strconv.Atoi(code); err == nil && n >= 200 && n <= 999 {
			w.WriteHeader(n)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
	case strings.HasPrefix(r.URL.Path, "/retry/"):
		e.fail(w, r)
	default:
		e.answer(w, r)
	}
}

// fail answers a request of id ?uuid after ?succeedAfter failures: resets of the connection, or answers of ?responseCode, each
// after ?delayRetry.
func (e *echo) fail(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	times, err := strconv.Atoi(q.Get("succeedAfter"))
	if err != nil || q.Get("uuid") == "" {
		http.Error(w, "want uuid and succeedAfter", http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	n := e.failed[q.Get("uuid")]
	if n < times {
		e.failed[q.Get("uuid")]++
	}
	e.mu.Unlock()
	if n >= times {
		e.answer(w, r)
		return
	}
	if !wait(w, q.Get("delayRetry")) {
		return
	}
	if code, err := strconv.Atoi(q.Get("responseCode")); err == nil {
		w.WriteHeader(code)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // so that closing it is a reset
	}
	_ = conn.Close()
}

// wait waits for a duration, as it is written, and reports whether it is one. "" is none.
func wait(w http.ResponseWriter, s string) bool {
	if s == "" {
		return true
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	time.Sleep(d)
	return true
}

func (e *echo) answer(w http.ResponseWriter, r *http.Request) {
	e.printf("Echoing back request made to %s to client (%s)\n", r.RequestURI, r.RemoteAddr)
	if !wait(w, r.URL.Query().Get("delay")) {
		return
	}
	for _, line := range r.Header["X-Echo-Set-Header"] {
		for pair := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), ":")
			if had := w.Header()[name]; len(had) > 0 {
				value = had[0] + "," + strings.TrimSpace(value)
			}
			w.Header()[name] = []string{value} // in the case in which it was asked for
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	text, err := json.MarshalIndent(echoed{
		Path: r.RequestURI, Host: r.Host, Method: r.Method, Proto: r.Proto, Headers: r.Header, HTTPPort: "3000",
		Namespace: e.pod.Namespace, Service: e.pod.Service, Pod: e.pod.Name, TLS: tlsOf(r.TLS),
	}, "", " ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(text)
}

func tlsOf(s *tls.ConnectionState) *echoedTLS {
	if s == nil {
		return nil
	}
	out := &echoedTLS{
		Version: versionOf(s.Version), ServerName: s.ServerName, NegotiatedProtocol: s.NegotiatedProtocol,
		CipherSuite: tls.CipherSuiteName(s.CipherSuite),
	}
	for _, c := range s.PeerCertificates {
		out.PeerCertificates = append(out.PeerCertificates, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})))
	}
	return out
}

// versionOf returns TLSv1.3 for what Go calls TLS 1.3.
func versionOf(v uint16) string {
	return fmt.Sprintf("TLSv%s", strings.TrimPrefix(tls.VersionName(v), "TLS "))
}
