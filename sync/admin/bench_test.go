package admin

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// pages answers listings of services and routes from memory, as Kong writes them: with all fields, set or not.
type pages map[string][]string

func newPages(n int) pages {
	const service = `{"ca_certificates":null,"client_certificate":null,"connect_timeout":60000,"created_at":1795383894,"enabled":true,` +
		`"host":"echo.ns-%[1]d.svc","id":"00000000-0000-5000-8000-%012[1]d","name":"httproute.ns.route-%[1]d.0","path":null,"port":1027,` +
		`"protocol":"http","read_timeout":60000,"retries":5,"tags":["gwsync:main","k8s-kind:HTTPRoute","k8s-name:route-%[1]d",` +
		`"k8s-namespace:ns","managed-by:gwsync"],"tls_verify":null,"tls_verify_depth":null,"updated_at":1795383894,"write_timeout":60000}`
	const route = `{"created_at":1795383894,"destinations":null,"headers":null,"hosts":["h%[1]d.example.com"],` +
		`"https_redirect_status_code":426,` +
		`"id":"00000000-0000-5000-8000-%012[1]d","methods":null,"name":"httproute.ns.route-%[1]d.0.%[2]d","path_handling":"v0",` +
		`"paths":["~/a/%[1]d$","/a/%[1]d/"],"preserve_host":true,"protocols":["http","https"],"regex_priority":0,"request_buffering":true,` +
		`"response_buffering":true,"service":{"id":"00000000-0000-5000-8000-%012[3]d"},"snis":null,"sources":null,"strip_path":true,` +
		`"tags":["gwsync:main","k8s-kind:HTTPRoute","k8s-name:route-%[1]d","k8s-namespace:ns","managed-by:gwsync"],"updated_at":1795383894}`
	p := pages{}
	for kind, form := range map[string]string{"/services": service, "/routes": route} {
		total := n
		if kind == "/routes" {
			total = 2 * n
		}
		for first := 0; first < total; first += 1000 {
			var page []string
			for i := first; i < min(first+1000, total); i++ {
				page = append(page, fmt.Sprintf(form, i, i, i%n))
			}
			next := ""
			if first+1000 < total {
				next = `,"offset":"` + strconv.Itoa(first/1000+1) + `"`
			}
			p[kind] = append(p[kind], `{"data":[`+strings.Join(page, ",")+`],"next":null`+next+`}`)
		}
	}
	return p
}

func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	body := `{"data":[],"next":null}`
	if r.URL.Path == "/" {
		body = rootAnswer
	} else if all := p[r.URL.Path]; all != nil {
		i, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		body = all[i]
	}
	fmt.Fprint(w, body)
}

// BenchmarkRead reads N services and 2N routes from a server in the same process.
func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(strconv.Itoa(n/1000)+"k", func(b *testing.B) {
			p := newPages(n)
			size := 0
			for _, all := range p {
				for _, page := range all {
					size += len(page)
				}
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				c, err := New(Config{Transport: inProcess{p}})
				if err != nil {
					b.Fatal(err)
				}
				s, err := c.Read(b.Context())
				if err != nil || s.Len() != 3*n {
					b.Fatalf("read %d entities: %v", s.Len(), err)
				}
			}
		})
	}
}

// BenchmarkDiff reads N services and 2N routes, which are what they should be, and compares. It reports the most bytes of heap that an
// entity took at any time, garbage included, with the desired state and the live one.
func BenchmarkDiff(b *testing.B) {
	sandboxed, err := New(Config{Transport: inProcess{sandbox.New(sandbox.Config{Flavor: kong.TraditionalCompatible}).Admin()}})
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1000, 10000, 100000} {
		b.Run(strconv.Itoa(n/1000)+"k", func(b *testing.B) {
			p := newPages(n)
			b.ReportAllocs()
			for b.Loop() {
				peak := peakHeap(func() {
					c, err := New(Config{Transport: inProcess{p}})
					if err != nil {
						b.Fatal(err)
					}
					desired := newDesired(b, n)
					live, err := c.Read(b.Context())
					if err != nil {
						b.Fatal(err)
					}
					schemas, err := sandboxed.Schemas(b.Context(), live)
					if err != nil {
						b.Fatal(err)
					}
					plan, err := diff.Compute(live, desired, diff.Options{Instance: "main", Schemas: schemas})
					if err != nil || !plan.Empty() || live.Len() != 3*n {
						b.Fatalf("%s of %d entities: %v", plan, live.Len(), err)
					}
				})
				b.ReportMetric(float64(peak)/float64(3*n), "peak-B/entity")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*3*n), "ns/entity")
		})
	}
}

// newDesired returns what newPages holds, as it would be rendered.
func newDesired(b *testing.B, n int) kong.State {
	b.Helper()
	all := make([]kong.Entity, 0, 3*n)
	add := func(k kong.Kind, i int, fields map[string]any) {
		fields["tags"] = append(diff.Tags("main"), "k8s-kind:HTTPRoute", "k8s-namespace:ns", fmt.Sprint("k8s-name:route-", i))
		e, err := kong.New(k, fmt.Sprintf("00000000-0000-5000-8000-%012d", i), fields, kong.Origin{Field: "spec.rules[0]"})
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, e)
	}
	for i := range n {
		add(kong.Services, i, map[string]any{"name": fmt.Sprintf("httproute.ns.route-%d.0", i),
			"host": fmt.Sprintf("echo.ns-%d.svc", i), "port": 1027})
	}
	for i := range 2 * n {
		add(kong.Routes, i, map[string]any{
			"name": fmt.Sprintf("httproute.ns.route-%d.0.%d", i, i), "hosts": []string{fmt.Sprintf("h%d.example.com", i)}, "preserve_host": true,
			"paths": []string{fmt.Sprintf("~/a/%d$", i), fmt.Sprintf("/a/%d/", i)}, "service": fmt.Sprintf("00000000-0000-5000-8000-%012d", i%n),
		})
	}
	s, err := kong.NewState(all...)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// peakHeap returns by how many bytes the heap was larger at most than before, while work was done.
func peakHeap(work func()) uint64 {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	runtime.GC()
	metrics.Read(heap)
	before := heap[0].Value.Uint64()
	most, stop, done := before, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(time.Millisecond); ; {
			metrics.Read(heap)
			most = max(most, heap[0].Value.Uint64())
			select {
			case <-tick.C:
			case <-stop:
				tick.Stop()
				return
			}
		}
	}()
	work()
	close(stop)
	<-done
	return most - before
}
