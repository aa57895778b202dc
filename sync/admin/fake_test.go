package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// rootAnswer is what a Kong with a database answers to GET /, as far as gwsync reads it.
const rootAnswer = `{"version":"3.9.3","tagline":"Welcome to kong",
	"configuration":{"database":"postgres","router_flavor":"expressions","worker_state_update_frequency":5,"db_update_frequency":2},
	"plugins":{"available_on_server":{"key-auth":{"version":"3.9.3"},"cors":{"version":"3.9.3"}}}}`

// dblessRoot is the same of a Kong without one.
var dblessRoot = strings.ReplaceAll(rootAnswer, "postgres", "off")

// exchange is a request as the fake saw it.
type exchange struct {
	line   string // "PUT /services/1?x=y"
	header http.Header
	body   string
}

// script is a fake Admin API that answers by request line and takes notes. An answer is "STATUS BODY"; several for one line are
// given one after the other, the last one again and again. What it has no answer for is 404.
type script struct {
	answers map[string][]string
	header  http.Header // of all answers

	mu   sync.Mutex
	seen []exchange
}

// Answers that are none: the connection is closed, before anything is sent or in the middle.
const (
	reset     = "reset"
	truncated = "truncated"
	silence   = "silence"
)

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	line := r.Method + " " + r.URL.RequestURI()
	s.mu.Lock()
	s.seen = append(s.seen, exchange{line, r.Header, string(body)})
	answer := `404 {"message":"Not found"}`
	if all := s.answers[line]; len(all) > 0 {
		answer = all[0]
		if len(all) > 1 {
			s.answers[line] = all[1:]
		}
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	for name, values := range s.header {
		w.Header()[name] = values
	}
	switch answer {
	case reset:
		panic(http.ErrAbortHandler)
	case truncated:
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, `{"data":[`)
		return
	case silence:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	status, text, _ := strings.Cut(answer, " ")
	if status == "429" {
		w.Header().Set("Retry-After", "7")
	}
	code := map[string]int{"200": 200, "201": 201, "204": 204, "302": 302, "304": 304, "400": 400, "401": 401, "403": 403, "404": 404,
		"407": 407, "409": 409, "413": 413, "429": 429, "500": 500, "501": 501, "502": 502, "503": 503, "504": 504}[status]
	w.WriteHeader(code)
	fmt.Fprint(w, text)
}

func (s *script) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, e := range s.seen {
		out = append(out, e.line)
	}
	return out
}

// inProcess is an HTTP transport to a handler, without a network: it works in the fake time of testing/synctest.
type inProcess struct{ handler http.Handler }

var errReset = errors.New("connection reset by peer")

func (t inProcess) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	defer func() {
		p := recover()
		aborted, _ := p.(error)
		switch {
		case p == nil:
		case !errors.Is(aborted, http.ErrAbortHandler):
			panic(p)
		case r.Context().Err() != nil:
			resp, err = nil, r.Context().Err()
		default:
			resp, err = nil, errReset
		}
	}()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	t.handler.ServeHTTP(rec, r)
	resp = rec.Result()
	if n := resp.ContentLength; n > int64(rec.Body.Len()) {
		resp.Body = io.NopCloser(io.MultiReader(rec.Body, failing{}))
	}
	return resp, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// client returns a client of a handler in the same process.
func client(t *testing.T, h http.Handler, c Config) *Client {
	t.Helper()
	c.Transport = inProcess{h}
	got, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// entityOf returns the entity that a JSON object describes.
func entityOf(t *testing.T, kind kong.Kind, text string) kong.Entity {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatal(err)
	}
	e, err := kong.New(kind, fields["id"].(string), fields, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// bodyOf returns what the first request of a line sent, "" if there was none.
func (s *script) bodyOf(line string) string {
	for _, x := range s.seen {
		if x.line == line {
			return x.body
		}
	}
	return ""
}
