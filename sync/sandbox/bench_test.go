package sandbox

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkConfig loads services with a route each by POST /config.
func BenchmarkConfig(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var services []any
			for i := range n {
				name := fmt.Sprintf("s%d", i)
				services = append(services, map[string]any{"name": name, "host": "h", "tags": []string{"a", name},
					"routes": []any{map[string]any{"name": name, "paths": []string{"/" + name}}}})
			}
			body := string(encode(map[string]any{"_format_version": "3.0", "services": services}))
			for b.Loop() {
				k := New(Config{DBLess: true})
				serve(b, k, "POST", "/config", body)
			}
		})
	}
}

// BenchmarkPut writes services one by one into a Kong that has many.
func BenchmarkPut(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			k := New(Config{})
			for range n {
				serve(b, k, "POST", "/services", `{"host":"h","tags":["a"]}`)
			}
			for b.Loop() {
				serve(b, k, "PUT", "/services/s", `{"host":"h","tags":["a"]}`)
			}
		})
	}
}

// BenchmarkList reads a page of 1,000 services.
func BenchmarkList(b *testing.B) {
	k := New(Config{})
	for range 10_000 {
		serve(b, k, "POST", "/services", `{"host":"h","tags":["a"]}`)
	}
	for b.Loop() {
		serve(b, k, "GET", "/services?size=1000&tags=a", "")
	}
}

func serve(b *testing.B, k *Kong, method, path, body string) {
	b.Helper()
	q := httptest.NewRequest(method, path, strings.NewReader(body))
	q.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	k.Admin().ServeHTTP(w, q)
	if w.Code >= 300 {
		b.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
}
