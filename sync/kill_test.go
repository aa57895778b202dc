package sync

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

var errKilled = errors.New("killed")

// TestKilledAtAnyWriteTheNextRunConverges ends an apply at each of its writes, before and after it takes effect.
func TestKilledAtAnyWriteTheNextRunConverges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		theirs := foreign(t, kong.Services, "theirs")
		live := state(t, append(append(guarded(t, "gone"), guarded(t, "stays")...), theirs)...)
		changed := entity(t, kong.Services, "stays", map[string]any{"host": "elsewhere"})
		desired := state(t, append(append(guarded(t, "new"), changed), guarded(t, "stays")[1:]...)...)
		whole := newFake(t, true, live)
		if _, err := Apply(t.Context(), whole, compute(t, live, desired), Options{Settle: -1}); err != nil {
			t.Fatal(err)
		}
		total := len(whole.writes())
		if total < 7 {
			t.Fatalf("an undisturbed run makes %d writes", total)
		}
		for n := range total {
			for _, effect := range []bool{false, true} {
				f := newFake(t, true, live)
				var writes atomic.Int32
				f.fail = func(w diff.Write) error {
					if int(writes.Add(1)) <= n {
						return nil
					}
					if effect && int(writes.Load()) == n+1 {
						f.take(w)
					}
					return errKilled
				}
				_, err := Apply(t.Context(), f, compute(t, live, desired), Options{Settle: -1, Parallelism: 2})
				if !errors.Is(err, errKilled) {
					t.Fatalf("write %d: got %v", n, err)
				}
				f.fail = nil
				if _, err := Apply(t.Context(), f, compute(t, f.held(t), desired), Options{Settle: -1}); err != nil {
					t.Fatalf("after write %d: %v", n, err)
				}
				same(t, whole.held(t), f.held(t))
			}
		}
	})
}
