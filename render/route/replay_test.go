package route

import (
	"bufio"
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

// A recording is what a real Kong 3.9.3 did with some requests, one after the other.
type recording struct {
	Case     string                    `json:"case"`
	Flavors  []kong.Flavor             `json:"flavors"`
	Services map[string]map[string]any `json:"services"`
	Routes   []map[string]any          `json:"routes"`
	Requests []exchange                `json:"requests"`
}

// An exchange is a request and its answer. Left out are what is usual: GET, http, HTTP/1.1, the path "/", and what is as in the exchange
// before: host (at first example.com), headers, and the backend. "[a*9]" stands for nine times "a".
type exchange struct {
	Scheme, Method, Path, SNI, Version string
	Host                               *string
	Headers                            *[][2]string

	To       string // the backend that received it, "b1" to "b8"
	Sent     string // the target that it received, where that is another than was asked for
	Prefix   string // the X-Forwarded-Prefix that it received
	Upstream string `json:"upstream_host"` // the Host that it received, where that is not its address
	Status   int    // what Kong answered by itself; 500 for a stream that it closed
	// Passthrough says that the backend, and not Kong, ended the TLS of a stream.
	Passthrough bool
	Location    string
}

func (x exchange) request() Request {
	r := Request{
		Method: orElse(x.Method, "GET"), Protocol: orElse(x.Scheme, "http"), Version: "HTTP/" + orElse(x.Version, "1.1"),
		Host: *x.Host, Target: orElse(x.Path, "/"), Header: *x.Headers, SNI: x.SNI,
		SrcIP: netip.MustParseAddr("127.0.0.1"), SrcPort: 40000, DstIP: netip.MustParseAddr("127.0.0.1"), DstPort: 8000,
	}
	switch x.Scheme {
	case "https":
		r.DstPort = 8443
	case "tcp":
		r.DstPort = 9000
	case "udp":
		r.DstPort = 9001
	case "tls":
		r.DstPort = 9443
	}
	return r
}

// complete fills in what the exchanges leave out.
func (rec recording) complete() {
	host, headers, to := "example.com", [][2]string{}, ""
	for i := range rec.Requests {
		x := &rec.Requests[i]
		x.Path, x.Sent, x.Prefix = expand(x.Path), expand(x.Sent), expand(x.Prefix)
		if x.Host != nil {
			host = *x.Host
		}
		if x.Headers != nil {
			headers = *x.Headers
			for j := range headers {
				headers[j][1] = expand(headers[j][1])
			}
		}
		if x.To != "" {
			to = x.To
		}
		if x.Status == 0 {
			x.To = to
		}
		host, headers := host, headers
		x.Host, x.Headers = &host, &headers
	}
}

var repeated = regexp.MustCompile(`\[a\*(\d+)\]`)

func expand(s string) string {
	return repeated.ReplaceAllStringFunc(s, func(m string) string {
		n, _ := strconv.Atoi(repeated.FindStringSubmatch(m)[1])
		return strings.Repeat("a", n)
	})
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// state returns the Kong that was recorded: its services and routes, and the one route that every recorded Kong had.
func (rec recording) state(t *testing.T) kong.State {
	t.Helper()
	var all []kong.Entity
	add := func(k kong.Kind, fields map[string]any) {
		id, _ := fields["id"].(string)
		if name, _ := fields["name"].(string); id == "" {
			id = kong.ID(k, name)
		}
		e, err := kong.New(k, id, fields, kong.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	for name, fields := range rec.Services {
		s := map[string]any{"name": name, "protocol": "http", "host": "127.0.0.1", "port": 80}
		for k, v := range fields {
			s[k] = v
		}
		add(kong.Services, s)
	}
	for _, fields := range rec.Routes {
		fields = maps.Clone(fields)
		if name, ok := fields["service"].(string); ok {
			id, _ := rec.Services[name]["id"].(string)
			fields["service"] = orElse(id, kong.ID(kong.Services, name))
		}
		if _, ok := fields["protocols"]; !ok {
			fields["protocols"] = []string{"http", "https"}
		}
		add(kong.Routes, fields)
	}
	add(kong.Routes, map[string]any{"name": "sentinel", "hosts": []string{"sentinel.invalid"}, "paths": []string{"/sentinel"}})
	s, err := kong.NewState(all...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// outcome is what is compared.
type outcome struct {
	To, Sent, Prefix, Host, Location string
	Status                           int
	Passthrough                      bool
}

func (rec recording) expected(x exchange) outcome {
	out := outcome{To: x.To, Status: x.Status, Location: x.Location, Passthrough: x.Passthrough}
	if x.To != "" && !isStreamProtocol(x.Scheme) {
		out.Sent = orElse(x.Sent, orElse(x.Path, "/"))
		out.Prefix = x.Prefix
		out.Host = orElse(x.Upstream, "127.0.0.1:2720"+x.To[1:])
	}
	return out
}

func outcomeOf(m Match, stream bool) outcome {
	to := "b" + string(rune('0'+integer(m.Service, "port")%10))
	switch {
	case m.Status != 0:
		return outcome{Status: m.Status, Location: m.Location}
	case m.Service.IsZero() && stream:
		return outcome{Status: 500}
	case m.Service.IsZero():
		return outcome{Status: 503}
	case stream:
		return outcome{To: to, Passthrough: m.Passthrough}
	}
	return outcome{To: to, Sent: m.UpstreamPath + m.Query, Prefix: m.Prefix, Host: m.UpstreamHost}
}

// replay sends the requests in their order to a router with a cache, and returns where it differs.
func (rec recording) replay(t *testing.T, f kong.Flavor) []string {
	t.Helper()
	r, err := New(rec.state(t), f)
	if err != nil {
		return []string{err.Error()}
	}
	var diffs []string
	cache := NewCache(r)
	for _, x := range rec.Requests {
		req := x.request()
		if d := cmp.Diff(rec.expected(x), outcomeOf(cache.Match(req), isStreamProtocol(req.Protocol))); d != "" {
			diffs = append(diffs, req.Method+" "+req.Protocol+" "+req.Host+" "+req.Target+"\n"+d)
		}
	}
	return diffs
}

func TestReplay(t *testing.T) {
	known := readKnown(t)
	files, err := filepath.Glob("testdata/proxy/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, file := range files {
		for rec := range recordings(t, file) {
			for _, f := range rec.Flavors {
				name := strings.TrimSuffix(filepath.Base(file), ".jsonl") + " " + rec.Case + " " + string(f)
				diffs := rec.replay(t, f)
				switch listed := slices.Contains(known, name); {
				case listed && len(diffs) == 0:
					t.Errorf("%s agrees: take it off testdata/known.txt", name)
				case !listed && len(diffs) > 0:
					t.Errorf("%s: %s", name, strings.Join(diffs, "\n"))
				}
			}
		}
	}
}

func readKnown(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/known.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

func recordings(t *testing.T, file string) func(func(recording) bool) {
	return func(yield func(recording) bool) {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var rec recording
			if err := json.Unmarshal(lines.Bytes(), &rec); err != nil {
				t.Fatal(err)
			}
			rec.complete()
			if !yield(rec) {
				return
			}
		}
		if lines.Err() != nil {
			t.Fatal(lines.Err())
		}
	}
}
