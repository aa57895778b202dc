package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/gwsync/gwsync/render/kong"
)

// conversation is what a real Kong 3.9.3 was asked and answered, in order.
//
// In answers "*" stands for anything (times, memory figures), "$1" for an id that Kong made up: the same one wherever
// it appears. Strings that begin with "@" stand for a certificate or a key in PEM.
type conversation struct {
	Scenario string
	Flavors  []kong.Flavor
	DBLess   bool
	// IDs are the ids that the real Kong made up, $1 first. The sandbox makes them up, too, so that lists have the same order.
	IDs []string
	PEM map[string]string
	// Given are requests that came before, whose answers are not recorded here.
	Given []step
	Steps []step
}

type step struct {
	Request string // method and path
	Body    any
	Status  int
	Answer  any
}

// TestRecordings replays every recorded conversation.
func TestRecordings(t *testing.T) {
	t.Parallel()
	fresh := map[string]*Kong{}
	for _, file := range []string{"conversations", "refused"} {
		for _, c := range readConversations(t, "testdata/"+file+".jsonl") {
			for _, f := range c.Flavors {
				k := fresh[string(f)]
				if k == nil || file == "conversations" { // what was refused leaves no trace
					k = New(Config{Flavor: f, DBLess: c.DBLess, Now: ticking()})
				}
				if file == "refused" {
					fresh[string(f)] = k
				}
				r := newReplay(c, k)
				for _, s := range c.Given {
					r.step(t, s)
				}
				for i, step := range c.Steps {
					if diff := r.step(t, step); diff != "" {
						t.Errorf("%s %s %d: %s (-recorded +sandbox):\n%s", c.Scenario, f, i, step.Request, diff)
					}
				}
			}
		}
	}
}

// replay is one conversation with a sandbox.
type replay struct {
	conversation
	admin http.Handler
	bound map[string]string
	next  string // the id that the sandbox makes up next
}

func newReplay(c conversation, k *Kong) *replay {
	r := &replay{conversation: c, admin: k.Admin(), bound: map[string]string{}}
	k.env.UUID = func() string {
		if r.next != "" {
			return r.next
		}
		return newUUID()
	}
	return r
}

// ticking returns a clock that goes on by a millisecond whenever it is looked at, so that nothing happens at the same time.
func ticking() func() time.Time {
	now := time.Date(2026, 11, 22, 21, 45, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(time.Millisecond)
		return now
	}
}

// step sends a request and returns how the answer differs from the recorded one.
func (r *replay) step(t *testing.T, step step) string {
	t.Helper()
	method, path, _ := strings.Cut(step.Request, " ")
	var body []byte
	if step.Body != nil {
		var err error
		if body, err = json.Marshal(r.withPEM(step.Body)); err != nil {
			t.Fatal(err)
		}
		if s, ok := step.Body.(string); ok {
			body = []byte(s)
		}
	}
	q := httptest.NewRequest(method, path, bytes.NewReader(body))
	if body != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	r.next = ""
	if answer, ok := step.Answer.(map[string]any); ok {
		id, _ := answer["id"].(string)
		if n, err := strconv.Atoi(strings.TrimPrefix(id, "$")); err == nil && r.bound[id] == "" {
			r.next = r.IDs[n-1]
		}
	}
	w := httptest.NewRecorder()
	r.admin.ServeHTTP(w, q)
	var got any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			return fmt.Sprintf("answer is no JSON: %v", err)
		}
	}
	got = parseConfig(got)
	want := r.bind(r.withPEM(step.Answer), got)
	return cmp.Diff(map[string]any{"status": step.Status, "body": want}, map[string]any{"status": w.Code, "body": got})
}

// parseConfig replaces a configuration in YAML by what it says.
func parseConfig(got any) any {
	m, ok := got.(map[string]any)
	text, isText := m["config"].(string)
	if !ok || !isText || len(m) != 1 {
		return got
	}
	var v any
	if yaml.Unmarshal([]byte(text), &v) != nil {
		return got
	}
	b, err := json.Marshal(map[string]any{"config": v})
	if err != nil {
		return got
	}
	json.Unmarshal(b, &got) //nolint:errcheck // just marshaled
	return got
}

var placeholder = regexp.MustCompile(`\$\d+`)

// bind replaces placeholders in want by what is in their place in got, if that can be.
func (r *replay) bind(want, got any) any {
	switch want := want.(type) {
	case map[string]any:
		m, _ := got.(map[string]any)
		out := map[string]any{}
		for name, v := range want {
			out[name] = r.bind(v, m[name])
		}
		return out
	case []any:
		list, _ := got.([]any)
		out := make([]any, len(want))
		for i, v := range want {
			var g any
			if i < len(list) {
				g = list[i]
			}
			out[i] = r.bind(v, g)
		}
		return out
	case string:
		if want == "*" && got != nil {
			return got
		}
		return placeholder.ReplaceAllStringFunc(want, func(p string) string {
			if r.bound[p] == "" {
				r.bound[p] = found(want, p, got)
			}
			return r.bound[p]
		})
	}
	return want
}

// found returns what stands in got where p stands in want.
func found(want, p string, got any) string {
	s, _ := got.(string)
	before, after, _ := strings.Cut(want, p)
	if len(s) < len(before)+len(after) || !strings.HasPrefix(s, before) || !strings.HasSuffix(s, after) {
		return p
	}
	return s[len(before) : len(s)-len(after)]
}

func (r *replay) withPEM(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, e := range v {
			out[name] = r.withPEM(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = r.withPEM(e)
		}
		return out
	case string:
		if pem, ok := r.PEM[v]; ok {
			return pem
		}
	}
	return v
}

func readConversations(t testing.TB, name string) []conversation {
	t.Helper()
	var out []conversation
	for _, line := range readLines(t, name) {
		var c conversation
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, c)
	}
	return out
}

func readLines(t testing.TB, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<22)
	for s.Scan() {
		if line := s.Text(); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
