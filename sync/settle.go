package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// Kong's workers take up what was written one event after the other, each with writes of its own to the database, while they serve
// requests: after thousands of writes they may be behind by far more than the periods in kong.conf say, and begin to build routes anew with
// some that were opened long after what guards them. So an apply does not only wait as long as Kong says. It makes the last write of a
// phase once more, on as many connections as it has, and waits until that is heard of, and nothing else has been for that long.

// Events wait for a worker in a queue, and Kong drops those that no longer fit: of 80,000 writes in a row, a real one dropped tens of
// thousands, so that a worker may not hear of the last ones at all. So an apply stops every few thousand writes until the workers have
// caught up.
//
// Source: Kong 3.9.3, kong/global.lua, init_worker_events: the queue has 51,200 places, and kong/runloop/events.lua: a write takes
// about five.

const (
	// settleLook is how often an apply looks whether the Kong's workers hear of something.
	settleLook = 500 * time.Millisecond
	// settleSay is how often it says that it waits, at most.
	settleSay = 10 * time.Second
	// settleAgain is how often a write is made again of which the workers have not heard, for Kong may have dropped its events.
	settleAgain = 30 * time.Second
	// unseen is how long Kong may fail to tell, and deaf how long its workers may be behind without a sign.
	unseen = 2 * time.Minute
	deaf   = 10 * time.Minute
	// batch is how many writes may be made before the workers have to catch up, and caughtUp how long they then hear of nothing else.
	batch    = 8000
	caughtUp = time.Second
)

// settle waits for the Kong to take up a step and what was written in it, for d at least; 0 and less is not at all.
func (a *applier) settle(ctx context.Context, step string, writes []diff.Write, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	say := func() { a.Observe(Event{Step: step, Done: len(writes), Total: len(writes), Wait: d}) }
	say()
	if !a.listens(ctx) {
		return sleep(ctx, d)
	}
	return a.hear(ctx, writes, d, say)
}

// catchUp waits until the Kong's workers have caught up with the first writes of a phase, if it tells.
func (a *applier) catchUp(ctx context.Context, phase diff.Phase, made int) error {
	if !a.listens(ctx) {
		a.unheard = 0
		return nil
	}
	say := func() { a.Observe(Event{Step: phase.Name, Done: made, Total: len(phase.Writes), Wait: caughtUp}) }
	return a.hear(ctx, phase.Writes, caughtUp, say)
}

// listens reports whether the Kong tells what its workers have heard of, and asks it once.
func (a *applier) listens(ctx context.Context) bool {
	if a.tells == nil {
		_, err := a.target.Heard(ctx)
		tells := err == nil
		a.tells = &tells
	}
	return *a.tells
}

// hear waits until the Kong's workers have heard of the last of some writes that there is a sign of, and then of nothing else for d.
func (a *applier) hear(ctx context.Context, writes []diff.Write, d time.Duration, say func()) error {
	news := hearing{heard: a.target.Heard, since: time.Now(), sign: time.Now()}
	if err := news.look(ctx); err != nil {
		return err
	}
	last, ok := a.lastGuard(writes)
	var made time.Time
	for said := time.Now(); ; {
		if ok && (made.IsZero() || news.awaited && news.mark != "" && time.Since(made) > settleAgain) {
			if err := a.again(ctx, last); err != nil {
				return err
			}
			made = time.Now()
			if !news.awaited {
				news.awaited, news.since = true, made
			}
		}
		if err := news.look(ctx); err != nil {
			return err
		}
		left := d - time.Since(news.since)
		if left <= 0 && !news.awaited {
			a.unheard = 0
			return nil
		}
		if time.Since(said) > max(d, settleSay) {
			say()
			said = time.Now()
		}
		if err := sleep(ctx, min(max(left, settleLook/10), settleLook)); err != nil {
			return err
		}
	}
}

// hearing is what is known of what a Kong's workers have heard of.
type hearing struct {
	heard func(context.Context) (string, error)
	mark  string
	// since is when they were last seen to be behind, or could not be seen, and sign when that last changed.
	since, sign time.Time
	// awaited says that the mark has to change.
	awaited bool
	// failing is since when it cannot be seen; zero if it can.
	failing time.Time
}

// look looks once. The error says that the workers seem to hear nothing any more.
func (h *hearing) look(ctx context.Context) error {
	mark, err := h.heard(ctx)
	now := time.Now()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		if h.failing.IsZero() {
			h.failing = now
		}
		if h.since = now; now.Sub(h.failing) > unseen {
			return err
		}
		return nil
	case mark != h.mark:
		h.mark, h.since, h.sign, h.awaited = mark, now, now, false
	case mark == "":
		h.since = now
	}
	h.failing = time.Time{}
	if (h.awaited || mark == "") && now.Sub(h.sign) > deaf {
		return errors.New("kong's workers have not heard of the last write for " + deaf.String() + ": they may still serve what was there before")
	}
	return nil
}

// lastGuard returns the last write that was made of those that change what the workers build anew, and can be made again without a change.
func (a *applier) lastGuard(writes []diff.Write) (diff.Write, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := len(writes) - 1; i >= 0; i-- {
		switch k := writes[i].Entity.Kind(); {
		case writes[i].Op == diff.Delete || a.isHeldUp(writes[i]) || a.written[writes[i].Entity.Key()].IsZero():
		case k == kong.Plugins || k == kong.Routes || k == kong.Services:
			return writes[i], true
		}
	}
	return diff.Write{}, false
}

// again makes a write as often as there are connections at a time, so that it comes behind everything that was written on each of them.
func (a *applier) again(ctx context.Context, w diff.Write) error {
	finishing, cancel := lingering(ctx)
	defer cancel()
	made := make(chan error, a.Parallelism)
	for range a.Parallelism {
		go func() { made <- a.target.Write(finishing, w) }()
	}
	var errs []error
	for range a.Parallelism {
		errs = append(errs, <-made)
	}
	err := errors.Join(errs...)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("%s %s again, to see when kong's workers hear of it: %w", w.Op, describe(w.Entity), err)
	}
	return nil
}
