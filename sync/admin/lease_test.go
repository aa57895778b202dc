package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	gosync "sync"
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

// compared returns the plan that brings what Kong holds now to what is desired.
func compared(ctx context.Context, c *Client, desired kong.State) (diff.Plan, error) {
	live, err := c.Read(ctx)
	if err != nil {
		return diff.Plan{}, err
	}
	schemas, err := c.Schemas(ctx, live, desired)
	if err != nil {
		return diff.Plan{}, err
	}
	return diff.Compute(live, desired, diff.Options{Instance: "main", Schemas: schemas})
}

// leased applies a plan while it holds the lease, as gwsync does; if others have held it since Kong was read, it compares again.
func leased(ctx context.Context, c *Client, plan diff.Plan, desired kong.State, o sync.Options) error {
	info, err := c.Info(ctx)
	if err != nil {
		return err
	}
	if !info.Database || !sync.Writes(plan, o) {
		_, err := sync.Apply(ctx, c, plan, o)
		return err
	}
	lease, err := sync.TakeLease(ctx, c, plan.Live(), sync.LeaseOptions{Instance: "main", Holder: "test", Timeout: time.Hour})
	if err != nil {
		return err
	}
	defer lease.Release(ctx)
	if lease.Changed() {
		if plan, err = compared(lease.Context(), c, desired); err != nil {
			return err
		}
	}
	_, err = sync.Apply(lease.Context(), lease.Target(), plan, o)
	return err
}

// tapped is a network that tells of each request before it goes its way, which an error keeps it from, and after it was answered.
type tapped struct {
	next   http.RoundTripper
	before func(*http.Request) error
	after  func(*http.Request)
}

func (n tapped) RoundTrip(req *http.Request) (*http.Response, error) {
	if n.before != nil {
		if err := n.before(req); err != nil {
			return nil, err
		}
	}
	resp, err := n.next.RoundTrip(req)
	if n.after != nil {
		n.after(req)
	}
	return resp, err
}

func isOfLease(req *http.Request) bool { return strings.HasPrefix(req.URL.Path, "/key-sets") }

func isWrite(req *http.Request) bool {
	return req.Method != http.MethodGet && !strings.HasSuffix(req.URL.Path, "/validate")
}

func leasesIn(k *sandbox.Kong) diff.Leases {
	s, _ := k.State()
	return diff.LeasesOf(s, "main")
}

func oneService(t *testing.T, host string) kong.State {
	return newState(t, ours(t, kong.Services, "s", map[string]any{"host": host}))
}

// TestLeaseCostsTwoRequests counts what a lease costs an apply, the first one and others, and one that has nothing to write.
func TestLeaseCostsTwoRequests(t *testing.T) {
	k := sandbox.New(sandbox.Config{})
	for i, host := range []string{"a", "b", "c", "c"} {
		var lines []string
		network := tapped{next: inProcess{k.Admin()}, before: func(req *http.Request) error {
			if isOfLease(req) {
				lines = append(lines, req.Method)
			}
			return nil
		}}
		if _, err := run(t.Context(), oneByOne{network, make(chan struct{}, 1)}, oneService(t, host), 0); err != nil {
			t.Fatal(err)
		}
		want := [][]string{{"GET", "PUT", "PUT"}, {"GET", "PUT", "DELETE"}, {"GET", "PUT", "DELETE"}, {"GET"}}[i]
		if d := cmp.Diff(want, lines); d != "" {
			t.Errorf("apply %d, requests for leases: %s", i, d)
		}
		if l := leasesIn(k); l.Held() || l.Last.Number != min(i+1, 3) {
			t.Errorf("apply %d: left %+v", i, l)
		}
	}
}

// TestAppliesInterleaved has another apply, with another goal, begin at each request of one, and go on for as long as it can. In the end
// Kong holds what the one or the other wants and never a mixture; and the route that is guarded in both is never without.
func TestAppliesInterleaved(t *testing.T) {
	w := worlds(t)["database"]
	box := w.boot(t)
	mustRun(t, inProcess{box.Admin()}, w.first)
	start, _ := box.State()
	guardless := w.first.Where(func(e kong.Entity) bool { return e.Kind() != kong.Plugins || e.Name() == "key-auth" })
	goals := []kong.State{w.second, guardless}
	var ends [][]string
	for _, goal := range goals {
		mustRun(t, inProcess{box.Admin()}, goal)
		ends = append(ends, held(box))
	}
	for at, total := 0, 1; at < total; at++ {
		if err := box.Load(start); err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			var both gosync.WaitGroup
			seen := func(req *http.Request) {
				if isWrite(req) && isOpen(box) {
					t.Errorf("the other at request %d: the route is open without its guard", at)
				}
			}
			other := func() {
				if err := attempt(t.Context(), tapped{next: inProcess{box.Admin()}, after: seen}, goals[1], sync.Rollback); err != nil {
					t.Errorf("the other at request %d: %v", at, err)
				}
			}
			n := 0
			one := tapped{next: inProcess{box.Admin()}, after: seen, before: func(*http.Request) error {
				if n++; n-1 == at {
					both.Go(other)
					time.Sleep(time.Millisecond) // while it does all that it can
				}
				return nil
			}}
			if err := attempt(t.Context(), oneByOne{one, make(chan struct{}, 1)}, goals[0], sync.Rollback); err != nil {
				t.Errorf("the other at request %d: %v", at, err)
			}
			both.Wait()
			total = n
		})
		if got := held(box); !slices.ContainsFunc(ends, func(end []string) bool { return slices.Equal(end, got) }) {
			t.Errorf("the other at request %d: a mixture: %s", at, cmp.Diff(ends[0], got))
		}
	}
}

// isOpen reports whether the route r can match and has no key-auth.
func isOpen(box *sandbox.Kong) bool {
	s, _ := box.State()
	route, ok := s.Find(kong.Routes, "r")
	service, _ := s.Find(kong.Services, "s")
	if enabled, set := service.Field("enabled"); !ok || set && enabled == false || route.HasTag("gwsync-parked") {
		return false
	}
	for p := range s.Of(kong.Plugins) {
		if to, ok := p.Ref("route"); ok && to.ID == route.ID() && p.Name() == "key-auth" {
			return false
		}
	}
	return true
}

// TestLeaseOfOneThatIsSlow has an apply take minutes, as --qps may have it: who waits goes on waiting, since it is alive.
func TestLeaseOfOneThatIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := sandbox.New(sandbox.Config{})
		c, err := New(Config{Transport: inProcess{k.Admin()}, QPS: 0.05, Parallelism: 1})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		slow := make(chan time.Duration, 1)
		plan, err := compared(t.Context(), c, oneService(t, "slow"))
		if err != nil {
			t.Fatal(err)
		}
		comparing := time.Since(began)
		go func() {
			if err := leased(t.Context(), c, plan, kong.State{}, sync.Options{}); err != nil {
				t.Error(err)
			}
			slow <- time.Since(began)
		}()
		time.Sleep(time.Second)
		if !leasesIn(k).Held() {
			t.Fatal("nobody holds the lease")
		}
		if err := attempt(t.Context(), inProcess{k.Admin()}, oneService(t, "other"), sync.Stop); err != nil {
			t.Fatal(err)
		}
		took := <-slow
		if waited := time.Since(began); waited < took || took-comparing < time.Minute {
			t.Errorf("the slow one took %s, who waited for it had done after %s", took-comparing, waited-comparing)
		}
		if now, _ := k.State(); !strings.Contains(fmt.Sprint(lines(now)), "other") {
			t.Errorf("kong holds %v", lines(now))
		}
	})
}

// TestLeaseOfOneThatWasKilled has the next apply wait for as long as a lease lasts, and no longer, and say for whom.
func TestLeaseOfOneThatWasKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := sandbox.New(sandbox.Config{})
		var killed atomic.Bool
		network := tapped{next: inProcess{k.Admin()}, before: func(req *http.Request) error {
			if isWrite(req) && !isOfLease(req) {
				killed.Store(true)
			}
			if killed.Load() {
				return errKilled
			}
			return nil
		}}
		if _, err := run(t.Context(), network, oneService(t, "killed"), -1); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		c, plan := prepared(t, k, oneService(t, "next"))
		o := sync.LeaseOptions{Instance: "main", Holder: "next"}
		_, err := sync.TakeLease(t.Context(), c, plan.Live(), o)
		var waits *sync.LeaseError
		if !errors.As(err, &waits) || waits.Holder != "test" || waits.Since == "" || !strings.Contains(waits.Hint(), "--lock-timeout") {
			t.Errorf("without waiting: %v", err)
		}
		var said []string
		o.Timeout, o.Waiting = time.Minute, func(l diff.Lease, d time.Duration) { said = append(said, fmt.Sprint(l.Holder, " ", d)) }
		began := time.Now()
		lease, err := sync.TakeLease(t.Context(), c, plan.Live(), o)
		if err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d < 45*time.Second || d > 50*time.Second || !lease.Changed() {
			t.Errorf("after %s, changed: %v", d, lease.Changed())
		}
		if d := cmp.Diff([]string{"test 45s"}, said); d != "" {
			t.Error(d)
		}
		lease.Release(t.Context())
		if leasesIn(k).Held() {
			t.Error("it was not given back")
		}
	})
}

// TestLeaseThatIsLost cuts the one who has the lease off from renewing it, as a process that is stopped for a while is: it writes nothing
// more by the time that somebody else may begin.
func TestLeaseThatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := sandbox.New(sandbox.Config{})
		var taken atomic.Bool
		var last atomic.Pointer[time.Time]
		network := tapped{next: inProcess{k.Admin()}, before: func(req *http.Request) error {
			switch {
			case isWrite(req) && isOfLease(req):
				if taken.Swap(true) {
					return errReset
				}
			case isWrite(req):
				now := time.Now()
				last.Store(&now)
				time.Sleep(4 * time.Second)
			}
			return nil
		}}
		var all []kong.Entity
		for i := range 40 {
			all = append(all, ours(t, kong.Services, fmt.Sprint("s", i), map[string]any{"host": "h"}))
		}
		began := time.Now()
		err := attempt(t.Context(), network, newState(t, all...), sync.Rollback)
		var partial *sync.PartialError
		var lost *sync.LeaseError
		if !errors.As(err, &partial) || !errors.As(err, &lost) || !lost.Lost {
			t.Errorf("got %v", err)
		}
		if d := last.Load().Sub(began); d > 41*time.Second || d < 20*time.Second {
			t.Errorf("the last write began after %s", d)
		}
		if err := attempt(t.Context(), inProcess{k.Admin()}, newState(t, all...), sync.Stop); err != nil {
			t.Errorf("the next one: %v", err)
		}
	})
}

// TestLeaseLostBetweenTries has a process stop, as with its computer, while a write is under way that fails: when the process goes on,
// another apply may have written the same entity, and the write is not tried again.
func TestLeaseLostBetweenTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := sandbox.New(sandbox.Config{})
		var taken atomic.Bool
		var tries atomic.Int32
		network := tapped{next: inProcess{k.Admin()}, before: func(req *http.Request) error {
			switch {
			case isWrite(req) && isOfLease(req):
				if taken.Swap(true) {
					return errReset
				}
			case isWrite(req):
				tries.Add(1)
				time.Sleep(time.Minute)
				return errReset
			}
			return nil
		}}
		c, err := New(Config{Transport: network})
		if err != nil {
			t.Fatal(err)
		}
		_, plan := prepared(t, k, oneService(t, "h"))
		lease, err := sync.TakeLease(t.Context(), c, plan.Live(), sync.LeaseOptions{Instance: "main", Holder: "stopped"})
		if err != nil {
			t.Fatal(err)
		}
		defer lease.Release(t.Context())
		for w := range plan.Writes() {
			var lost *sync.LeaseError
			if err := lease.Target().Write(t.Context(), w); !errors.As(err, &lost) || !lost.Lost || lost.Refused() {
				t.Errorf("got %v", err)
			}
		}
		if n := tries.Load(); n != 1 {
			t.Errorf("written %d times", n)
		}
	})
}

// TestLeaseAfterAnother has nobody write from what was read before another apply was there and gone, even if that changed nothing which the
// later one is about to write.
func TestLeaseAfterAnother(t *testing.T) {
	k := sandbox.New(sandbox.Config{})
	c, plan := prepared(t, k, oneService(t, "a"))
	mustRun(t, inProcess{k.Admin()}, newState(t, ours(t, kong.Services, "other", map[string]any{"host": "h"})))
	lease, err := sync.TakeLease(t.Context(), c, plan.Live(), sync.LeaseOptions{Instance: "main", Holder: "later"})
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Release(t.Context())
	if !lease.Changed() {
		t.Error("the other one was not noticed")
	}
}

// TestLeaseIsGivenBackUnused by an apply that writes nothing after all, so that another one that has looked before need not look again.
func TestLeaseIsGivenBackUnused(t *testing.T) {
	k := sandbox.New(sandbox.Config{})
	mustRun(t, inProcess{k.Admin()}, oneService(t, "a"))
	before, _ := k.State()
	c, plan := prepared(t, k, oneService(t, "b"))
	lease, err := sync.TakeLease(t.Context(), c, plan.Live(), sync.LeaseOptions{Instance: "main", Holder: "x"})
	if err != nil {
		t.Fatal(err)
	}
	lease.Release(t.Context())
	if now, _ := k.State(); now.Digest() != before.Digest() || lease.Context().Err() == nil {
		t.Errorf("left %+v", leasesIn(k))
	}
}

// TestLeaseThatCannotBeTaken: a token that may not write key sets, and a name that is somebody else's. Nothing is written.
func TestLeaseThatCannotBeTaken(t *testing.T) {
	k := sandbox.New(sandbox.Config{})
	forbidding := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !isOfLease(req) || !isWrite(req) {
			k.Admin().ServeHTTP(w, req)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"message":"you do not have permissions to create"}`)
	})
	_, err := run(t.Context(), inProcess{forbidding}, oneService(t, "h"), 0)
	if err == nil || !strings.Contains(err.Error(), "nothing was written: the lease of instance main cannot be taken") ||
		!strings.Contains(err.Error(), "403") || len(held(k)) > 0 {
		t.Errorf("got %v", err)
	}

	theirs := declare(t, kong.KeySets, "gwsync-lease.main.1", nil, "")
	c, plan := prepared(t, k, oneService(t, "h"))
	if err := k.Load(newState(t, theirs)); err != nil {
		t.Fatal(err)
	}
	_, err = sync.TakeLease(t.Context(), c, plan.Live(), sync.LeaseOptions{Instance: "main", Holder: "x", Timeout: time.Hour})
	var conflict *sync.ConflictError
	if !errors.As(err, &conflict) || conflict.Conflicts[0].Reason != diff.LeaseTaken {
		t.Errorf("got %v", err)
	}
	if now, _ := k.State(); now.Len() != 1 {
		t.Errorf("kong holds %v", now)
	}
	if _, plan = prepared(t, k, oneService(t, "h")); len(plan.Conflicts()) != 1 || plan.Conflicts()[0].Reason != diff.LeaseTaken {
		t.Errorf("got conflicts %v", plan.Conflicts())
	}
}
