package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// BenchmarkProxy asks over connections that are kept alive, sixteen at a time for each processor, a real backend or the echo, by one
// of 1,000 routes. Clients and backend are in the same process and take their share of the time.
func BenchmarkProxy(b *testing.B) {
	var routes []string
	for i := range 1000 {
		routes = append(routes, fmt.Sprintf(`{"name":"r%d","paths":["/path/%d"],"hosts":["h%d.example.com"]}`, i, i, i%10))
	}
	config := `{"_format_version":"3.0","services":[{"name":"s","host":"a.svc","routes":[` + strings.Join(routes, ",") + `]}]}`
	s, err := kong.Decode(strings.NewReader(config))
	if err != nil {
		b.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	b.Cleanup(srv.Close)
	for name, o := range map[string]Options{"backend": {Backend: mappedTo(srv)}, "echo": {}} {
		b.Run(name, func(b *testing.B) {
			p := New(func() (kong.State, uint64) { return s, 1 }, kong.TraditionalCompatible, o)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			go func() { _ = p.Serve(ctx, l) }()
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
			defer client.CloseIdleConnections()
			b.ResetTimer()
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					req, _ := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/path/%d/x", l.Addr(), i%1000), http.NoBody)
					req.Host = fmt.Sprintf("h%d.example.com", i%10)
					resp, err := client.Do(req)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
					if resp.StatusCode != http.StatusOK {
						b.Errorf("status %d", resp.StatusCode)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
