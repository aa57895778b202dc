package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// fakeKong is a Kong in memory. Each request takes a second.
type fakeKong struct {
	info     Info
	refuse   func(kong.Entity) bool // by Validate and Load
	fail     func(diff.Write) error
	loading  error
	settling time.Duration
	stuck    func() // called by a write that never ends by itself
	heard    func() string

	mu       sync.Mutex
	entities map[kong.Key]kong.Entity
	log      []string
	now, max int // requests at a time
}

func newFake(t *testing.T, database bool, s kong.State) *fakeKong {
	t.Helper()
	f := &fakeKong{info: Info{Version: "3.9.3", Database: database, Settle: time.Minute}, entities: map[kong.Key]kong.Entity{}}
	for e := range s.All() {
		f.entities[e.Key()] = e
	}
	return f
}

// request notes a request and makes it take a second.
func (f *fakeKong) request(format string, args ...any) func() {
	f.mu.Lock()
	f.log = append(f.log, fmt.Sprintf(format, args...))
	f.now++
	f.max = max(f.max, f.now)
	f.mu.Unlock()
	time.Sleep(time.Second)
	f.mu.Lock()
	return func() { f.now--; f.mu.Unlock() }
}

func (f *fakeKong) Info(context.Context) (Info, error) { return f.info, nil }

func (f *fakeKong) Schemas(context.Context, ...kong.State) (kong.Schemas, error) {
	return kong.Schemas{}, nil
}

func (f *fakeKong) Heard(context.Context) (string, error) {
	if f.heard == nil {
		return "", errors.New("not found")
	}
	return f.heard(), nil
}

func (f *fakeKong) Settling() time.Duration { return f.settling }

func (f *fakeKong) Read(context.Context) (kong.State, error) {
	defer f.request("read")()
	var all []kong.Entity
	for _, e := range f.entities {
		all = append(all, e)
	}
	return kong.NewState(all...)
}

func (f *fakeKong) Current(_ context.Context, of []kong.Entity) (kong.State, error) {
	defer f.request("current of %d", len(of))()
	var all []kong.Entity
	for _, e := range of {
		if now, ok := f.entities[e.Key()]; ok {
			all = append(all, now)
		}
	}
	return kong.NewState(all...)
}

func (f *fakeKong) Leases(ctx context.Context) (kong.State, error) {
	all, err := f.Read(ctx)
	return all.Where(func(e kong.Entity) bool { return e.Kind() == kong.KeySets }), err
}

func (f *fakeKong) WriteLease(ctx context.Context, w diff.Write) error { return f.Write(ctx, w) }

func (f *fakeKong) Validate(_ context.Context, e kong.Entity) error {
	defer f.request("validate %s %s", e.Kind(), e.Name())()
	if f.refuse != nil && f.refuse(e) {
		return &RejectedError{Rejections: []Rejection{{Entity: e, Reason: "no"}}}
	}
	return nil
}

func (f *fakeKong) Write(ctx context.Context, w diff.Write) error {
	if f.stuck != nil {
		f.stuck()
		<-ctx.Done()
		return ctx.Err()
	}
	if f.fail != nil {
		if err := f.fail(w); err != nil {
			time.Sleep(time.Second / 2)
			return err
		}
	}
	defer f.request("%s", w)()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f.put(w)
	return nil
}

// put makes a write, take does so from outside of a request.
func (f *fakeKong) put(w diff.Write) {
	if f.entities[w.Entity.Key()] = w.Entity; w.Op == diff.Delete {
		delete(f.entities, w.Entity.Key())
	}
}

func (f *fakeKong) take(w diff.Write) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.put(w)
}

func (f *fakeKong) Load(ctx context.Context, s kong.State) error {
	defer f.request("load")()
	if f.loading != nil || ctx.Err() != nil {
		return errors.Join(f.loading, ctx.Err())
	}
	f.entities = map[kong.Key]kong.Entity{}
	for e := range s.All() {
		if f.refuse != nil && f.refuse(e) {
			return &RejectedError{Rejections: []Rejection{{Entity: e, Reason: "no"}}}
		}
		f.entities[e.Key()] = e
	}
	return nil
}

// writes returns the requests that write.
func (f *fakeKong) writes() []string {
	return slices.DeleteFunc(slices.Clone(f.log), func(s string) bool {
		return strings.HasPrefix(s, "validate ") || strings.HasPrefix(s, "current ") || s == "read"
	})
}

// entity returns an entity with the tags of the instance "main".
func entity(t *testing.T, kind kong.Kind, name string, fields map[string]any) kong.Entity {
	t.Helper()
	all := map[string]any{"name": name, "tags": diff.Tags("main")}
	for k, v := range fields {
		all[k] = v
	}
	e, err := kong.New(kind, kong.ID(kind, name), all, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// foreign returns an entity without the tags.
func foreign(t *testing.T, kind kong.Kind, name string) kong.Entity {
	return entity(t, kind, name, map[string]any{"host": "theirs", "tags": []string{"theirs"}})
}

func state(t *testing.T, entities ...kong.Entity) kong.State {
	t.Helper()
	s, err := kong.NewState(entities...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// guarded returns a service with a route that needs a key.
func guarded(t *testing.T, name string) []kong.Entity {
	service := entity(t, kong.Services, name, map[string]any{"host": name})
	ref := map[string]any{"id": service.ID()}
	route := entity(t, kong.Routes, name, map[string]any{"hosts": []string{name + ".example"}, "service": ref})
	plugin := entity(t, kong.Plugins, "key-auth", map[string]any{"route": map[string]any{"id": route.ID()}})
	return []kong.Entity{service, route, plugin.WithID(kong.ID(kong.Plugins, name))}
}

func services(t *testing.T, n int) []kong.Entity {
	var out []kong.Entity
	for i := range n {
		out = append(out, entity(t, kong.Services, fmt.Sprintf("s%02d", i), map[string]any{"host": "h"}))
	}
	return out
}

func compute(t *testing.T, live, desired kong.State) diff.Plan {
	t.Helper()
	p, err := diff.Compute(live, desired, diff.Options{Instance: "main"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// held returns what the Kong holds.
func (f *fakeKong) held(t *testing.T) kong.State {
	t.Helper()
	var all []kong.Entity
	for _, e := range f.entities {
		all = append(all, e)
	}
	return state(t, all...)
}

// same fails the test unless both states are equal.
func same(t *testing.T, want, got kong.State) {
	t.Helper()
	if want.Digest() == got.Digest() {
		return
	}
	var w, g []string
	for e := range want.All() {
		w = append(w, string(e.AppendJSON(nil)))
	}
	for e := range got.All() {
		g = append(g, string(e.AppendJSON(nil)))
	}
	t.Error(cmp.Diff(w, g))
}

func TestApplyLeadsToThePlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := state(t, append(guarded(t, "old"), foreign(t, kong.Services, "theirs"))...)
		plan := compute(t, live, state(t, guarded(t, "new")...))
		f := newFake(t, true, live)
		waits := 0
		begin := time.Now()
		r, err := Apply(t.Context(), f, plan, Options{Parallelism: 1, Observe: func(e Event) {
			if e.Wait > 0 {
				waits++
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		after, err := plan.After()
		if err != nil {
			t.Fatal(err)
		}
		same(t, after, f.held(t))
		if len(r.Done) != 6 || len(r.Failed)+len(r.Skipped) != 0 || r.Writes != len(f.writes()) {
			t.Errorf("got %+v", r)
		}
		if waits == 0 {
			t.Error("a route was opened without waiting for its plugin")
		}
		if took, want := time.Since(begin), time.Duration(waits)*time.Minute+time.Duration(len(f.log))*time.Second; took != want {
			t.Errorf("took %s, want %s", took, want)
		}
		for _, line := range f.writes() {
			if strings.Contains(line, "theirs") {
				t.Errorf("wrote what is not ours: %s", line)
			}
		}
		if again := compute(t, f.held(t), plan.Desired()); !again.Empty() {
			t.Errorf("a second plan: %s", again)
		}
	})
}

func TestApplyWithNothingToDoMakesNoRequest(t *testing.T) {
	live := state(t, services(t, 3)...)
	f := newFake(t, true, live)
	r, err := Apply(t.Context(), f, compute(t, live, live), Options{})
	if err != nil || len(f.log) > 0 || r.Writes > 0 {
		t.Errorf("got %+v, %v after %v", r, err, f.log)
	}
}

func TestApplyWritesSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, true, kong.State{})
		begin := time.Now()
		if _, err := Apply(t.Context(), f, compute(t, kong.State{}, state(t, services(t, 40)...)), Options{Parallelism: 8}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); f.max != 8 || took != (1+1+40/8)*time.Second {
			t.Errorf("%d at a time, took %s", f.max, took)
		}
	})
}

func TestSettleCanBeReplaced(t *testing.T) {
	for settle, want := range map[time.Duration]time.Duration{0: time.Minute, time.Second: time.Second, -1: 0} {
		synctest.Test(t, func(t *testing.T) {
			var waited time.Duration
			_, err := Apply(t.Context(), newFake(t, true, kong.State{}), compute(t, kong.State{}, state(t, guarded(t, "a")...)),
				Options{Settle: settle, Observe: func(e Event) { waited = max(waited, e.Wait) }})
			if err != nil || waited != want {
				t.Errorf("%s: waited %s, %v", settle, waited, err)
			}
		})
	}
}

func TestApplyWaitsForWhatARunBeforeHasWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, true, kong.State{})
		f.settling = 5 * time.Second
		var first Event
		_, err := Apply(t.Context(), f, compute(t, kong.State{}, state(t, guarded(t, "a")...)), Options{Observe: func(e Event) {
			if first.Step == "" && e.Step != "validate" {
				first = e
			}
		}})
		if err != nil || first.Wait != f.settling || first.Step != "settle" {
			t.Errorf("began with %+v, %v", first, err)
		}
	})
}

// TestApplyWaitsForNothingWhereNoGuardChanges: only where guarded routes change it matters how fast Kong's workers are.
func TestApplyWaitsForNothingWhereNoGuardChanges(t *testing.T) {
	before := guarded(t, "guarded")
	timeout := entity(t, kong.Services, "guarded", map[string]any{"host": "guarded", "read_timeout": 1000})
	route := entity(t, kong.Routes, "open", map[string]any{"paths": []string{"/o"}, "service": map[string]any{"id": before[0].ID()}})
	open := append(services(t, 2), entity(t, kong.Routes, "s00", map[string]any{"paths": []string{"/s"},
		"service": map[string]any{"id": services(t, 1)[0].ID()}}))
	for name, desired := range map[string][]kong.Entity{
		"a service's timeout":           append([]kong.Entity{timeout}, before[1:]...),
		"new services with open routes": append(open, before...),
		"an open route beside it":       append([]kong.Entity{route}, before...),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, true, state(t, before...))
				f.settling = 5 * time.Second
				_, err := Apply(t.Context(), f, compute(t, state(t, before...), state(t, desired...)), Options{Observe: func(e Event) {
					if e.Wait > 0 {
						t.Errorf("waits %s in step %s", e.Wait, e.Step)
					}
				}})
				if err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// refusal is an answer that says no.
type refusal struct{}

func (refusal) Error() string { return "409" }
func (refusal) Refused() bool { return true }

func TestApplyStopsAtTheFirstFailure(t *testing.T) {
	for _, test := range []struct {
		name                 string
		failing              int
		err                  error
		parallelism          int
		done, failed, writes int
		partial              bool
	}{
		{"refused at once", 0, refusal{}, 1, 0, 1, 0, false},
		{"no answer at once", 0, errors.New("reset"), 1, 0, 1, 0, true},
		{"refused later", 5, refusal{}, 1, 5, 1, 5, true},
		{"others under way", 0, refusal{}, 4, 3, 1, 3, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, true, kong.State{})
				plan := compute(t, kong.State{}, state(t, services(t, 20)...))
				failing := plan.Phases()[0].Writes[test.failing]
				f.fail = func(w diff.Write) error {
					if w.Entity.Key() == failing.Entity.Key() {
						return test.err
					}
					return nil
				}
				r, err := Apply(t.Context(), f, plan, Options{Parallelism: test.parallelism})
				if !errors.Is(err, test.err) || !strings.Contains(err.Error(), "create service "+failing.Entity.Name()) {
					t.Errorf("got error %v", err)
				}
				if partial := (*PartialError)(nil); errors.As(err, &partial) != test.partial {
					t.Errorf("got error %#v", err)
				}
				if len(r.Done) != test.done || len(r.Failed) != test.failed || len(r.Skipped) != 20-test.done-test.failed || r.Writes != test.writes {
					t.Errorf("%d done, %d failed, %d skipped, %d writes", len(r.Done), len(r.Failed), len(r.Skipped), r.Writes)
				}
				if len(f.entities) != test.writes {
					t.Errorf("%d entities", len(f.entities))
				}
			})
		})
	}
}

func TestCancelFinishesWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, true, kong.State{})
		plan := compute(t, kong.State{}, state(t, services(t, 20)...))
		// 1 s for a question, 1 s of reading again, then in the middle of a write.
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		r, err := Apply(ctx, f, plan, Options{Parallelism: 4})
		if partial := (*PartialError)(nil); !errors.As(err, &partial) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v", err)
		}
		if len(r.Done) != 8 || len(r.Skipped) != 12 || len(f.entities) != 8 {
			t.Errorf("%d done, %d skipped, %d there", len(r.Done), len(r.Skipped), len(f.entities))
		}
	})
}

func TestCancelWaitsForNoWriteForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, true, kong.State{})
		ctx, cancel := context.WithCancel(t.Context())
		var cancelled time.Time
		f.stuck = func() { cancelled = time.Now(); cancel() }
		_, err := Apply(ctx, f, compute(t, kong.State{}, state(t, services(t, 1)...)), Options{})
		if partial := (*PartialError)(nil); !errors.As(err, &partial) || !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v", err)
		}
		if waited := time.Since(cancelled); waited != grace {
			t.Errorf("waited %s", waited)
		}
	})
}

func TestCancelEndsTheWaitForKong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		begin := time.Now()
		_, err := Apply(ctx, newFake(t, true, kong.State{}), compute(t, kong.State{}, state(t, guarded(t, "a")...)),
			Options{Observe: func(e Event) {
				if e.Wait > 0 {
					cancel()
				}
			}})
		if !errors.Is(err, context.Canceled) || time.Since(begin) > time.Minute {
			t.Errorf("got %v after %s", err, time.Since(begin))
		}
	})
}

func TestApplyWritesNothingThatKongRefuses(t *testing.T) {
	for _, database := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, database, kong.State{})
			f.refuse = func(e kong.Entity) bool { return e.Text("host") == "no host" }
			desired := append(services(t, 20), entity(t, kong.Services, "t1", map[string]any{"host": "no host"}),
				entity(t, kong.Services, "t2", map[string]any{"host": "no host"}))
			r, err := Apply(t.Context(), f, compute(t, kong.State{}, state(t, desired...)), Options{})
			var rejected *RejectedError
			if !errors.As(err, &rejected) || !strings.HasPrefix(err.Error(), "nothing was written: kong refuses ") ||
				!strings.Contains(err.Error(), "service t1: no") {
				t.Errorf("got error %v", err)
			}
			if partial := (*PartialError)(nil); errors.As(err, &partial) || r.Writes > 0 {
				t.Errorf("got error %v", err)
			}
			if writes := f.writes(); database && (len(writes) > 0 || len(rejected.Rejections) != 2) {
				t.Errorf("%v; wrote %v", err, writes)
			}
		})
	}
}

// TestApplyAsksOnceAboutWhatIsAlike: a question for each of 20,000 services with one plugin would be half of all requests.
func TestApplyAsksOnceAboutWhatIsAlike(t *testing.T) {
	plugin := func(name, config string) kong.Entity {
		service := kong.ID(kong.Services, name)
		e := entity(t, kong.Plugins, "cors",
			map[string]any{"config": map[string]any{"origins": []string{config}}, "service": map[string]any{"id": service}})
		return e.WithID(kong.ID(kong.Plugins, name))
	}
	desired := services(t, 6)
	for i, config := range []string{"a", "a", "a", "b", "b", "c"} {
		desired = append(desired, plugin(fmt.Sprintf("s%02d", i), config))
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, true, kong.State{})
		plan := compute(t, kong.State{}, state(t, desired...))
		if _, err := Apply(t.Context(), f, plan, Options{Settle: -1}); err != nil {
			t.Fatal(err)
		}
		asked := map[string]int{}
		for _, line := range f.log {
			if strings.HasPrefix(line, "validate ") {
				asked[line]++
			}
		}
		if d := cmp.Diff(map[string]int{"validate services s00": 1, "validate plugins cors": 3}, asked); d != "" {
			t.Error(d)
		}
	})
}

func TestApplyRefusesConflicts(t *testing.T) {
	for _, database := range []bool{true, false} {
		live := state(t, foreign(t, kong.Services, "s00"))
		f := newFake(t, database, live)
		r, err := Apply(t.Context(), f, compute(t, live, state(t, services(t, 3)...)), Options{})
		var conflict *ConflictError
		if !errors.As(err, &conflict) || len(conflict.Conflicts) != 1 || !strings.Contains(err.Error(), `"s00"`) || len(r.Skipped) == 0 {
			t.Errorf("got error %v", err)
		}
		if len(f.log) > 0 || len(r.Done) > 0 {
			t.Errorf("got %+v after %v", r, f.log)
		}
	}
}

func TestLoadKeepsWhatIsForeign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		theirs, thing := foreign(t, kong.Services, "theirs"), foreign(t, "filter_chains", "thing")
		live := state(t, append(guarded(t, "old"), theirs, thing)...)
		f := newFake(t, false, live)
		r, err := Apply(t.Context(), f, compute(t, live, state(t, guarded(t, "new")...)), Options{})
		if err != nil || len(r.Done) != 6 || r.Writes != 1 {
			t.Errorf("got %+v, %v", r, err)
		}
		same(t, state(t, append(guarded(t, "new"), theirs, thing)...), f.held(t))
		if d := cmp.Diff([]string{"load"}, f.writes()); d != "" {
			t.Error(d)
		}
	})
}

func TestLoadRefusesWhatChangedUnderIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := state(t, foreign(t, kong.Services, "theirs"))
		f := newFake(t, false, state(t, foreign(t, kong.Services, "theirs"), foreign(t, kong.Services, "newer")))
		_, err := Apply(t.Context(), f, compute(t, live, state(t, guarded(t, "new")...)), Options{})
		if stale := (*StaleError)(nil); !errors.As(err, &stale) || len(f.writes()) > 0 {
			t.Errorf("got %v after %v", err, f.log)
		}
	})
}

func TestLoadWithoutAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, false, kong.State{})
		f.loading = errors.New("reset")
		r, err := Apply(t.Context(), f, compute(t, kong.State{}, state(t, guarded(t, "new")...)), Options{})
		if partial := (*PartialError)(nil); !errors.As(err, &partial) || len(r.Failed) != 3 {
			t.Errorf("got %+v, %v", r, err)
		}
	})
}
