package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestRecorded asks the proxy what a real Kong was asked, and compares the answers and what arrived at the backends. The format of the
// data is told in testdata/README.md. Cases that are known not to agree are named in testdata/known.txt: they must go on
// disagreeing, so that the list can only shrink.
func TestRecorded(t *testing.T) {
	known := knownDifferences(t)
	met := map[string]bool{}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no data: %v", err)
	}
	var mu sync.Mutex
	t.Cleanup(func() {
		for name := range known {
			if met[name] {
				continue
			}
			t.Errorf("testdata/known.txt: %s was not met", name)
		}
	})
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		subject := strings.TrimSuffix(filepath.Base(file), ".txtar")
		for _, f := range archive.Files {
			c := parseRecording(t, subject+"/"+f.Name, string(f.Data))
			for _, flavor := range c.flavors {
				t.Run(c.name+"/"+string(flavor), func(t *testing.T) {
					t.Parallel()
					differences := c.replay(t, flavor)
					for i, diff := range differences {
						name := fmt.Sprintf("%s#%d", c.name, i+1)
						mu.Lock()
						met[name] = true
						mu.Unlock()
						switch isKnown := known[name]; {
						case diff == "" && isKnown:
							t.Errorf("%s agrees: take it out of testdata/known.txt", name)
						case diff != "" && !isKnown:
							t.Errorf("%s (%s): %s", name, c.steps[i].line, diff)
						}
					}
				})
			}
		}
	}
}

// knownDifferences reads testdata/known.txt: a name a line, and after it the reason.
func knownDifferences(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("testdata/known.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), " "); name != "" && !strings.HasPrefix(name, "#") {
			out[name] = true
		}
	}
	return out
}

// replay asks all requests, and returns for each what is different, "" if nothing is.
func (c *recording) replay(t *testing.T, flavor kong.Flavor) []string {
	b := &backends{script: c.script}
	streams := &streamBackends{}
	address, dial := b.address(t), b.dial
	if len(c.steps) > 0 && c.steps[0].stream != nil {
		address, dial = streams.address(t), dialWithoutNames
	}
	k := startKong(t, stateOf(t, withCertificates(t, c.config)), flavor,
		Options{Backend: address, Dial: dial, Log: func(m string) { t.Log(m) }})
	for range c.turn {
		for _, u := range k.table().upstreams {
			u.balancer.next(&choice{})
		}
	}
	var out []string
	for _, s := range c.steps {
		if s.stream != nil {
			out = append(out, s.stream.replay(t, k.Proxy, streams))
			continue
		}
		if s.vers == "HTTP/2" {
			resp, body := s.roundTrip2(t, k)
			out = append(out, s.compare(resp, body, b))
			continue
		}
		conn := k.connect(t, s.scheme, s.sni)
		if got := commonName(conn); s.certificate != "" && got != s.certificate {
			out = append(out, "certificate of "+got)
			continue
		}
		resp, body, err := exchangeRaw(t, conn, s.method, s.raw())
		if s.upgraded[0] != "" && err == nil {
			_, _ = io.WriteString(conn, s.upgraded[0])
			received, _ := io.ReadAll(conn)
			body = string(received)
		}
		_ = conn.Close()
		if s.closed || err != nil {
			out = append(out, s.compareClosed(err, b.arrivals()))
			continue
		}
		out = append(out, s.compare(resp, body, b))
	}
	return out
}

// compareClosed returns how the end of a connection without an answer differs from what was recorded.
func (s *step) compareClosed(err error, arrivals []arrival) string {
	switch {
	case err == nil:
		return "there is an answer; Kong closed the connection"
	case !s.closed:
		return err.Error()
	case len(arrivals) != btoi(s.service != ""):
		return fmt.Sprintf("backends got %d requests", len(arrivals))
	}
	return ""
}

// compare returns how the answer, and what arrived at the backends, differ from what was recorded.
func (s *step) compare(resp *http.Response, body string, b *backends) string {
	arrivals := b.arrivals()
	if s.refused {
		if resp.StatusCode < 400 || len(arrivals) > 0 {
			return fmt.Sprintf("not refused: %d, backends got %d requests", resp.StatusCode, len(arrivals))
		}
		return ""
	}
	var diffs []string
	add := func(what string, recorded, got any) {
		if d := cmp.Diff(recorded, got); d != "" {
			diffs = append(diffs, what+" (-recorded +got):\n"+d)
		}
	}
	add("status", s.status, resp.StatusCode)
	add("header", s.wantAnswerHeader(), gotAnswerHeader(s, resp))
	if s.upgraded[0] != "" {
		add("upgraded", s.upgraded[1], body)
	} else {
		add("body", comparable(s.answerBody), comparable(body))
	}
	trailer := http.Header{}
	for _, f := range s.trailer {
		trailer.Add(f[0], f[1])
	}
	if got := resp.Trailer; len(got)+len(trailer) > 0 {
		add("trailer", trailer, got)
	}
	if s.upstreamSNI != "" {
		add("server name", strings.TrimPrefix(s.upstreamSNI, "-"), b.sni)
	}
	var services []string
	for _, a := range arrivals {
		services = append(services, a.service)
	}
	add("tries", s.wantTries(), services)
	if len(arrivals) > 0 && s.service != "" {
		a := arrivals[len(arrivals)-1]
		add("upstream", [3]string{s.service, s.upMethod, mask(s.upTarget)}, [3]string{a.service, a.method, mask(a.target)})
		add("upstream header", s.wantUpstreamHeader(), gotUpstreamHeader(a))
		add("upstream body", form(s.upstreamBody, a), form(a.body, a))
	}
	return strings.Join(diffs, "")
}

func (s *step) wantTries() []string {
	if s.tries == nil && s.service != "" {
		return []string{s.service}
	}
	return s.tries
}

// wantAnswerHeader returns what was recorded, and what Kong always answers. Headers that say nothing of Kong are left out: those of
// the connection, and the server's clock.
func (s *step) wantAnswerHeader() map[string][]string {
	h := http.Header{"X-Kong-Request-Id": {"*"}}
	if s.proxied {
		h["X-Kong-Upstream-Latency"], h["X-Kong-Proxy-Latency"] = []string{"*"}, []string{"*"}
	} else {
		h["X-Kong-Response-Latency"] = []string{"*"}
	}
	for _, f := range s.answerHeader {
		if f[0] != "Connection" || f[1] == "Upgrade" {
			h.Add(f[0], f[1])
		}
	}
	if h.Get("Server") == "" {
		h.Set("Server", "kong/3.9.3")
	}
	if s.proxied && h.Get("Via") == "" {
		h.Set("Via", "1.1 kong/3.9.3")
		if s.speaksHTTP2() {
			h.Set("Via", "2 kong/3.9.3")
		}
	}
	return h
}

func gotAnswerHeader(s *step, resp *http.Response) map[string][]string {
	h := resp.Header.Clone()
	if h.Get("Connection") != "Upgrade" {
		h.Del("Connection")
	}
	h.Del("Date")
	if _, ok := s.wantAnswerHeader()["Content-Length"]; !ok {
		h.Del("Content-Length") // net/http counts short bodies where nginx sends them in chunks
	}
	for name, values := range h {
		if volatile.MatchString(name) && values[0] != "" {
			h[name] = []string{"*"}
		}
		for i := range values {
			values[i] = hashCookie.ReplaceAllString(mask(values[i]), "ck=*;")
		}
	}
	return h
}

// hashCookie is the cookie that Kong makes up for hashing.
var hashCookie = regexp.MustCompile(`^ck=[0-9a-f-]{36};`)

var volatile = regexp.MustCompile(`^(X-Kong-(Request-Id|(Upstream|Proxy|Response)-Latency)|Ratelimit-Reset|Retry-After)$`)

// speaksHTTP2 reports whether the backend is one of gRPC.
func (s *step) speaksHTTP2() bool { return s.service == "b6" || s.service == "b7" }

// wantUpstreamHeader returns what was recorded, and what Kong always sends.
func (s *step) wantUpstreamHeader() map[string][]string {
	path, _, _ := strings.Cut(s.target, "?")
	always := map[string]string{
		"Via": "1.1 kong/3.9.3", "Connection": "keep-alive", "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": s.scheme,
		"X-Forwarded-Host": "example.com", "X-Forwarded-Port": map[string]string{"http": "8000", "https": "8443"}[s.scheme],
		"X-Forwarded-Path": path, "X-Real-IP": "127.0.0.1", "X-Kong-Request-Id": "*",
	}
	always["Host"] = "127.0.0.1:2720" + strings.TrimPrefix(s.service, "b")
	if s.vers == "HTTP/2" {
		always["Via"] = "2 kong/3.9.3"
	}
	if s.speaksHTTP2() {
		delete(always, "Connection")
	}
	h := http.Header{}
	for _, f := range s.upstreamHeader {
		h.Add(f[0], mask(f[1]))
	}
	for name, value := range always {
		if len(h.Values(name)) == 0 && !s.removed[name] {
			h.Set(name, value)
		}
	}
	for _, values := range h {
		slices.Sort(values)
	}
	return h
}

func gotUpstreamHeader(a arrival) map[string][]string {
	h := a.header.Clone()
	h.Set("Host", a.host)
	if h.Get("X-Kong-Request-Id") != "" {
		h.Set("X-Kong-Request-Id", "*")
	}
	if h.Get("X-Credential-Identifier") != "" {
		h.Set("X-Credential-Identifier", "*")
	}
	if h.Get("X-Kong-Proxy-Latency") != "" {
		h.Set("X-Kong-Proxy-Latency", "*")
	}
	for _, values := range h {
		for i := range values {
			values[i] = mask(values[i])
		}
		slices.Sort(values)
	}
	return h
}

var (
	requestID = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
	luaTable  = regexp.MustCompile(`(table|function|userdata):( |%20)(0x[0-9a-f]+|\*)`)
	sandboxed = regexp.MustCompile(`/[^ ]*/kong/tools/sandbox.lua`)
)

// mask replaces what is different each time: request ids, and the addresses of Lua tables.
func mask(s string) string {
	s = sandboxed.ReplaceAllString(requestID.ReplaceAllString(s, "*"), "/KONG/kong/tools/sandbox.lua")
	return luaTable.ReplaceAllString(s, "$1:*")
}

// comparable returns a body so that equal JSON is equal. The order of names is that of a hash table in Kong. What the echo of
// request-termination says of the machine and of times is left out.
func comparable(body string) any {
	var v any
	body = mask(body)
	d := json.NewDecoder(bytes.NewReader([]byte(body)))
	if strings.HasPrefix(body, "{\n") || d.Decode(&v) != nil || d.More() {
		return body
	}
	if o, ok := v.(map[string]any); ok && o["matched_route"] != nil {
		delete(o, "kong")
		for _, name := range []string{"matched_route", "matched_service"} {
			if e, ok := o[name].(map[string]any); ok {
				delete(e, "created_at")
				delete(e, "updated_at")
				delete(e, "ws_id")
			}
		}
	}
	return v
}

// form returns the body of a form by its arguments, whose order is that of a hash table in Kong; other bodies as they are.
func form(body string, a arrival) any {
	if a.header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		return parseArgs(body).json()
	}
	return comparable(body)
}
