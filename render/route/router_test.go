package route

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

// routes returns the router of routes that are given as their fields, each under the name of its place, with one service.
func routes(t testing.TB, all ...map[string]any) *Router {
	t.Helper()
	service, err := kong.New(kong.Services, "00000000-0000-4000-8000-00000000000a",
		map[string]any{"name": "s", "host": "backend", "port": 8080, "protocol": "http", "path": "/base"}, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	entities := []kong.Entity{service}
	for i, fields := range all {
		m := map[string]any{"name": fmt.Sprint(i), "service": service.ID()}
		for k, v := range fields {
			m[k] = v
		}
		e, err := kong.New(kong.Routes, fmt.Sprintf("00000000-0000-4000-8000-%012d", i), m, kong.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		entities = append(entities, e)
	}
	s, err := kong.NewState(entities...)
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(s, kong.Expressions)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func expression(s string, priority int) map[string]any {
	return map[string]any{"expression": s, "priority": priority}
}

func TestMatch(t *testing.T) {
	r := routes(t,
		map[string]any{"expression": `http.path ~ "^/users/(?<id>[0-9]+)"`, "priority": 2, "strip_path": true, "preserve_host": true},
		map[string]any{"expression": `http.path ^= "/users"`, "priority": 1, "strip_path": false},
	)
	got := r.Match(Request{Method: "GET", Host: "Example.com:8000", Target: "/x/../users/7/a%20b?q=%zz"})
	want := Match{
		Route: got.Route, Service: got.Service, Prefix: "/users/7",
		UpstreamPath: "/base/a%20b", Query: "?q=%zz", UpstreamHost: "Example.com:8000",
		Captures: map[string]string{"0": "/users/7", "1": "7", "id": "7"},
	}
	if d := cmp.Diff(want, got); d != "" || got.Route.Name() != "0" {
		t.Errorf("%s: %s", got.Route.Name(), d)
	}
	got = r.Match(Request{Method: "GET", Host: "a", Target: "/users"})
	want = Match{Route: got.Route, Service: got.Service, UpstreamPath: "/base/users", UpstreamHost: "backend:8080"}
	if d := cmp.Diff(want, got); d != "" || got.Route.Name() != "1" {
		t.Errorf("%s: %s", got.Route.Name(), d)
	}
}

func TestStatus(t *testing.T) {
	r := routes(t,
		expression(`http.queries.a == "1"`, 1),
		expression(`http.headers.x_a == "1"`, 1),
		map[string]any{"paths": []string{"/secure"}, "protocols": []string{"https"}},
		map[string]any{"paths": []string{"/moved"}, "protocols": []string{"https"}, "https_redirect_status_code": 308},
		map[string]any{"paths": []string{"/grpc"}, "protocols": []string{"grpcs"}},
	)
	grpc := [][2]string{{"Content-Type", "application/grpc"}}
	for _, test := range []struct {
		request Request
		status  int
	}{
		{Request{Target: "/?a=1"}, 0},
		{Request{Target: "/?a=1&a"}, 500},
		{Request{Target: "/?a=1&b&b"}, 0},
		{Request{Target: "/?a=%FF"}, 404},
		{Request{Target: "/?a=1", Header: [][2]string{{"X-A", "\xff"}}}, 404},
		{Request{Target: "/%FF?a=1"}, 404},
		{Request{Target: "/", Header: append(many(98), [2]string{"x-a", "1"})}, 0},
		{Request{Target: "/", Header: append(many(99), [2]string{"x-a", "1"})}, 404},
		{Request{Target: "/secure"}, 426},
		{Request{Target: "/secure", Protocol: "https"}, 0},
		{Request{Target: "/moved?b"}, 308},
		{Request{Target: "/moved?b", Host: "Example.com.:80"}, 308},
		{Request{Target: "/grpc", Protocol: "https"}, 415},
		{Request{Target: "/grpc", Protocol: "https", Header: grpc}, 426},
		{Request{Target: "/grpc", Protocol: "https", Header: grpc, Version: "HTTP/2"}, 0},
		{Request{Target: "/%2e./x"}, 400},
		{Request{Target: "*"}, 400},
		{Request{Target: ""}, 400},
		{Request{Target: "/", Method: "get"}, 400},
		{Request{Target: "/", Method: "TRACE"}, 405},
		{Request{Target: "/" + strings.Repeat("a", 8200)}, 414},
	} {
		req := test.request
		req.Method, req.Host = orElse(req.Method, "GET"), orElse(req.Host, "example.com")
		if got := r.Match(req); got.Status != test.status {
			t.Errorf("%.80s: got %d, want %d", req.Target, got.Status, test.status)
		} else if got.Status == 308 && got.Location != "https://example.com/moved?b" {
			t.Errorf("redirect to %s", got.Location)
		}
	}
}

func many(n int) [][2]string {
	out := make([][2]string, n)
	for i := range out {
		out[i] = [2]string{fmt.Sprint("x-", i), ""}
	}
	return out
}

func TestNewErrors(t *testing.T) {
	for _, test := range []struct {
		fields map[string]any
		flavor kong.Flavor
		want   string
	}{
		{map[string]any{"expression": `http.path ==`}, kong.Expressions, "route r: "},
		{map[string]any{"expression": `http.nope == "a"`}, kong.Expressions, "Unknown LHS field"},
		{map[string]any{"expression": `http.path == "/"`}, kong.TraditionalCompatible, "traditional_compatible does not know"},
		{map[string]any{"paths": []string{`~/\b{start}`}}, kong.TraditionalCompatible, "cannot model"},
		{map[string]any{"paths": []string{"/"}, "service": "00000000-0000-4000-8000-000000000009"}, kong.Expressions, "does not exist"},
	} {
		test.fields["name"] = "r"
		s, err := kong.NewState(entity(t, test.fields))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(s, test.flavor); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: got %v, want %s", test.fields, err, test.want)
		}
	}
}

func TestDisabled(t *testing.T) {
	service, err := kong.New(kong.Services, "00000000-0000-4000-8000-00000000000a", map[string]any{"enabled": false}, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := kong.NewState(service, entity(t, map[string]any{"paths": []string{"/"}, "service": service.ID()}))
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(s, kong.TraditionalCompatible)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Match(Request{Method: "GET", Host: "a", Target: "/"}); got.Status != 404 {
		t.Errorf("got %d", got.Status)
	}
}

func TestPriority(t *testing.T) {
	get, hosts, header := []string{"GET"}, []string{"a.com"}, map[string]any{"x": []string{"1"}}
	ascending := []map[string]any{
		{"paths": []string{"/"}},
		{"paths": []string{"/a"}},
		{"headers": header},
		{"methods": get, "paths": []string{"/a"}},
		{"paths": []string{"~/a"}},
		{"paths": []string{"~/a"}, "regex_priority": 1},
		{"methods": get, "hosts": []string{"*.a.com"}, "paths": []string{"~/a"}},
		{"hosts": hosts},
		{"hosts": hosts, "paths": []string{"/a"}},
		{"hosts": hosts, "paths": []string{"~/a"}},
		{"expression": "x", "priority": 0},
		{"expression": "x", "priority": 1 << 45},
		{"hosts": hosts, "paths": []string{"/a"}, "methods": get, "headers": header}, // an overflow
	}
	last := uint64(0)
	for i, fields := range ascending {
		p, err := Priority(entity(t, fields))
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && p <= last {
			t.Errorf("%v: %#x, after %#x", fields, p, last)
		}
		last = p
	}
	if p, err := Priority(entity(t, map[string]any{"paths": []string{"/a", "/ab"}})); err == nil {
		t.Errorf("a route that is split has the priority %#x", p)
	}
}

func TestSplit(t *testing.T) {
	parts := Split(entity(t, map[string]any{"paths": []string{"/ab", "~/x", "/c", "/cd", "~/y"}}))
	var got [][]string
	ids := map[string]bool{}
	for _, p := range parts {
		got = append(got, p.Strings("paths"))
		ids[p.ID()] = true
	}
	if d := cmp.Diff([][]string{{"/ab", "/cd"}, {"~/x", "~/y"}, {"/c"}}, got); d != "" || len(ids) != 3 {
		t.Errorf("%d ids, %s", len(ids), d)
	}
}

func TestNormalizePath(t *testing.T) {
	for in, want := range map[string]string{
		"/": "/", "": "", "/a/./b/../c": "/a/c", "//a//b": "/a/b", "/%61%2f%2Fb%3a": "/a%2F%2Fb%3A",
		"/%2e%2e/a": "/a", "/a/..": "/", "/a%zz%": "/a%zz%",
	} {
		if got := NormalizePath(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func FuzzNormalizePath(f *testing.F) {
	f.Add("/a/%2e./b//c%2f")
	f.Fuzz(func(t *testing.T, s string) {
		once := NormalizePath(s)
		for _, part := range []string{"//", "/./", "/../"} {
			if s := "/" + s; strings.Contains(NormalizePath(s), part) {
				t.Errorf("%q keeps %s: %q", s, part, NormalizePath(s))
			}
		}
		if escaped := EscapePath(once); strings.ContainsAny(escaped, " \"\r\n\x00") {
			t.Errorf("%q is sent as %q", s, escaped)
		}
	})
}

// FuzzMatch asks hostile requests of a router. The index must find what a scan of all entries does.
func FuzzMatch(f *testing.F) {
	r := routes(f,
		expression(`http.host == "a.com" && (http.path == "/a" || http.path ^= "/a/")`, 3),
		expression(`lower(http.host) == "a.com" || http.host =^ ".b.com"`, 2),
		expression(`(http.path ^= "/ab" || http.path ~ "b$") && !(http.headers.x == "1")`, 2),
		expression(`http.path.segments.0_1 == "a/b" && http.queries.q != "1"`, 1),
		expression(`lower(http.path) == "/a" && net.dst.port == 8000`, 1),
		map[string]any{"hosts": []string{"a.com", "b.com:81", "*.c.com"}, "paths": []string{"/a", "/abc", "~/x(y)?"}},
		map[string]any{"headers": map[string]any{"X": []string{"1", "~*2+"}}, "methods": []string{"GET"}},
		map[string]any{"snis": []string{"*.a.com"}, "paths": []string{""}},
	)
	f.Add("GET", "a.com:8000", "/a/b?q=1", "x", "1", "a.com", true)
	f.Add("POST", "b.com:81", "http://x//..%2f%41?q&q", "x", "22", "", false)
	f.Fuzz(func(t *testing.T, method, host, target, name, value, sni string, secure bool) {
		req := Request{Method: method, Host: host, Target: target, Header: [][2]string{{name, value}}, SNI: sni}
		if secure {
			req.Protocol = "https"
		}
		m := r.Match(req)
		if req.refusal() != 0 {
			return
		}
		if again := NewCache(r).Match(req); again.Status != m.Status || again.Route.ID() != m.Route.ID() {
			t.Errorf("%+v: an empty cache changes %d %s to %d %s", req, m.Status, m.Route.ID(), again.Status, again.Route.ID())
		}
		if got, want := r.http.find(newContext(req, true)), r.http.scan(newContext(req, true)); got != want {
			t.Errorf("%+v: the index finds %v, a scan %v", req, got, want)
		}
	})
}

func BenchmarkNew(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		var entities []kong.Entity
		for i := range n {
			e, err := kong.New(kong.Routes, kong.ID(kong.Routes, fmt.Sprint(i)), map[string]any{
				"name": fmt.Sprint(i), "hosts": []string{fmt.Sprintf("h%d.com", i)},
				"paths": []string{fmt.Sprintf("~/a%d$", i), fmt.Sprintf("/a%d/", i)},
			}, kong.Origin{})
			if err != nil {
				b.Fatal(err)
			}
			entities = append(entities, e)
		}
		s, err := kong.NewState(entities...)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := New(s, kong.TraditionalCompatible); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
