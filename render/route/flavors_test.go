package route

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

// dice make choices of bytes, and always the first of what there is once the bytes are used up.
type dice struct{ bytes []byte }

func (d *dice) roll(n int) int {
	if len(d.bytes) == 0 {
		return 0
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return int(b) % n
}

func (d *dice) pick(from ...string) string { return from[d.roll(len(from))] }

// some returns up to two of them.
func (d *dice) some(from ...string) []string {
	out := []string{}
	for range d.roll(3) {
		if s := d.pick(from...); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

var (
	anyHosts   = []string{"a.com", "b.a.com", "*.a.com", "b.*", "a.com:81", "c.com"}
	anyPaths   = []string{"/", "/a", "/a/b", "/ab", "/b/", "~/a/(?<id>[0-9]+)", "~/a$", "~/b|/ab"}
	anyMethods = []string{"GET", "POST"}
	anyNames   = []string{"X-A", "x-b"}
	anyValues  = []string{"1", "Two", "~*^t.o$", "~*[0-9]"}
	anySNIs    = []string{"a.com", "*.a.com", "b.*"}
	anyIPs     = []string{"10.0.0.1", "10.0.0.0/8", "fe80::/10", "::1"}
)

// classicRoute makes up a classic route of HTTP.
func (d *dice) classicRoute() map[string]any {
	headers := map[string]any{}
	for range d.roll(3) {
		if values := d.some(anyValues...); len(values) > 0 {
			headers[d.pick(anyNames...)] = values
		}
	}
	r := map[string]any{
		"hosts": d.some(anyHosts...), "paths": append(d.some(anyPaths...), d.some(anyPaths...)...), "methods": d.some(anyMethods...),
		"snis": d.some(anySNIs...), "headers": headers, "regex_priority": d.roll(4) * d.roll(3),
		"strip_path": d.roll(2) == 0, "protocols": []string{"http", "https"},
	}
	if len(headers) == 0 && len(r["hosts"].([]string))+len(r["paths"].([]string))+len(r["methods"].([]string))+len(r["snis"].([]string)) == 0 {
		r["paths"] = []string{"/"}
	}
	return r
}

func (d *dice) request() Request {
	r := Request{
		Protocol: d.pick("http", "https"), Method: d.pick("GET", "POST", "PUT"),
		Host:   d.pick("a.com", "b.a.com", "x.b.a.com", "c.com", "b.org", "A.com", "a.com:81", "c.com:80", ".a.com"),
		Target: d.pick("/", "/a", "/a/b", "/a/7", "/ab/c", "/b/", "/x/ab", "/a?x=1", "/A", "/a%2fb", "//a", "/b/%61"),
		SNI:    d.pick("", "a.com", "x.a.com", "b.org"),
	}
	for range d.roll(4) {
		r.Header = append(r.Header, [2]string{d.pick("X-A", "x_a", "X-B", "y"), d.pick("1", "two", "TWO", "3", "")})
	}
	return r
}

// routerOf returns the router of routes that are given as their fields.
func routerOf(t testing.TB, f kong.Flavor, all []map[string]any) *Router {
	t.Helper()
	var entities []kong.Entity
	for i, fields := range all {
		id, ok := fields["id"].(string)
		if !ok {
			id = kong.ID(kong.Routes, fmt.Sprint(i))
		}
		e, err := kong.New(kong.Routes, id, fields, kong.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		entities = append(entities, e)
	}
	s, err := kong.NewState(entities...)
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(s, f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// written returns the routes of a router as expressions, the parts of each on their own, with priorities in the order in which
// the router tries them. It marks them by the id of the route that they were.
func written(entries []entry) []map[string]any {
	var out []map[string]any
	for i, e := range entries {
		strip, _ := e.route.Field("strip_path")
		out = append(out, map[string]any{
			"id": e.part.ID(), "expression": classicText(e.part), "priority": len(entries) - i, "tags": []string{e.route.ID()},
			"strip_path": strip, "protocols": e.route.Strings("protocols"),
		})
	}
	return out
}

// decision is what the flavors must agree in.
type decision struct {
	route, prefix, path string
	status              int
	captures            map[string]string
}

func decide(m Match) decision {
	id := m.Route.ID()
	if tags := m.Route.Tags(); len(tags) > 0 {
		id = tags[0]
	}
	return decision{id, m.Prefix, m.UpstreamPath, m.Status, m.Captures}
}

// FuzzFlavors makes up classic routes and asks the two flavors, the same routes written as expressions, and a matcher that knows nothing
// of expressions. All must choose the same route.
func FuzzFlavors(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x02\x02\x00\x01\x01\x02\x05\x03\x01\x00\x02\x01\x00\x02\x01\x00\x01\x02\x03\x04\x05\x06"))
	f.Add([]byte("the quick brown fox jumps over the lazy dog, and so did the others before it; 0123456789"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := &dice{data}
		var all []map[string]any
		for range 1 + d.roll(5) {
			all = append(all, d.classicRoute())
		}
		classic, mixed := routerOf(t, kong.TraditionalCompatible, all), routerOf(t, kong.Expressions, all)
		expressions := routerOf(t, kong.Expressions, written(classic.http.entries))
		for range 8 {
			req := d.request()
			got := decide(classic.Match(req))
			for name, other := range map[string]*Router{"the flavor expressions": mixed, "the routes as expressions": expressions} {
				if diff := cmp.Diff(got, decide(other.Match(req)), cmp.AllowUnexported(decision{})); diff != "" {
					t.Errorf("%+v: %s: %s", req, name, diff)
				}
			}
			if want := plainly(classic.http.entries, req); got.route != want {
				t.Errorf("%+v of %v: got %s, want %s", req, all, got.route, want)
			}
			checkExplanation(t, classic, req)
			checkExplanation(t, expressions, req)
		}
	})
}

// plainly returns the id of the first entry whose fields fit a request, read off them one by one.
func plainly(entries []entry, req Request) string {
	for _, e := range entries {
		if plainFit(e.part, req) {
			return e.route.ID()
		}
	}
	return ""
}

func plainFit(r kong.Entity, req Request) bool {
	wildcard := func(pattern, s string) bool {
		if suffix, ok := strings.CutPrefix(pattern, "*"); ok {
			return strings.HasSuffix(s, suffix)
		}
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(s, prefix)
		}
		return pattern == s
	}
	fits := func(field string, fit func(string) bool) bool {
		list := r.Strings(field)
		return len(list) == 0 || slices.ContainsFunc(list, fit)
	}
	name, port, _ := strings.Cut(req.Host, ":")
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[req.Protocol]
	}
	path, _, _ := strings.Cut(req.Target, "?")
	path = NormalizePath(path)
	return fits("methods", func(s string) bool { return s == req.Method }) &&
		fits("hosts", func(s string) bool {
			host, wanted, hasPort := strings.Cut(s, ":")
			return wildcard(host, name) && (!hasPort || wanted == port)
		}) &&
		fits("paths", func(s string) bool {
			if re, ok := strings.CutPrefix(s, "~"); ok {
				return regexp.MustCompile("^" + re).MatchString(path)
			}
			return strings.HasPrefix(path, s)
		}) &&
		fits("snis", func(s string) bool { return req.Protocol != "https" || req.SNI != "" && wildcard(s, req.SNI) }) &&
		plainHeaders(r, req)
}

func plainHeaders(r kong.Entity, req Request) bool {
	for name, wanted := range headerValues(r) {
		var exact, alike []string
		for _, h := range req.Header {
			if strings.EqualFold(h[0], strings.ReplaceAll(name, "-", "_")) {
				exact = append(exact, h[1])
			} else if strings.EqualFold(h[0], name) {
				alike = append(alike, h[1])
			}
		}
		if exact == nil {
			exact = alike
		}
		if !slices.ContainsFunc(exact, func(got string) bool {
			return slices.ContainsFunc(wanted, func(want string) bool {
				if re, ok := strings.CutPrefix(want, "~*"); ok {
					return regexp.MustCompile(strings.ToLower(re)).MatchString(strings.ToLower(got))
				}
				return strings.EqualFold(got, want)
			})
		}) {
			return false
		}
	}
	return true
}

// checkExplanation asks that an explanation tells of the router's own decision.
func checkExplanation(t *testing.T, r *Router, req Request) {
	t.Helper()
	x := r.Explain(req)
	if diff := cmp.Diff(decide(r.Match(req)), decide(x.Match), cmp.AllowUnexported(decision{})); diff != "" {
		t.Errorf("%+v: the explanation is of something else: %s", req, diff)
	}
	winner, ok := x.Winner()
	if winner.Route.ID() != x.Match.Route.ID() || ok && winner.Lost != "" {
		t.Errorf("%+v: the explanation has %s win, not %s", req, winner.Route.ID(), x.Match.Route.ID())
	}
	won := false
	for i, c := range x.Candidates {
		if i > 0 && c.Priority > x.Candidates[i-1].Priority {
			t.Errorf("%+v: %#x comes after %#x", req, c.Priority, x.Candidates[i-1].Priority)
		}
		switch said := c.Failed.Expr != nil && c.Failed.Field != "" && strings.Contains(c.Failed.String(), ", but "); {
		case !c.Matched && !said:
			t.Errorf("%+v: no reason why %s does not match", req, c.Part.ID())
		case c.Matched && (c.Lost != "") != won:
			t.Errorf("%+v: %s lost: %s", req, c.Part.ID(), c.Lost)
		}
		won = won || c.Matched
	}
}

// streamRoute makes up a classic route of streams that only takes TLS, so that the flavor expressions adds nothing to it.
func (d *dice) streamRoute() map[string]any {
	addresses := func() []any {
		var out []any
		for range d.roll(3) {
			a := map[string]any{}
			if i := d.roll(len(anyIPs) + 1); i > 0 {
				a["ip"] = anyIPs[i-1]
			}
			if i := d.roll(3); i > 0 || len(a) == 0 {
				a["port"] = 9000 + i
			}
			out = append(out, a)
		}
		return out
	}
	r := map[string]any{
		"protocols": []string{d.pick("tls", "tls_passthrough")}, "snis": d.some(anySNIs...), "sources": addresses(), "destinations": addresses(),
	}
	if len(r["snis"].([]string)) == 0 {
		r["snis"] = []string{"c.com"}
	}
	return r
}

// FuzzStreamFlavors is FuzzFlavors for streams.
func FuzzStreamFlavors(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x03\x00\x01\x02\x03\x01\x02\x03\x01\x02\x03\x01\x02\x03\x00\x01\x02\x03\x04\x01\x02\x03\x01\x02\x03\x01\x02"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := &dice{data}
		var all []map[string]any
		for range 1 + d.roll(5) {
			all = append(all, d.streamRoute())
		}
		classic, mixed := routerOf(t, kong.TraditionalCompatible, all), routerOf(t, kong.Expressions, all)
		expressions := routerOf(t, kong.Expressions, written(classic.stream.entries))
		for range 8 {
			req := Request{
				Protocol: d.pick("tls", "tcp", "udp"), SNI: d.pick("", "a.com", "x.a.com", "b.org", "c.com"),
				SrcIP: netip.MustParseAddr(d.pick("10.0.0.1", "10.1.0.1", "fe80::1", "::1")), SrcPort: 9000 + uint16(d.roll(4)),
				DstIP: netip.MustParseAddr(d.pick("10.0.0.1", "10.1.0.1", "fe80::1", "::1")), DstPort: 9000 + uint16(d.roll(4)),
			}
			got := decide(classic.Match(req))
			for _, other := range []*Router{mixed, expressions} {
				if diff := cmp.Diff(got, decide(other.Match(req)), cmp.AllowUnexported(decision{})); diff != "" {
					t.Errorf("%+v: %s", req, diff)
				}
				checkExplanation(t, other, req)
			}
		}
	})
}
