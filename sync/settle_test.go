package sync

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// slowWorkers has the workers of a fake Kong hear of each write some time later.
func slowWorkers(f *fakeKong, late time.Duration) {
	var mu sync.Mutex
	var writes []time.Time
	f.fail = func(diff.Write) error {
		mu.Lock()
		defer mu.Unlock()
		writes = append(writes, time.Now())
		return nil
	}
	f.heard = func() string {
		mu.Lock()
		defer mu.Unlock()
		n := 0
		for _, at := range writes {
			if time.Since(at) > late {
				n++
			}
		}
		return fmt.Sprint(n)
	}
}

// A Kong whose workers are behind is waited for: a route is opened only when they have heard of its plugin, and then as long as Kong says.
func TestSettleWaitsForWorkersThatAreBehind(t *testing.T) {
	for _, late := range []time.Duration{time.Second, 100 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, true, kong.State{})
			slowWorkers(f, late)
			var guard time.Time
			opened := false
			_, err := Apply(t.Context(), f, compute(t, kong.State{}, state(t, guarded(t, "a")...)), Options{Parallelism: 3, Observe: func(e Event) {
				switch {
				case e.Write.Entity.Kind() == kong.Plugins && e.Step != "validate":
					guard = time.Now()
				case !guard.IsZero() && e.Wait == 0 && e.Write.Entity.Kind() == kong.Routes:
					opened = true
					if after := time.Since(guard); after < late+f.info.Settle {
						t.Errorf("opened %s after the plugin was written, with workers that are %s behind", after, late)
					}
				}
			}})
			if err != nil || !opened {
				t.Errorf("opened: %t, %v", opened, err)
			}
			again := 0
			for _, line := range f.writes() {
				if strings.Contains(line, "plugins") {
					again++
				}
			}
			if again < 4 {
				t.Errorf("the plugin was written %d times, want once, and once more on each of 3 connections", again)
			}
		})
	}
}

// Workers that do not hear of a write at all may serve what was there before: nothing is opened.
func TestSettleGivesUpOnDeafWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, true, kong.State{})
		f.heard = func() string { return "always the same" }
		_, err := Apply(t.Context(), f, compute(t, kong.State{}, state(t, guarded(t, "a")...)), Options{OnError: Rollback})
		if err == nil || !strings.Contains(err.Error(), "have not heard") {
			t.Errorf("got %v", err)
		}
	})
}

// With --on-error continue, what hangs together with a failure is not written once more: the workers would never hear of it.
func TestSettleAfterAFailure(t *testing.T) {
	for failing, other := range map[string]string{"a": "b", "b": "a"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, true, kong.State{})
			slowWorkers(f, -1) // at once
			note := f.fail
			f.fail = func(w diff.Write) error {
				if w.Entity.Key() == guarded(t, failing)[2].Key() {
					return errors.New("no")
				}
				return note(w)
			}
			desired := state(t, append(guarded(t, failing), guarded(t, other)...)...)
			_, err := Apply(t.Context(), f, compute(t, kong.State{}, desired), Options{OnError: Continue})
			if err == nil || strings.Contains(err.Error(), "have not heard") {
				t.Errorf("%s fails: got %v", failing, err)
			}
			if e, _ := f.held(t).Get(guarded(t, other)[2].Key()); e.IsZero() {
				t.Errorf("%s fails: %s is not there", failing, other)
			}
		})
	}
}

// busyWorkers has the workers of a fake Kong take some time for each write, one after the other. From the first that they have heard of,
// the mark is missing as long as they are behind. It returns how many writes they were behind at most.
func busyWorkers(f *fakeKong, each time.Duration) func() int {
	var mu sync.Mutex
	var first, free time.Time // when they hear of one, and when they have caught up
	writes, most := 0, 0
	f.fail = func(diff.Write) error {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); free.Before(now) {
			first, free = now.Add(each), now
		}
		free = free.Add(each)
		writes++
		most = max(most, int(time.Until(free)/each))
		return nil
	}
	f.heard = func() string {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case time.Until(first) > 0:
			return "before"
		case time.Until(free) > 0:
			return ""
		}
		return fmt.Sprint(writes)
	}
	return func() int { return most }
}

// While a worker has events before it, the version that they delete is missing all the time: that is not silence.
func TestSettleWaitsForAMissingMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, true, kong.State{})
		busyWorkers(f, time.Minute)
		var guard time.Time
		opened := false
		_, err := Apply(t.Context(), f, compute(t, kong.State{}, state(t, guarded(t, "a")...)), Options{Parallelism: 1, Observe: func(e Event) {
			switch {
			case e.Write.Entity.Kind() == kong.Plugins && e.Step != "validate":
				guard = time.Now()
			case !guard.IsZero() && e.Wait == 0 && e.Write.Entity.Kind() == kong.Routes:
				opened = true
				if after := time.Since(guard); after < 3*time.Minute+f.info.Settle { // service, plugin, and the plugin again
					t.Errorf("opened %s after the plugin was written", after)
				}
			}
		}})
		if err != nil || !opened {
			t.Errorf("opened: %t, %v", opened, err)
		}
	})
}

// Kong drops events when too many wait for a worker: thousands of writes wait for the workers now and then.
func TestWorkersAreNotLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, true, kong.State{})
		behind := busyWorkers(f, time.Second/20)
		_, err := Apply(t.Context(), f, compute(t, kong.State{}, state(t, services(t, batch+batch/4)...)), Options{Parallelism: 200})
		if err != nil {
			t.Fatal(err)
		}
		if most := behind(); most > batch+500 {
			t.Errorf("the workers were behind by %d writes", most)
		}
	})
}

// A Kong that drops the events of a write, as its queue is full, hears of it when it is made again.
func TestLostEventsAreRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, true, kong.State{})
		begin, heard := time.Now(), 0
		f.fail = func(diff.Write) error {
			if time.Since(begin) > time.Minute {
				heard++
			}
			return nil
		}
		f.heard = func() string { return fmt.Sprint("heard ", heard) }
		if _, err := Apply(t.Context(), f, compute(t, kong.State{}, state(t, guarded(t, "a")...)), Options{Parallelism: 1}); err != nil {
			t.Error(err)
		}
	})
}
