package render_test

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// FuzzRetryAnswer holds that whatever a backend sends to what retries for Kong, the client gets an answer: the backend's, or 502.
func FuzzRetryAnswer(f *testing.F) {
	for _, s := range []string{
		"", "HTTP/1.1 200 OK\r\n\r\nbody", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef",
		"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 999 Odd\r\n\r\n", "HTTP/2 200\r\n\r\n", "junk\r\n",
		"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
		"HTTP/1.1 200 OK\nA: 1\nA: 2\nConnection: A, close\n\nx", "HTTP/1.1 200 OK\r\nX\x00Y: \xff\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: \r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx",
	} {
		f.Add([]byte(s))
	}
	in := fstest.MapFS{"all.yaml": {Data: []byte(backedBase + "---\n" +
		routeWith("  - retry: {codes: [503]}\n    timeouts: {request: 5s}\n    backendRefs: [{name: a, port: 80}]\n"))}}
	result, err := render.Render([]manifest.Input{{FS: in, Path: "."}}, render.Options{Target: render.Target{Flavor: kong.Expressions}})
	if err != nil {
		f.Fatal(err)
	}
	var answer atomic.Pointer[[]byte]
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				_, _ = c.Write(*answer.Load())
			}
			_ = c.Close()
		}
	}()
	p := proxy.New(func() (kong.State, uint64) { return result.State, 1 }, kong.Expressions, proxy.Options{
		Backend: func(string, int) (string, bool) { return l.Addr().String(), true },
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		answer.Store(&data)
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		p.ServeHTTP(w, r)
		if said := bytes.Contains(data, []byte(strconv.Itoa(w.Code))); !said && w.Code >= 500 && w.Code != 502 {
			t.Errorf("got %d: %s", w.Code, w.Body)
		}
	})
}
