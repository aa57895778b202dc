package admin

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
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
		`"response_buffering":true,"service":{"id":"00000000-0000-5000-8000-%012[1]d"},"snis":null,"sources":null,"strip_path":true,` +
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
				page = append(page, fmt.Sprintf(form, i, i))
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
