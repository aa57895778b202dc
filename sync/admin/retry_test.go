package admin

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFailuresThatPass(t *testing.T) {
	for _, test := range []struct {
		name    string
		answers []string
		waits   time.Duration // at least
	}{
		{"too many requests", []string{`429 {"message":"slow down"}`, "200 " + rootAnswer}, 7 * time.Second},
		{"unavailable", []string{"503 ", "502 ", "504 ", "500 ", "200 " + rootAnswer}, 0},
		{"reset", []string{reset, reset, "200 " + rootAnswer}, 0},
		{"answer cut short", []string{truncated, "200 " + rootAnswer}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: map[string][]string{"GET /": test.answers}}
				begin := time.Now()
				info, err := client(t, s, Config{}).Info(t.Context())
				if err != nil || info.Version != "3.9.3" {
					t.Fatalf("got %v, %v", info, err)
				}
				if got := len(s.lines()); got != len(test.answers) {
					t.Errorf("made %d requests, want %d", got, len(test.answers))
				}
				if waited := time.Since(begin); waited < test.waits {
					t.Errorf("waited %s, want at least %s", waited, test.waits)
				}
			})
		})
	}
}

func TestFailuresThatStay(t *testing.T) {
	for _, test := range []struct {
		name     string
		answer   string
		requests int
		want     string
	}{
		{"unavailable", `503 {"message":"upgrading"}`, 4, "GET /: 503 Service Unavailable: upgrading"},
		{"not implemented", `501 {"message":"no"}`, 1, "GET /: 501 Not Implemented: no"},
		{"bad request", `400 {"message":"no"}`, 1, "GET /: 400 Bad Request: no"},
		{"reset", reset, 4, "cannot reach Kong's Admin API at http://localhost:8001: connection reset by peer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: map[string][]string{"GET /": {test.answer}}}
				_, err := client(t, s, Config{Retries: 3}).Info(t.Context())
				if err == nil || err.Error() != test.want {
					t.Errorf("got error %v, want %s", err, test.want)
				}
				if got := len(s.lines()); got != test.requests {
					t.Errorf("made %d requests, want %d", got, test.requests)
				}
			})
		})
	}
}

// unanswered never answers the first requests.
type unanswered struct {
	after    time.Duration // what the next one takes
	requests int
	first    int
}

func (u *unanswered) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.requests++
	if u.requests <= u.first {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	select {
	case <-time.After(u.after):
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, rootAnswer)
}

func TestNoAnswerInTime(t *testing.T) {
	const late = "Kong's Admin API at http://localhost:8001 does not answer in time"
	// Kong reads all its plugins for GET /, again for each try: so that has the time of all tries at once.
	root := func(ctx context.Context, c *Client) (err error) { _, err = c.Info(ctx); return err }
	other := func(ctx context.Context, c *Client) error {
		return c.get(ctx, request{path: []string{"status"}}, &struct{}{})
	}
	for _, test := range []struct {
		name     string
		ask      func(context.Context, *Client) error
		server   unanswered
		want     string
		requests int
		took     time.Duration // at most
	}{
		{"an answer is lost", other, unanswered{first: 1}, "", 2, 11 * time.Second},
		{"no answer ever", other, unanswered{first: 100}, late, 4, 45 * time.Second},
		{"GET / takes long", root, unanswered{after: 39 * time.Second}, "", 1, 39 * time.Second},
		{"GET / takes too long", root, unanswered{after: 41 * time.Second}, late, 1, 40 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin, got := time.Now(), ""
				if err := test.ask(t.Context(), client(t, &test.server, Config{Retries: 3, Timeout: 10 * time.Second})); err != nil {
					got = err.Error()
				}
				if took := time.Since(begin); got != test.want || test.server.requests != test.requests || took > test.took {
					t.Errorf("got error %q after %d requests and %s", got, test.server.requests, took)
				}
			})
		})
	}
}

func TestRetryAfterIsNotEndless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: map[string][]string{"GET /": {"503 "}}, header: http.Header{"Retry-After": {"86400"}}}
		begin := time.Now()
		_, err := client(t, s, Config{Retries: 2}).Info(t.Context())
		if err == nil {
			t.Error("no error")
		}
		if took := time.Since(begin); took != 2*longestWait {
			t.Errorf("gave up after %s", took)
		}
	})
}

func TestCancelEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: map[string][]string{"GET /": {"429 "}}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, err := client(t, s, Config{}).Info(ctx)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("returned after %s", took)
		}
	})
}

// refusing fails to connect, as where nothing listens.
type refusing struct{ dials *int }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) {
	*r.dials++
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
}

func TestWrongAddressIsReportedAtOnce(t *testing.T) {
	dials := 0
	c, err := New(Config{Transport: refusing{&dials}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Info(t.Context())
	if u := (*UnreachableError)(nil); !errors.As(err, &u) || !strings.Contains(u.Hint(), "--kong-addr") {
		t.Errorf("got %v", err)
	}
	if dials != 1 {
		t.Errorf("tried %d times", dials)
	}
}

// restarting is a Kong that answers once, then is away for some tries.
type restarting struct {
	next  http.RoundTripper
	tries *int
}

func (r restarting) RoundTrip(req *http.Request) (*http.Response, error) {
	*r.tries++
	if *r.tries == 2 || *r.tries == 3 {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	return r.next.RoundTrip(req)
}

func TestKongThatRestartsIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: map[string][]string{"GET /": {"200 " + dblessRoot}, "GET /config": {`200 {"config":"_format_version: '3.0'\n"}`}}}
		tries := 0
		c, err := New(Config{Transport: restarting{inProcess{s}, &tries}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
