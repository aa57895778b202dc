package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gwsync/gwsync/render/kong"
)

// guide is the configuration that the cross-namespace guide amounts to.
const guide = `{"_format_version":"3.0","services":[{"name":"echo","host":"echo.test-destination.svc","port":1027,
	"routes":[{"name":"echo","paths":["/echo"]}]}]}`

func TestEchoStandsInForBackends(t *testing.T) {
	k := startKong(t, stateOf(t, guide), kong.TraditionalCompatible, Options{})
	resp, body := k.get(t, "/echo/a%2Fb?x=1")
	var got echoed
	if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%d %s (%v)", resp.StatusCode, body, err)
	}
	if got.Headers["X-Kong-Request-Id"] == "" {
		t.Error("no request id arrived")
	}
	delete(got.Headers, "X-Kong-Request-Id")
	want := echoed{
		Backend: "echo.test-destination.svc:1027", Method: "GET", Path: "/a%2Fb?x=1", Host: "echo.test-destination.svc:1027",
		Headers: map[string]string{
			"Connection": "keep-alive", "Via": "1.1 kong/3.9.3", "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "example.com",
			"X-Forwarded-Path": "/echo/a%2Fb", "X-Forwarded-Port": "8000", "X-Forwarded-Prefix": "/echo",
			"X-Forwarded-Proto": "http", "X-Real-Ip": "127.0.0.1",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPluginsThatAreNotModelled(t *testing.T) {
	const config = `{"_format_version":"3.0","services":[{"name":"s","host":"127.0.0.1","port":27201%s,
		"routes":[{"name":"r","paths":["/a"]%s}]}]%s,"consumers":[{"username":"c"%s}]}`
	const auth = `,"plugins":[{"name":"hmac-auth"}]`
	const off = `,"plugins":[{"name":"hmac-auth","enabled":false}]`
	const terminating = `,"plugins":[{"name":"request-termination"},{"name":"hmac-auth"}]`
	for _, tt := range []struct {
		name                             string
		service, route, global, consumer string
		want                             int
	}{
		{name: "route", route: auth, want: 501},
		{name: "service", service: auth, want: 501},
		{name: "global", global: auth, want: 501},
		{name: "of a consumer, and nobody is one", consumer: `,"plugins":[{"name":"rate-limiting"}]`, want: 200},
		{name: "disabled", route: off, service: off, global: off, want: 200},
		{name: "disabled for the route only", route: off, service: auth, want: 501},
		{name: "before one that answers", route: terminating, want: 501},
		{name: "a config that cannot be read", route: `,"plugins":[{"name":"redirect","config":{"status_code":"x"}}]`, want: 501},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &backends{}
			s := stateOf(t, fmt.Sprintf(config, tt.service, tt.route, tt.global, tt.consumer))
			k := startKong(t, s, kong.TraditionalCompatible, Options{Backend: b.address(t)})
			resp, body := k.get(t, "/a")
			if resp.StatusCode != tt.want {
				t.Errorf("status %d, want %d: %s", resp.StatusCode, tt.want, body)
			}
			if tt.want != 501 {
				return
			}
			if !strings.Contains(body, `"plugin hmac-auth is not supported`) && !strings.Contains(body, `"plugin redirect: `) {
				t.Errorf("the answer does not name the plugin: %s", body)
			}
			if got := b.arrivals(); len(got) > 0 {
				t.Errorf("the backend was asked: %v", got)
			}
		})
	}
}

func TestHealthChecksOfRealBackendsAreRefused(t *testing.T) {
	const config = `{"_format_version":"3.0","upstreams":[{"name":"u","targets":[{"target":"127.0.0.1:27201"}],
		"healthchecks":{"passive":{"unhealthy":{"http_failures":2}}}}],
		"services":[{"name":"s","host":"u","routes":[{"name":"r","paths":["/a"]}]}]}`
	b := &backends{}
	k := startKong(t, stateOf(t, config), kong.TraditionalCompatible, Options{Backend: b.address(t)})
	resp, body := k.get(t, "/a")
	if resp.StatusCode != 501 || !strings.Contains(body, "health checks") || len(b.arrivals()) > 0 {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
}

func TestHealthChecksAreNothingToTheEcho(t *testing.T) {
	const config = `{"_format_version":"3.0","upstreams":[{"name":"u","targets":[{"target":"a.svc:80"}],
		"healthchecks":{"active":{"healthy":{"interval":5}}}}],"services":[{"name":"s","host":"u","routes":[{"name":"r","paths":["/a"]}]}]}`
	k := startKong(t, stateOf(t, config), kong.TraditionalCompatible, Options{})
	if resp, body := k.get(t, "/a"); resp.StatusCode != 200 {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
}

func TestTableFollowsTheGeneration(t *testing.T) {
	var generation atomic.Uint64
	before, after := stateOf(t, guide), stateOf(t, strings.ReplaceAll(guide, `"/echo"`, `"/other"`))
	p := New(func() (kong.State, uint64) {
		if g := generation.Load(); g > 0 {
			return after, g
		}
		return before, 0
	}, kong.TraditionalCompatible, Options{})
	first := p.table()
	if p.table() != first {
		t.Error("compiled again without a change")
	}
	generation.Store(1)
	second := p.table()
	if second == first {
		t.Error("not compiled again after a change")
	}
}

func TestRingKeepsTurningOverOtherChanges(t *testing.T) {
	const config = `{"_format_version":"3.0","upstreams":[{"name":"u","targets":[{"target":"a:1","weight":%d},{"target":"b:1"}]}]}`
	s := stateOf(t, fmt.Sprintf(config, 100))
	first := newTable(s, s, kong.TraditionalCompatible, nil)
	same := newTable(s, s, kong.TraditionalCompatible, first)
	if first.upstreams["u"].balancer != same.upstreams["u"].balancer {
		t.Error("a new ring for the same targets")
	}
	other := stateOf(t, fmt.Sprintf(config, 50))
	changed := newTable(other, other, kong.TraditionalCompatible, same)
	if changed.upstreams["u"].balancer == same.upstreams["u"].balancer {
		t.Error("the old ring for other weights")
	}
}

func TestHeaderThatIsTooLong(t *testing.T) {
	k := startKong(t, stateOf(t, guide), kong.TraditionalCompatible, Options{})
	for length, want := range map[int]int{8190 - len("X-Long: "): 200, 8191 - len("X-Long: "): 400} {
		c := k.connect(t, "http", "")
		resp, body := roundTripRaw(t, c, "GET", "GET /echo HTTP/1.1\r\nHost: a\r\nX-Long: "+strings.Repeat("a", length)+"\r\n\r\n")
		_ = c.Close()
		if resp.StatusCode != want || want == 400 && !strings.HasPrefix(body, "Request header or cookie too large") {
			t.Errorf("%d bytes: %d %.100s", length, resp.StatusCode, body)
		}
	}
}

// What a plugin would have to keep is refused; see TestBodiesAreStreamed for what no plugin asks for.
func TestBodyThatIsTooLarge(t *testing.T) {
	const transforming = `"paths":["/echo"],"plugins":[{"name":"request-transformer","config":{"add":{"body":["a:b"]}}}]`
	k := startKong(t, stateOf(t, strings.Replace(guide, `"paths":["/echo"]`, transforming, 1)), kong.TraditionalCompatible, Options{})
	c := k.connect(t, "http", "")
	defer c.Close()
	resp, body := roundTripRaw(t, c, "POST", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"+
		"Content-Length: 99999999\r\n\r\n")
	if resp.StatusCode != 413 || !strings.Contains(body, "Payload too large") {
		t.Errorf("got %d %.100s", resp.StatusCode, body)
	}
}

func TestResponsesAreStreamed(t *testing.T) {
	more := make(chan bool)
	conn := realBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		_ = http.NewResponseController(w).Flush()
		<-more
		_, _ = io.WriteString(w, "second\n")
	})
	go func() { _, _ = io.WriteString(conn, "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") }()
	var got strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(got.String(), "first") { // with the backend still at work
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got.Write(buf[:n])
	}
	close(more)
	rest, _ := io.ReadAll(conn)
	if !strings.Contains(string(rest), "second") {
		t.Errorf("got %q", rest)
	}
}

func TestClientThatLeavesEndsTheRequest(t *testing.T) {
	asked, ended := make(chan bool), make(chan bool)
	conn := realBackend(t, func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
		close(ended)
	})
	if _, err := io.WriteString(conn, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-asked
	_ = conn.Close()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("the backend was left working")
	}
}

func TestWebSocket(t *testing.T) {
	conn := realBackend(t, func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil || r.Header.Get("Upgrade") != "websocket" {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		line, _ := rw.ReadString('\n')
		_, _ = io.WriteString(c, "you said "+line)
	})
	go func() {
		_, _ = io.WriteString(conn, "GET /echo HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello\n")
	}()
	got, _ := io.ReadAll(conn)
	if s := string(got); !strings.HasPrefix(s, "HTTP/1.1 101 ") || !strings.HasSuffix(s, "\r\n\r\nyou said hello\n") {
		t.Errorf("got %q", s)
	}
}

// realBackend returns a client's connection to a proxy that asks a backend of the given kind.
func realBackend(t *testing.T, handler http.HandlerFunc) net.Conn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, l.Addr().String())
	}
	k := startKong(t, stateOf(t, guide), kong.TraditionalCompatible, Options{Dial: dial})
	conn := k.connect(t, "http", "")
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestHTTPSBackend(t *testing.T) {
	own, err := selfSigned("localhost")
	if err != nil {
		t.Fatal(err)
	}
	names := make(chan string, 1)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		names <- h.ServerName
		return own, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "secure "+r.Host)
	})}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	s := stateOf(t, strings.Replace(guide, `"port":1027`, `"port":443,"protocol":"https"`, 1))
	k := startKong(t, s, kong.TraditionalCompatible, Options{Backend: func(string, int) (string, bool) { return l.Addr().String(), true }})
	if _, body := k.get(t, "/echo"); body != "secure echo.test-destination.svc" {
		t.Errorf("got %q", body)
	}
	if name := <-names; name != "echo.test-destination.svc" {
		t.Errorf("the handshake named %q", name)
	}
}

func TestAppendToHostIsGarbageAsInKong(t *testing.T) {
	const config = `{"_format_version":"3.0","services":[{"name":"s","host":"a.svc","routes":[{"name":"r","paths":["/a"],
		"plugins":[{"name":"request-transformer","config":{"append":{"headers":["Host:new.host"]}}}]}]}]}`
	k := startKong(t, stateOf(t, config), kong.TraditionalCompatible, Options{})
	if _, body := k.get(t, "/a"); !strings.Contains(body, `"host": "table: 0x`) {
		t.Errorf("got %s", body)
	}
}

// A backend that breaks off must not look like one that finished.
func TestAnswerThatBreaksOff(t *testing.T) {
	const transforming = `"paths":["/echo"],"plugins":[{"name":"response-transformer","config":{"add":{"json":["a:b"]}}}]`
	for _, config := range []string{guide, strings.Replace(guide, `"paths":["/echo"]`, transforming, 1)} {
		dial := func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				_, _ = http.ReadRequest(bufio.NewReader(server))
				_, _ = io.WriteString(server, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"k\":1")
				_ = server.Close()
			}()
			return client, nil
		}
		k := startKong(t, stateOf(t, config), kong.TraditionalCompatible, Options{Dial: dial})
		c := k.connect(t, "http", "")
		go func() { _, _ = io.WriteString(c, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n") }()
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("the client took %q for the whole answer", body)
		}
		_ = c.Close()
	}
}

// An answer that cannot be read is not asked for again; a connection that breaks is.
func TestTriesByFailure(t *testing.T) {
	for raw, want := range map[string]int32{"": 6, "HTTP/1.1 200 OK\r\nbad header\r\n\r\n": 1} {
		var tries atomic.Int32
		l, err := net.Listen("tcp", "127.0.0.1:0") // no net.Pipe, which has another error for what was closed before it is read
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
				tries.Add(1)
				_, _ = http.ReadRequest(bufio.NewReader(conn))
				_, _ = io.WriteString(conn, raw)
				_ = conn.Close()
			}
		}()
		backend := func(string, int) (string, bool) { return l.Addr().String(), true }
		k := startKong(t, stateOf(t, guide), kong.TraditionalCompatible, Options{Backend: backend})
		if resp, body := k.get(t, "/echo"); resp.StatusCode != 502 || tries.Load() != want {
			t.Errorf("%q: %d after %d tries: %s", raw, resp.StatusCode, tries.Load(), body)
		}
	}
}
