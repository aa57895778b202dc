package proxy

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gwsync/gwsync/render/kong"
)

// listener is a listener in memory, whose connections are between the addresses that the recorded Kong saw.
type listener struct {
	conns chan net.Conn
	done  chan struct{}
	port  int
}

func newListener(port int) *listener {
	return &listener{conns: make(chan net.Conn), done: make(chan struct{}), port: port}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	select {
	case <-l.done:
	default:
		close(l.done)
	}
	return nil
}

func (l *listener) Addr() net.Addr { return loopback(l.port) }

func loopback(port int) *net.TCPAddr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port} }

// dial connects a client.
func (l *listener) dial() net.Conn {
	client, server := net.Pipe()
	l.conns <- addressed{server, l.port}
	return client
}

type addressed struct {
	net.Conn
	port int
}

func (a addressed) LocalAddr() net.Addr  { return loopback(a.port) }
func (a addressed) RemoteAddr() net.Addr { return loopback(40000) }

// testKong is a proxy that listens on 8000 and, for TLS, on 8443.
type testKong struct {
	*Proxy
	plain, secure *listener
}

func startKong(t *testing.T, s kong.State, f kong.Flavor, o Options) *testKong {
	t.Helper()
	k := &testKong{
		Proxy: New(func() (kong.State, uint64) { return s, 1 }, f, o),
		plain: newListener(8000), secure: newListener(8443),
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() { _ = k.Serve(ctx, k.plain) }()
	go func() { _ = k.ServeTLS(ctx, k.secure) }()
	return k
}

// connect opens a connection as a client of the scheme does.
func (k *testKong) connect(t *testing.T, scheme, sni string) net.Conn {
	t.Helper()
	if scheme == "http" {
		return k.plain.dial()
	}
	c := tls.Client(k.secure.dial(), &tls.Config{ServerName: sni, InsecureSkipVerify: true})
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	return c
}

// get returns the status, header and body of the answer to a request, which is one for example.com.
func (k *testKong) get(t *testing.T, target string) (*http.Response, string) {
	t.Helper()
	c := k.connect(t, "http", "")
	defer c.Close()
	return roundTripRaw(t, c, http.MethodGet, "GET "+target+" HTTP/1.1\r\nHost: example.com\r\n\r\n")
}

// backends are the servers that stand behind 127.0.0.1:27201 to 27208 (b1 to b8). Nobody is at 27250, 27251 and 8000.
type backends struct {
	script  map[string]behaviour
	urls    sync.Map // by name
	clients sync.Map // the proxy's connections, *patientConn, by their local addresses

	mu  sync.Mutex
	got []arrival
	sni string // what the last client of TLS named
}

// behaviour is how a backend answers if not by default.
type behaviour struct {
	Status  int
	Headers [][2]string
	Body    *string
	// Delay is how long it takes to answer, in seconds by the clock of the proxy's connection: see patientConn.
	Delay float64
	// Close closes the connection without an answer.
	Close bool
	// Raw is sent in place of an answer, and the connection closed.
	Raw string
}

// arrival is a request that a backend received.
type arrival struct {
	service, method, target, host string
	header                        http.Header
	body                          string
}

func (b *backends) address(t *testing.T) func(string, int) (string, bool) {
	closed := httptest.NewServer(nil)
	nobody := closed.Listener.Addr().String()
	closed.Close()
	var mu sync.Mutex
	return func(host string, port int) (string, bool) {
		if port < 27201 || port > 27209 {
			return nobody, host == "127.0.0.1"
		}
		name := "b" + strconv.Itoa(port-27200)
		mu.Lock()
		defer mu.Unlock()
		if addr, ok := b.urls.Load(name); ok {
			return addr.(string), true
		}
		srv := b.start(t, name)
		b.urls.Store(name, srv.Listener.Addr().String())
		return srv.Listener.Addr().String(), true
	}
}

// start starts a backend: b5 speaks WebSocket, b6 gRPC, b7 gRPC over TLS, b9 HTTPS, the others HTTP.
func (b *backends) start(t *testing.T, name string) *httptest.Server {
	t.Helper()
	handler := b.handler(name)
	switch name {
	case "b5":
		handler = b.record(name, serveWebSocket)
	case "b6", "b7":
		handler = b.record(name, serveGRPC(name))
	}
	srv := httptest.NewUnstartedServer(handler)
	t.Cleanup(srv.Close)
	srv.Config.Protocols = new(http.Protocols)
	srv.Config.Protocols.SetHTTP1(true)
	srv.Config.Protocols.SetHTTP2(name == "b7")
	srv.Config.Protocols.SetUnencryptedHTTP2(name == "b6")
	if name != "b7" && name != "b9" {
		srv.Start()
		return srv
	}
	srv.EnableHTTP2 = name == "b7"
	srv.TLS = &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.sni = h.ServerName
		return nil, nil
	}}
	srv.StartTLS()
	return srv
}

// record takes note of the requests to a handler.
func (b *backends) record(name string, h func(w http.ResponseWriter, r *http.Request, body []byte)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		b.got = append(b.got, arrival{name, r.Method, r.RequestURI, r.Host, r.Header.Clone(), string(body)})
		b.mu.Unlock()
		w.Header()["Date"] = nil
		w.Header().Set("X-Backend", name)
		h(w, r, body)
	})
}

// serveWebSocket sends back what it gets after "b5:", to clients that ask for a WebSocket.
func serveWebSocket(w http.ResponseWriter, r *http.Request, _ []byte) {
	if r.Header.Get("Upgrade") == "" {
		w.Header()["Content-Type"] = nil
		w.Header().Set("Content-Length", "2")
		w.WriteHeader(http.StatusUpgradeRequired)
		_, _ = io.WriteString(w, "no")
		return
	}
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Accept: x\r\nX-Backend: b5\r\n\r\n")
	buf := make([]byte, 100)
	n, _ := rw.Read(buf)
	_, _ = io.WriteString(c, "b5:"+string(buf[:n]))
}

// serveGRPC sends back the message that it gets; to calls of Fail it says in the header that they failed. To others than clients of gRPC
// it is a plain backend.
func serveGRPC(name string) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, r *http.Request, body []byte) {
		h := w.Header()
		if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			answer(w, name, behaviour{}, false)
			return
		}
		h.Set("Content-Type", "application/grpc")
		if strings.HasSuffix(r.URL.Path, "/Fail") {
			h.Set("Grpc-Status", "5")
			h.Set("Grpc-Message", "nope")
			return
		}
		h.Set("Trailer", "Grpc-Status, Grpc-Message")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(body)
		h.Set("Grpc-Status", "0")
		h.Set("Grpc-Message", "ok")
	}
}

// dial knows no names: it is for tests that must not ask a real DNS server.
func dialWithoutNames(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if net.ParseIP(host) == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

func (b *backends) handler(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		b.got = append(b.got, arrival{name, r.Method, r.RequestURI, r.Host, r.Header.Clone(), string(body)})
		b.mu.Unlock()
		s, scripted := b.script[name]
		client, ok := b.clients.Load(r.RemoteAddr)
		if ok && !client.(*patientConn).waits(time.Duration(s.Delay*float64(time.Second))) {
			<-r.Context().Done()
			return
		}
		if s.Close || s.Raw != "" {
			conn, _, _ := http.NewResponseController(w).Hijack()
			_, _ = io.WriteString(conn, s.Raw)
			_ = conn.Close()
			return
		}
		answer(w, name, s, scripted)
	})
}

func answer(w http.ResponseWriter, name string, s behaviour, scripted bool) {
	h := w.Header()
	h["Date"], h["Content-Type"] = nil, nil
	if s.Headers == nil {
		h.Set("Content-Type", "application/json")
		h.Set("X-Backend", name)
	}
	for _, f := range s.Headers {
		h.Add(f[0], f[1])
	}
	body := `{"backend":"` + name + `"}`
	if scripted && s.Body != nil {
		body = *s.Body
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(max(s.Status, 0) + 200*btoi(s.Status == 0))
	_, _ = io.WriteString(w, body)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// arrivals returns what the backends have received since the last call.
func (b *backends) arrivals() []arrival {
	b.mu.Lock()
	defer b.mu.Unlock()
	got := slices.Clone(b.got)
	b.got = nil
	return got
}

func stateOf(t *testing.T, config string) kong.State {
	t.Helper()
	s, err := kong.Decode(strings.NewReader(config))
	if err != nil {
		t.Fatalf("config: %v", err)
	}
	return s
}

func mustUnmarshal(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}
