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

// settleLook is how often an apply looks whether the Kong's workers hear of something, and deaf how long they may hear nothing of what was
// written.
const (
	settleLook = 500 * time.Millisecond
	deaf       = 2 * time.Minute
)

// settle waits for the Kong to take up a step and what was written in it, for d at least; 0 and less is not at all.
func (a *applier) settle(ctx context.Context, step string, writes []diff.Write, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	say := func() { a.Observe(Event{Step: step, Done: len(writes), Total: len(writes), Wait: d}) }
	say()
	if !a.tells {
		return sleep(ctx, d)
	}
	news := hearing{heard: a.target.Heard, since: time.Now()}
	if last, ok := a.lastGuard(writes); ok {
		if err := news.look(ctx); err != nil {
			return err
		}
		news.awaited = true
		err := a.again(ctx, last)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		}
		news.since = time.Now()
	}
	for said := time.Now(); ; {
		if err := news.look(ctx); err != nil {
			return err
		}
		left := d - time.Since(news.since)
		if left <= 0 && !news.awaited {
			return nil
		}
		if time.Since(said) > d {
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
	// since is when that was last seen to change, or could not be seen.
	since time.Time
	// awaited says that it has to change.
	awaited bool
	// failing is since when it cannot be seen; zero if it can.
	failing time.Time
}

// look looks once. The error says that the workers seem to hear nothing any more.
func (h *hearing) look(ctx context.Context) error {
	mark, err := h.heard(ctx)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		if h.failing.IsZero() {
			h.failing = time.Now()
		}
		if h.since = time.Now(); time.Since(h.failing) > deaf {
			return err
		}
		return nil
	case mark != h.mark:
		h.mark, h.since, h.awaited = mark, time.Now(), false
	case h.awaited && time.Since(h.since) > deaf:
		return errors.New("kong's workers have not heard of the last write for " + deaf.String() + ": they may still serve what was there before")
	}
	h.failing = time.Time{}
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
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%s %s again, to see when kong's workers hear of it: %w", w.Op, describe(w.Entity), err)
	}
	return nil
}
