package proxy

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

const grpcGuide = `{"_format_version":"3.0","services":[{"name":"g","protocol":"grpc","host":"g.svc","port":50051,"retries":0,
	"routes":[{"name":"r","protocols":["grpc","grpcs"],"paths":["/p.S/"]}]}]}`

// clientOf returns a client that speaks HTTP/2 without TLS.
func clientOf(t *testing.T, k *testKong) *http.Transport {
	t.Helper()
	tr := &http.Transport{
		Protocols:   new(http.Protocols),
		DialContext: func(context.Context, string, string) (net.Conn, error) { return k.plain.dial(), nil },
	}
	tr.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

func callGRPC(t *testing.T, k *testKong, body io.Reader) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://h.com/p.S/M", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("Te", "trailers")
	resp, err := clientOf(t, k).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// Either side may speak at any time.
func TestGRPCStreams(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		_ = http.NewResponseController(w).Flush()
		buf := make([]byte, 100)
		for n, err := r.Body.Read(buf); n > 0 || err == nil; n, err = r.Body.Read(buf) {
			_, _ = io.WriteString(w, strings.ToUpper(string(buf[:n])))
			_ = http.NewResponseController(w).Flush()
		}
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
	}))
	srv.Config.Protocols = new(http.Protocols)
	srv.Config.Protocols.SetUnencryptedHTTP2(true)
	srv.Start()
	t.Cleanup(srv.Close)
	k := startKong(t, stateOf(t, grpcGuide), kong.TraditionalCompatible, Options{Backend: mappedTo(srv)})
	in, out := io.Pipe()
	resp := callGRPC(t, k, in)
	buf := make([]byte, 100)
	for _, s := range []string{"one", "two", "three"} {
		_, _ = io.WriteString(out, s)
		if n, err := io.ReadFull(resp.Body, buf[:len(s)]); string(buf[:n]) != strings.ToUpper(s) {
			t.Fatalf("got %q, %v", buf[:n], err)
		}
	}
	_ = out.Close()
	if rest, err := io.ReadAll(resp.Body); len(rest) > 0 || err != nil {
		t.Errorf("got %q, %v", rest, err)
	}
	if got := resp.Trailer.Get("Grpc-Status"); got != "0" {
		t.Errorf("status %q", got)
	}
}

// The echo cannot write the messages of a service that it does not know, so it says in the status where the call went.
func TestEchoOfGRPC(t *testing.T) {
	k := startKong(t, stateOf(t, grpcGuide), kong.TraditionalCompatible, Options{})
	resp := callGRPC(t, k, strings.NewReader("\x00\x00\x00\x00\x00"))
	if s, m := resp.Header.Get("Grpc-Status"), resp.Header.Get("Grpc-Message"); resp.StatusCode != 200 || s != "12" ||
		m != "echo in place of g.svc:50051: POST /p.S/M for g.svc:50051" {
		t.Errorf("got %d, %s %q", resp.StatusCode, s, m)
	}
}

func TestGRPCBackendThatIsSilent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	config := strings.Replace(grpcGuide, `"retries":0`, `"retries":0,"connect_timeout":1000,"read_timeout":1`, 1)
	k := startKong(t, stateOf(t, config), kong.TraditionalCompatible, Options{Backend: func(string, int) (string, bool) {
		return l.Addr().String(), true
	}})
	resp := callGRPC(t, k, strings.NewReader("x"))
	if resp.StatusCode != http.StatusGatewayTimeout || resp.Header.Get("Grpc-Status") != "4" {
		t.Errorf("got %d, %v", resp.StatusCode, resp.Header)
	}
}
