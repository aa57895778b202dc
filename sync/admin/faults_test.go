package admin

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/sandbox"
)

var everyFault = flag.Bool("every-fault", false, "try every fault with every duration and every --on-error, not each with one of them")

// fault is what happens to a request.
type fault struct {
	name string
	// answer is what the client gets; nil is that the request goes its way.
	answer func(req *http.Request, next http.RoundTripper) (*http.Response, error)
	// hand is what somebody else does to Kong right before; nil is nothing.
	hand func(held []kong.Entity) []kong.Entity
	// theirs says that the hand changes what is not ours.
	theirs bool
}

func faults() []fault {
	status := func(code int, contentType, body string) func(*http.Request, http.RoundTripper) (*http.Response, error) {
		return func(*http.Request, http.RoundTripper) (*http.Response, error) {
			header := http.Header{"Content-Type": {contentType}, "Retry-After": {"2"}}
			reader := io.NopCloser(strings.NewReader(body))
			return &http.Response{StatusCode: code, Header: header, Body: reader, ContentLength: int64(len(body))}, nil
		}
	}
	silent := func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	return []fault{
		{name: "429", answer: status(http.StatusTooManyRequests, "application/json", `{"message":"API rate limit exceeded"}`)},
		{name: "500", answer: status(http.StatusInternalServerError, "application/json", `{"message":"An unexpected error occurred"}`)},
		{name: "502", answer: status(http.StatusBadGateway, "text/html", "<h1>Bad Gateway</h1>")},
		{name: "reset before the effect", answer: func(*http.Request, http.RoundTripper) (*http.Response, error) { return nil, errReset }},
		{name: "reset after the effect", answer: func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			_, err := next.RoundTrip(req)
			return nil, errors.Join(errReset, err)
		}},
		{name: "time-out before the effect", answer: func(req *http.Request, _ http.RoundTripper) (*http.Response, error) { return silent(req) }},
		{name: "time-out after the effect", answer: func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			if _, err := next.RoundTrip(req); err != nil {
				return nil, err
			}
			return silent(req)
		}},
		{name: "answer cut short", answer: func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			resp, err := next.RoundTrip(req)
			if err == nil {
				resp.Body = io.NopCloser(io.MultiReader(io.LimitReader(resp.Body, 7), failing{}))
			}
			return resp, err
		}},
		{name: "ours changed by another hand", hand: change("s", "retries", 9)},
		{name: "ours deleted by another hand", hand: func(held []kong.Entity) []kong.Entity {
			return slices.DeleteFunc(held, func(e kong.Entity) bool { return e.Name() == "key-auth" })
		}},
		{name: "theirs changed by another hand", hand: change("theirs", "retries", 9), theirs: true},
	}
}

// change returns a hand that sets a field of a service.
func change(service, field string, v any) func([]kong.Entity) []kong.Entity {
	return func(held []kong.Entity) []kong.Entity {
		for i, e := range held {
			if changed, err := e.With(field, v); err == nil && e.Kind() == kong.Services && e.Name() == service {
				held[i] = changed
			}
		}
		return held
	}
}

// Durations of a fault.
const (
	once   = "once"
	always = "whenever that is asked"
	onward = "from then on"
)

// faulty is a network on which one request, and perhaps others after it, goes wrong.
type faulty struct {
	kong *sandbox.Kong
	fault
	at       int
	duration string

	turn  chan struct{}
	lines []string // that were asked
	line  string   // that went wrong
	hits  int
	// atLoad says that the fault came at the very load of a configuration.
	atLoad bool
}

func (f *faulty) RoundTrip(req *http.Request) (*http.Response, error) {
	f.turn <- struct{}{}
	line := req.Method + " " + req.URL.RequestURI()
	this := len(f.lines) == f.at
	hit := this || f.hits > 0 && (f.duration == onward || f.duration == always && f.line == line)
	if this {
		f.line, f.atLoad = line, req.Method == http.MethodPost && req.URL.Path == "/config"
	}
	f.lines = append(f.lines, line)
	next := http.RoundTripper(inProcess{f.kong.Admin()})
	if !hit {
		defer func() { <-f.turn }()
		return next.RoundTrip(req)
	}
	if f.hits++; f.hand != nil && f.hits == 1 {
		f.meddle()
	}
	<-f.turn // one that gets no answer keeps nobody waiting
	if f.answer == nil {
		return next.RoundTrip(req)
	}
	return f.answer(req, next)
}

func (f *faulty) meddle() {
	now, _ := f.kong.State()
	changed, err := kong.NewState(f.hand(slices.Collect(now.All()))...)
	if err == nil {
		err = f.kong.Load(changed)
	}
	if err != nil {
		panic(err)
	}
}

// journey is an apply that faults befall.
type journey struct {
	name        string
	w           world
	first, goal kong.State
}

func journeys(t *testing.T) []journey {
	all := worlds(t)
	db, dbless := all["database"], all["no database"]
	guards := func(key string, more ...kong.Entity) kong.State {
		return newState(t, append(more,
			ours(t, kong.Services, "s", map[string]any{"host": "h"}),
			ours(t, kong.Routes, "r", map[string]any{"service": ref(kong.Services, "s"), "paths": []string{"/" + key}}),
			ours(t, kong.Plugins, "key-auth", map[string]any{"route": ref(kong.Routes, "r"), "config": map[string]any{"key_names": []string{key}}}),
		)...)
	}
	acl := ours(t, kong.Plugins, "acl", map[string]any{"route": ref(kong.Routes, "r"), "config": map[string]any{"allow": []string{"staff"}}})
	return []journey{
		{"create", db, kong.State{}, db.first},
		{"update", db, db.first, db.second},
		{"delete", db, db.second, kong.State{}},
		{"guards", db, guards("a"), guards("b", acl.WithID(kong.ID(kong.Plugins, "acl")))},
		{"db-less", dbless, dbless.first, dbless.second},
	}
}

// TestFaults disturbs each request of an apply in turn, in every way. By laws 2, 5 and 6 the apply then ends in the state before, in the
// one after, or in a *sync.PartialError; the next run gets to the one after, with nothing lost or doubled; what is not ours is never
// changed.
func TestFaults(t *testing.T) {
	var cases atomic.Int32
	t.Cleanup(func() { t.Logf("%d cases", cases.Load()) })
	for _, j := range journeys(t) {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			box := j.w.boot(t)
			mustRun(t, inProcess{box.Admin()}, j.first)
			start, _ := box.State()
			mustRun(t, inProcess{box.Admin()}, j.goal)
			goal, _ := box.State()
			for at, line := range j.requests(t, box, start) {
				for _, c := range j.cases(at, line) {
					cases.Add(1)
					synctest.Test(t, func(t *testing.T) {
						c.run(t, box, start, goal)
						time.Sleep(10 * time.Minute) // until the timers of requests that were given up are over
					})
				}
			}
		})
	}
}

// requests returns the requests of an undisturbed apply.
func (j journey) requests(t *testing.T, box *sandbox.Kong, start kong.State) []string {
	if err := box.Load(start); err != nil {
		t.Fatal(err)
	}
	f := &faulty{kong: box, at: -1, turn: make(chan struct{}, 1)}
	if err := attempt(t.Context(), f, j.goal, sync.Stop); err != nil {
		t.Fatal(err)
	}
	return f.lines
}

// faultCase is one fault in one apply.
type faultCase struct {
	journey
	fault
	duration string
	onError  sync.OnError
	at       int
}

// cases returns what to try on request number at. With -every-fault that is everything; else some of the faults for each request that
// writes, and one for each that reads, in turn, each with one duration and one --on-error.
func (j journey) cases(at int, line string) []faultCase {
	share := len(faults())
	if method, _, _ := strings.Cut(line, " "); method != http.MethodGet && !strings.HasSuffix(line, "/validate") {
		share = 4
	}
	var out []faultCase
	for i, f := range faults() {
		variants := j.variants(f, at)
		switch {
		case *everyFault:
			out = append(out, variants...)
		case (at+i)%share == 0:
			out = append(out, variants[(at/share+i)%len(variants)])
		}
	}
	return out
}

func (j journey) variants(f fault, at int) []faultCase {
	durations := []string{once, always, onward}
	if f.hand != nil {
		durations = durations[:1]
	}
	var out []faultCase
	for _, onError := range []sync.OnError{sync.Rollback, sync.Stop, sync.Continue} {
		for _, d := range durations {
			out = append(out, faultCase{journey: j, fault: f, duration: d, onError: onError, at: at})
		}
	}
	return out
}

// run makes the apply fail as it should, and looks at what comes of it.
func (c faultCase) run(t *testing.T, box *sandbox.Kong, start, goal kong.State) {
	if err := box.Load(start); err != nil {
		t.Fatal(err)
	}
	network := &faulty{kong: box, fault: c.fault, at: c.at, duration: c.duration, turn: make(chan struct{}, 1)}
	applied := attempt(t.Context(), network, c.goal, c.onError)
	now, _ := box.State()
	name := fmt.Sprintf("%s at request %d (%s) %s, on error %s: %v", c.fault.name, c.at, network.line, c.duration, c.onError, applied)
	if c.hand == nil {
		ended(t, name, applied, start, goal, now)
	}
	theirs := foreign(start)
	if c.theirs && network.hits > 0 && !network.atLoad {
		theirs = foreign(newState(t, c.hand(slices.Collect(start.All()))...))
	}
	if d := cmp.Diff(theirs, foreign(now)); d != "" {
		t.Errorf("%s\nwhat is theirs changed: %s", name, d)
	}
	if err := attempt(t.Context(), inProcess{box.Admin()}, c.goal, sync.Stop); err != nil {
		t.Errorf("%s\nthe next run: %v", name, err)
	}
	now, _ = box.State()
	if d := cmp.Diff(owned(goal), owned(now)); d != "" {
		t.Errorf("%s\nthe next run does not converge: %s", name, d)
	}
}

// ended checks that the state is the one that the error stands for.
func ended(t *testing.T, name string, err error, start, goal, now kong.State) {
	t.Helper()
	var partial *sync.PartialError
	var undone *sync.RolledBackError
	switch {
	case err == nil:
		if d := cmp.Diff(lines(goal), lines(now)); d != "" {
			t.Errorf("%s\nis not done: %s", name, d)
		}
	case errors.As(err, &undone), !errors.As(err, &partial):
		if d := cmp.Diff(lines(start), lines(now)); d != "" {
			t.Errorf("%s\nleft something: %s", name, d)
		}
	}
}

// attempt reads, compares and applies.
func attempt(ctx context.Context, transport http.RoundTripper, desired kong.State, onError sync.OnError) error {
	c, err := New(Config{Transport: transport, Targets: func(u kong.Entity) bool { return diff.Owned(u, "main") }})
	if err != nil {
		return err
	}
	plan, err := compared(ctx, c, desired)
	if err != nil {
		return err
	}
	return leased(ctx, c, plan, desired, sync.Options{OnError: onError, Parallelism: 3})
}

// lines returns what a Kong holds, one line an entity, but for leases.
func lines(s kong.State) []string {
	var out []string
	for e := range s.All() {
		if !diff.Bookkeeping(e) {
			out = append(out, string(e.Kind())+" "+string(e.AppendJSON(nil)))
		}
	}
	return out
}

func owned(s kong.State) []string {
	return lines(s.Where(func(e kong.Entity) bool { return diff.Owned(e, "main") }))
}

func foreign(s kong.State) []string {
	return lines(s.Where(func(e kong.Entity) bool { return !diff.Owned(e, "main") }))
}
