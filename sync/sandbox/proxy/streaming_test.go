package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gwsync/gwsync/render/kong"
)

// streamingGuide is guide with a route whose requests Kong does not buffer.
var streamingGuide = strings.Replace(guide, `"paths"`, `"request_buffering":false,"paths"`, 1)

// A backend answers while the client is still sending.
func TestBodiesAreStreamed(t *testing.T) {
	backend := func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		in := bufio.NewReader(r.Body)
		for line, err := in.ReadString('\n'); err == nil; line, err = in.ReadString('\n') {
			_, _ = io.WriteString(w, "got "+line)
			_ = http.NewResponseController(w).Flush()
		}
	}
	srv := httptest.NewServer(http.HandlerFunc(backend))
	t.Cleanup(srv.Close)
	k := startKong(t, stateOf(t, streamingGuide), kong.TraditionalCompatible, Options{Backend: mappedTo(srv)})
	c := k.connect(t, "http", "")
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	send := func(s string) {
		if _, err := fmt.Fprintf(c, "%x\r\n%s\r\n", len(s), s); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = io.WriteString(c, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
	send("one\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer := bufio.NewReader(resp.Body)
	for _, line := range []string{"two\n", "three\n", ""} {
		if got, err := answer.ReadString('\n'); err != nil || !strings.HasPrefix(got, "got ") {
			t.Fatalf("%q, %v", got, err)
		}
		if line != "" {
			send(line)
		}
	}
}

// A body that is too large to be kept reaches the backend whole.
func TestLargeBodiesAreStreamed(t *testing.T) {
	const size = maxBody + 12345
	var got atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		got.Store(n)
	}))
	t.Cleanup(srv.Close)
	k := startKong(t, stateOf(t, guide), kong.TraditionalCompatible, Options{Backend: mappedTo(srv)})
	for _, length := range []int64{size, -1} {
		tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return k.plain.dial(), nil }}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://a/echo", io.LimitReader(zeros{}, size))
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = length
		resp, err := tr.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		tr.CloseIdleConnections()
		if resp.StatusCode != http.StatusOK || got.Load() != size {
			t.Errorf("%d: %d of %d bytes arrived", resp.StatusCode, got.Load(), int64(size))
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func mappedTo(srv *httptest.Server) func(string, int) (string, bool) {
	return func(string, int) (string, bool) { return srv.Listener.Addr().String(), true }
}

// Connections to backends are used again, but not those that the backend has closed meanwhile.
func TestConnectionsAreKeptAlive(t *testing.T) {
	var opened atomic.Int64
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/close" {
			w.Header().Set("Connection", "close")
		}
		_, _ = io.WriteString(w, "x")
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	k := startKong(t, stateOf(t, guide), kong.TraditionalCompatible, Options{Backend: mappedTo(srv)})
	for i, want := range []int64{1, 1, 1, 2, 3, 3} {
		path := "/echo"
		switch i {
		case 2:
			path = "/echo/close"
		case 4:
			srv.CloseClientConnections()
		}
		if resp, body := k.get(t, path); resp.StatusCode != http.StatusOK || body != "x" || opened.Load() != want {
			t.Errorf("request %d: %d %q, %d connections", i, resp.StatusCode, body, opened.Load())
		}
	}
}
