package route

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// expression makes up an expression whose parentheses nest no deeper than depth.
func (d *dice) expression(depth int) string {
	if depth > 0 {
		switch d.roll(4) {
		case 0:
			return "(" + d.expression(depth-1) + ") && (" + d.expression(depth-1) + ")"
		case 1:
			return "(" + d.expression(depth-1) + ") || (" + d.expression(depth-1) + ")"
		case 2:
			return "!(" + d.expression(depth-1) + ")"
		}
	}
	text := `"` + d.pick("", "/", "/a", "/a/", "/a/b", "a", "a.com", ".a.com", "com", "B", "1") + `"`
	field := d.pick("http.host", "lower(http.host)", "http.path", "lower(http.path)", "http.path", "http.host",
		"http.path.segments.0", "http.path.segments.0_1", "any(http.headers.x_a)", "http.headers.x_a", "http.queries.x", "tls.sni")
	switch d.roll(9) {
	case 0:
		return "net.dst.port " + d.pick("==", "!=", "<", ">=") + " 81"
	case 1:
		return "http.path.segments.len " + d.pick("==", "<=", ">") + " 1"
	case 2:
		return field + " ~ " + d.pick(`"^/a"`, `"^/a/(b)"`, `"^(/a)/b$"`, `"(?i)^/A"`, `"^/a|b"`, `"^(?:/a)?"`, `"a\\.com$"`,
			`"^a\\.com"`, `"(?m)^/a"`)
	case 3:
		return field + " " + d.pick("!=", "contains") + " " + text
	}
	return field + " " + d.pick("==", "^=", "=^") + " " + text
}

// FuzzIndex makes up expressions: the index must find what a scan of all does, and the explanation must tell of it.
func FuzzIndex(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x05\x03\x04\x02\x00\x00\x03\x02\x01\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"))
	f.Add([]byte("the quick brown fox jumps over the lazy dog, and so did the others before it; 0123456789"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := &dice{data}
		var all []map[string]any
		for i := range 1 + d.roll(9) {
			all = append(all, map[string]any{"expression": d.expression(3), "priority": d.roll(3), "name": fmt.Sprint(i)})
		}
		r := routerOf(t, kong.Expressions, all)
		for range 8 {
			req := d.request()
			c, scanned := newContext(req, true), newContext(req, true)
			got, want := r.http.find(c), r.http.scan(scanned)
			if got != want || got != nil && (c.matched != scanned.matched || len(c.captures) != len(scanned.captures)) {
				t.Errorf("%+v of %v: the index finds %v, a scan %v", req, all, got, want)
			}
			checkExplanation(t, r, req)
		}
	})
}

// scan is find without the index.
func (s *subsystem) scan(c *context) *entry {
	if s.invalid(c) != "" {
		return nil
	}
	for i := range s.entries {
		if s.entries[i].matches(c) {
			return &s.entries[i]
		}
	}
	return nil
}

// manyRoutes are n routes as a large Kong has them: most have a host and a path, some a regex, a method, a header or a wildcard.
func manyRoutes(n int) []map[string]any {
	out := make([]map[string]any, n)
	for i := range out {
		host, path := fmt.Sprintf("api%d.example.com", i%400), fmt.Sprintf("/team%d/service%d", i%50, i)
		out[i] = map[string]any{"name": fmt.Sprint(i), "hosts": []string{host}, "paths": []string{path}}
		switch {
		case i%20 == 0:
			out[i]["paths"] = []string{"~" + path + `/(?<id>\d+)$`}
		case i%20 == 1:
			out[i]["paths"] = []string{path, path + "/v2", "~" + path + "/[a-z]+/x$"}
		case i%20 == 2:
			delete(out[i], "hosts")
			out[i]["methods"] = []string{"GET", "HEAD"}
		case i%20 == 3:
			out[i]["headers"] = map[string]any{"x-version": []string{"2"}}
		case i%100 == 4:
			out[i]["hosts"] = []string{"*.tenant" + fmt.Sprint(i) + ".example.com"}
		case i%100 == 5:
			delete(out[i], "hosts")
			out[i]["paths"] = []string{"~/.*/" + fmt.Sprint(i) + "$"}
		}
	}
	return out
}

// BenchmarkMatch10k decides on requests for the first, a middle and the last of 10,000 routes, and on one that has none.
func BenchmarkMatch10k(b *testing.B) {
	for flavor, r := range routers10k(b) {
		b.Run(flavor, func(b *testing.B) {
			for b.Loop() {
				for _, i := range []int{0, 5006, 9999} {
					r.Match(request10k(i))
				}
				if m := r.Match(Request{Method: "GET", Host: "nobody.example.com", Target: "/none/at/all"}); m.Status != 404 {
					b.Fatal(m.Status)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(4*b.N), "ns/decision")
		})
	}
}

// BenchmarkExplain10k explains one decision about 10,000 routes.
func BenchmarkExplain10k(b *testing.B) {
	for flavor, r := range routers10k(b) {
		b.Run(flavor, func(b *testing.B) {
			for b.Loop() {
				if x := r.Explain(request10k(5006)); x.Match.Status != 0 || len(x.Candidates) < 10000 {
					b.Fatal(x.Match.Status, len(x.Candidates))
				}
			}
		})
	}
}

func request10k(i int) Request {
	return Request{Method: "GET", Host: fmt.Sprintf("api%d.example.com", i%400), Target: fmt.Sprintf("/team%d/service%d/7", i%50, i),
		Header: [][2]string{{"accept", "*/*"}, {"user-agent", strings.Repeat("x", 60)}, {"x-version", "1"}, {"cookie", "a=b"}}}
}

// routers10k are routers of 10,000 classic routes, and of the same as expressions.
func routers10k(b *testing.B) map[string]*Router {
	classic := routerOf(b, kong.TraditionalCompatible, manyRoutes(10000))
	return map[string]*Router{"classic": classic, "expressions": routerOf(b, kong.Expressions, written(classic.http.entries))}
}
