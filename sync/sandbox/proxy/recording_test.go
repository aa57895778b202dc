package proxy

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gwsync/gwsync/render/kong"
)

// recording is one case: a configuration and what was asked of it.
type recording struct {
	name    string
	flavors []kong.Flavor
	config  string
	script  map[string]behaviour
	// turn is how far the rings were turned before the first request. In Kong they begin anywhere.
	turn  int
	steps []*step
}

// step is one request and what became of it.
type step struct {
	line                         string // the request's first line in the data
	scheme, method, target, vers string
	sni                          string
	header                       []string
	body                         *string
	refused, closed              bool
	status                       int
	proxied                      bool
	answerHeader, upstreamHeader [][2]string
	removed                      map[string]bool // headers that always arrive, and did not
	answerBody                   string
	service, upMethod, upTarget  string
	upstreamBody                 string
	tries                        []string
	trailer                      [][2]string
	upgraded                     [2]string // what was sent and received after the protocol was switched
	certificate, upstreamSNI     string    // "" is not compared
	stream                       *streamStep
}

func parseRecording(t *testing.T, name, text string) *recording {
	t.Helper()
	c := &recording{name: name, flavors: []kong.Flavor{kong.TraditionalCompatible}, script: map[string]behaviour{}}
	var s *step
	body := func(string) {}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "flavor":
			c.flavors = []kong.Flavor{kong.Flavor(rest)}
			if rest == "any" {
				c.flavors = []kong.Flavor{kong.Expressions, kong.TraditionalCompatible}
			}
		case "config":
			c.config = rest
		case "turn":
			var err error
			if c.turn, err = strconv.Atoi(rest); err != nil {
				t.Fatal(err)
			}
		case "backend":
			backend, script, _ := strings.Cut(rest, " ")
			var b behaviour
			mustUnmarshal(t, script, &b)
			c.script[backend] = b
		case "probe":
			c.config = probeConfig(t, rest)
			s = probeStep(t, rest)
			c.steps = append(c.steps, s)
		case "request":
			s = &step{line: rest, sni: "x.com", vers: "HTTP/1.1", removed: map[string]bool{}}
			c.steps = append(c.steps, s)
			s.parseRequest(t, rest)
			body = func(b string) { s.body = &b }
		case ">":
			s.header = append(s.header, rest)
		case "sni":
			s.sni = strings.TrimPrefix(rest, "-")
		case "body":
			body(unquote(t, rest))
		case "refused":
			s.refused = true
		case "answer":
			s.parseAnswer(t, rest)
			body = func(b string) { s.answerBody = b }
		case "<":
			s.answerHeader = append(s.answerHeader, parseHeader(rest))
		case "upstream":
			s.parseUpstream(t, rest)
			body = func(b string) { s.upstreamBody = b }
		case "^":
			if gone, ok := strings.CutPrefix(rest, "-"); ok {
				s.removed[gone] = true
			} else {
				s.upstreamHeader = append(s.upstreamHeader, parseHeader(rest))
			}
		case "trailer":
			s.trailer = append(s.trailer, parseHeader(rest))
		case "upgraded":
			sent, received, _ := strings.Cut(rest, " ")
			s.upgraded = [2]string{unquote(t, sent), unquote(t, received)}
		case "certificate":
			s.certificate = rest
		case "names":
			s.upstreamSNI = rest
		case "stream":
			s = &step{line: line, stream: parseStream(t, rest)}
			c.steps = append(c.steps, s)
		case "tries":
			s.tries = strings.Fields(rest)
		default:
			if !strings.HasPrefix(word, `">`) {
				t.Fatalf("%s: cannot read %q", name, line)
			}
			s.header = append(s.header, strings.TrimPrefix(unquote(t, line), "> "))
		}
	}
	return c
}

func unquote(t *testing.T, s string) string {
	t.Helper()
	var out string
	mustUnmarshal(t, s, &out)
	return out
}

func parseHeader(line string) [2]string {
	name, value, _ := strings.Cut(line, ":")
	return [2]string{name, strings.TrimSpace(value)}
}

// parseRequest reads "SCHEME METHOD "TARGET" [VERSION]".
func (s *step) parseRequest(t *testing.T, rest string) {
	t.Helper()
	s.scheme, rest, _ = strings.Cut(rest, " ")
	s.method, rest, _ = strings.Cut(rest, " ")
	end := strings.LastIndexByte(rest, '"') + 1
	s.target = unquote(t, rest[:end])
	if v := strings.TrimSpace(rest[end:]); v != "" {
		s.vers = v
	}
}

// parseAnswer reads "STATUS kong", "STATUS proxied", or "plain": the backend's own answer, as it was.
func (s *step) parseAnswer(t *testing.T, rest string) {
	t.Helper()
	if rest == "plain" {
		s.status, s.proxied = 200, true
		s.answerHeader = [][2]string{{"Content-Type", "application/json"}, {"Content-Length", "16"}}
		return
	}
	if rest == "closed" {
		s.closed = true
		return
	}
	status, by, _ := strings.Cut(rest, " ")
	var err error
	if s.status, err = strconv.Atoi(status); err != nil {
		t.Fatal(err)
	}
	s.proxied = by == "proxied"
}

// parseUpstream reads "SERVICE METHOD "TARGET"".
func (s *step) parseUpstream(t *testing.T, rest string) {
	t.Helper()
	s.service, rest, _ = strings.Cut(rest, " ")
	s.upMethod, rest, _ = strings.Cut(rest, " ")
	s.upTarget = unquote(t, rest)
	if len(s.answerHeader) == 2 && s.answerBody == "" && s.status == 200 && s.answerHeader[1] == [2]string{"Content-Length", "16"} {
		s.answerHeader = append(s.answerHeader, [2]string{"X-Backend", s.service})
		if s.method != http.MethodHead {
			s.answerBody = `{"backend":"` + s.service + `"}`
		}
	}
}

// raw returns the request as it goes over the wire.
func (s *step) raw() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s\r\n", s.method, s.target, s.vers)
	framed := false
	for _, h := range s.header {
		b.WriteString(h + "\r\n")
		name := strings.ToLower(parseHeader(h)[0])
		framed = framed || name == "content-length" || name == "transfer-encoding"
	}
	if s.body != nil && !framed {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(*s.body))
	}
	b.WriteString("\r\n")
	if s.body != nil {
		b.WriteString(*s.body)
	}
	return b.String()
}

// probeConfig returns a configuration whose pre-function answers with the value of a Lua expression.
func probeConfig(t *testing.T, expression string) string {
	t.Helper()
	code, err := json.Marshal("local ok, a, b = pcall(function() return " + expression + " end)\n" +
		`local function s(v) if type(v)=="table" then local ks={} for k in pairs(v) do ks[#ks+1]=tostring(k) end table.sort(ks) ` +
		`local o={} for _,k in ipairs(ks) do local w=v[k] if w==nil then w=v[tonumber(k)] end if type(w)=="table" then ` +
		`w="{"..table.concat(w,",").."}" end o[#o+1]=k.."="..tostring(w) end return "{"..table.concat(o,";").."}" end ` +
		"return tostring(v) end\nkong.response.exit(200, {ok=ok, type=type(a), a=s(a), b=s(b)})")
	if err != nil {
		t.Fatal(err)
	}
	return `{"_format_version":"3.0","services":[{"name":"s1","host":"127.0.0.1","port":27201,"protocol":"http","routes":` +
		`[{"name":"r","paths":["/a"],"plugins":[{"name":"pre-function","config":{"access":[` + string(code) + `]}}]}]}]}`
}

// probeStep returns the request that asks for the value.
func probeStep(t *testing.T, expression string) *step {
	t.Helper()
	body := `{"k":[1,2]}`
	s := &step{line: "probe " + expression, vers: "HTTP/1.1", removed: map[string]bool{}, body: &body}
	s.parseRequest(t, `http POST "/a/b?x=1&y=a%20b&x=2&z"`)
	s.header = []string{"Host: example.com", "X-A: 1", "X-A: 2", "Content-Type: application/json", "Cookie: c=1"}
	return s
}

// roundTripRaw sends a request and reads the answer, as far as it comes.
func roundTripRaw(t *testing.T, c net.Conn, method, raw string) (*http.Response, string) {
	t.Helper()
	resp, body, err := exchangeRaw(t, c, method, raw)
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return resp, body
}

// exchangeRaw is roundTripRaw for requests that may get no answer.
func exchangeRaw(t *testing.T, c net.Conn, method, raw string) (*http.Response, string, error) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(c, raw) }()
	r := bufio.NewReader(c)
	for {
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return nil, "", err
		}
		if resp.StatusCode == http.StatusContinue {
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		return resp, string(body), nil
	}
}
