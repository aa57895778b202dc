package sync

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// A lease that has stayed as it is for leaseTerm is given up by whoever had it. That one renews it every leaseRenewal, and believes to have
// it for leaseTrust: so long that the requests under way then are over before somebody else begins. All of this is measured by each one's
// own clock, for how long something takes: what time it is elsewhere does not matter.
const (
	leaseTerm    = 45 * time.Second
	leaseRenewal = 10 * time.Second
	leaseTrust   = leaseTerm - grace - 5*time.Second
	// leaseLook is how often somebody who waits looks at it.
	leaseLook = 2 * time.Second
)

// DefaultLockTimeout is how long to wait for a lease where nobody says so: longer than it takes until one that was killed is taken to have
// given up its own.
const DefaultLockTimeout = time.Minute

// LeaseOptions say for whom a lease is, and how long to wait for it.
type LeaseOptions struct {
	Instance string
	// Holder names to others who has it; no secret.
	Holder string
	// Timeout is how long to wait for somebody else who has it; 0 means not at all.
	Timeout time.Duration
	// Waiting is told whose lease is waited for, each time that it becomes another one's, and the longest that this may take if that one was
	// killed; nil for nobody.
	Waiting func(of diff.Lease, atMost time.Duration)
}

// Lease is the right to write what is an instance's, which nobody else has at the same time; see [diff.Lease]. It is renewed until it is
// released.
type Lease struct {
	LeaseOptions
	target Target
	taken  diff.Lease
	older  []kong.Entity // what it is given back by
	// changed says that others have had it since the Kong was read.
	changed bool

	ctx    context.Context //nolint:containedctx // it is what the lease is: the time in which to write
	lose   context.CancelCauseFunc
	ending chan struct{} // closed when it is renewed no more

	mu      sync.Mutex
	renewed time.Time // when the last renewal began
	used    bool
}

// TakeLease takes the lease of an instance of a Kong with a database, as it was when live was read. It waits for whoever has it. The error
// is a *[LeaseError] if that takes too long. Nothing was written then.
func TakeLease(ctx context.Context, t Target, live kong.State, o LeaseOptions) (*Lease, error) {
	if o.Waiting == nil {
		o.Waiting = func(diff.Lease, time.Duration) {}
	}
	l := &Lease{LeaseOptions: o, target: t, ending: make(chan struct{})}
	if err := l.take(ctx, diff.LeasesOf(live, o.Instance)); err != nil {
		return nil, unwritten(err)
	}
	l.ctx, l.lose = context.WithCancelCause(ctx)
	go l.keep()
	return l, nil
}

// Context returns the context for what is done with the lease. It ends with that of [TakeLease], when the lease is released, and, with a
// *[LeaseError] as its cause, when Kong has not let it be renewed for so long that somebody else may take it.
func (l *Lease) Context() context.Context { return l.ctx }

// Changed reports whether others have had the lease since the Kong was read: what was read then may be true no more.
func (l *Lease) Changed() bool { return l.changed }

// Target returns the Kong for whoever has the lease: it makes no write when that may be over. The context says so, too, but not at once to
// a process that was stopped for a while.
func (l *Lease) Target() Target { return leased{l.target, l} }

type leased struct {
	Target
	lease *Lease
}

// Write implements [Target].
func (t leased) Write(ctx context.Context, w diff.Write) error {
	if !t.lease.trusted() {
		return &LeaseError{Lost: true}
	}
	t.lease.mu.Lock()
	t.lease.used = true
	t.lease.mu.Unlock()
	return t.Target.Write(trusting{ctx, t.lease}, w)
}

// trusting is the context of a write. It has an error as soon as the lease cannot be trusted in any more, so that a write which failed, or
// waits for its turn, is not made then, however long the process was stopped in between. What is on its way may arrive.
type trusting struct {
	context.Context //nolint:containedctx // it is one
	lease           *Lease
}

// Err implements [context.Context].
func (t trusting) Err() error {
	if err := t.Context.Err(); err != nil || t.lease.trusted() {
		return err
	}
	return &LeaseError{Lost: true, begun: true}
}

// take creates the next lease after those that are there, when nobody has it.
func (l *Lease) take(ctx context.Context, there diff.Leases) error {
	deadline := time.Now().Add(l.Timeout)
	refusals, free := 0, !there.Held()
	for {
		if free {
			refusal := l.create(ctx, there)
			if !refused(refusal) {
				return refusal
			}
			now, err := l.look(ctx)
			if err != nil {
				return err
			}
			if refusals++; alikeLeases(now, there) && refusals == 3 {
				return fmt.Errorf("the lease of instance %s cannot be taken: %w", l.Instance, refusal) // and nobody has it
			}
		}
		var err error
		if there, err = l.await(ctx, deadline); err != nil {
			return err
		}
		free, l.changed = true, true
	}
}

// create creates the lease. An error that is no refusal leaves unknown whether it is there.
func (l *Lease) create(ctx context.Context, there diff.Leases) error {
	l.taken = diff.Lease{ID: newUUID(), Number: there.Last.Number + 1, Holder: l.Holder, Since: clockTime(time.Now())}
	l.older = slices.Clone(there.Older)
	if !there.Entity.IsZero() {
		l.older = append(l.older, there.Entity)
	}
	err := l.renew(ctx)
	if err == nil && !l.trusted() {
		err = errors.New("kong answers too slowly for a lease that has to be renewed every " + leaseRenewal.String())
	}
	if err != nil && !refused(err) {
		l.write(ctx, diff.Delete, l.taken)
	}
	return err
}

// await waits until nobody has the lease, or who has it does not seem to be alive any more.
func (l *Lease) await(ctx context.Context, deadline time.Time) (diff.Leases, error) {
	var seen diff.Leases
	var since time.Time
	for {
		now, err := l.look(ctx)
		switch {
		case err != nil || !now.Held():
			return now, err
		case !alikeLeases(now, seen):
			if now.Last.ID != seen.Last.ID && time.Now().Before(deadline) {
				l.Waiting(now.Last, leaseTerm)
			}
			seen, since = now, time.Now()
		case time.Since(since) >= leaseTerm:
			return now, nil
		}
		left := time.Until(deadline)
		if left <= 0 {
			return now, &LeaseError{Instance: l.Instance, Holder: now.Last.Holder, Since: now.Last.Since}
		}
		if err := sleep(ctx, min(left, leaseLook)); err != nil {
			return now, err
		}
	}
}

// look returns the leases that are there now.
func (l *Lease) look(ctx context.Context) (diff.Leases, error) {
	state, err := l.target.Leases(ctx)
	if err != nil {
		return diff.Leases{}, err
	}
	now := diff.LeasesOf(state, l.Instance)
	if !now.Foreign.IsZero() {
		return now, &ConflictError{Conflicts: []diff.Conflict{{Entity: now.Foreign, Foreign: now.Foreign, Reason: diff.LeaseTaken}}}
	}
	return now, nil
}

func alikeLeases(a, b diff.Leases) bool {
	return a.Entity.Equal(b.Entity) && len(a.Older) == len(b.Older)
}

// keep renews the lease until it is released, or cannot be renewed for too long.
func (l *Lease) keep() {
	defer close(l.ending)
	for pause := leaseRenewal; sleep(l.ctx, min(pause, l.left())) == nil; {
		if !l.trusted() {
			l.lose(&LeaseError{Lost: true})
			return
		}
		pause = leaseRenewal
		ctx, cancel := context.WithTimeout(l.ctx, min(leaseRenewal, l.left()))
		if err := l.renew(ctx); err != nil {
			pause = time.Second
		}
		cancel()
	}
}

// renew creates the lease, or says that whoever has it is alive.
func (l *Lease) renew(ctx context.Context) error {
	began := time.Now()
	l.taken.Until = clockTime(began.Add(leaseTerm))
	e, err := l.taken.Entity(l.Instance)
	if err == nil {
		err = l.target.WriteLease(ctx, diff.Write{Op: diff.Create, Entity: e})
	}
	if err == nil {
		l.mu.Lock()
		l.renewed = began
		l.mu.Unlock()
	}
	return err
}

// left returns how long the lease can be trusted in. A computer that slept has both of its clocks asked: only the one that tells what time
// it is went on meanwhile.
func (l *Lease) left() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	return leaseTrust - max(now.Sub(l.renewed), now.Round(0).Sub(l.renewed.Round(0)))
}

func (l *Lease) trusted() bool { return l.left() > 0 }

// Release gives the lease back; one that was never used so that nobody sees that it was taken. That it cannot be given back is no error:
// others wait for it, and then take it all the same.
func (l *Lease) Release(ctx context.Context) {
	l.lose(nil)
	<-l.ending
	switch {
	case !l.trusted(): // it may be somebody else's turn
	case !l.used && !l.changed:
		l.write(ctx, diff.Delete, l.taken)
	case len(l.older) == 0:
		l.write(ctx, diff.Create, diff.Lease{ID: l.taken.ID, Number: l.taken.Number})
	default:
		for _, e := range l.older {
			l.end(ctx, diff.Write{Op: diff.Delete, Entity: e})
		}
	}
}

func (l *Lease) write(ctx context.Context, op diff.Op, lease diff.Lease) {
	if e, err := lease.Entity(l.Instance); err == nil {
		l.end(ctx, diff.Write{Op: op, Entity: e})
	}
}

// end makes a last write, for which there is a little time even if the context has ended.
func (l *Lease) end(ctx context.Context, w diff.Write) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	_ = l.target.WriteLease(ctx, w)
}

// newUUID returns a random UUID, version 4.
func newUUID() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // it never fails
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

func clockTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// LeaseError says that another apply of the instance writes, or may: only one does at a time.
type LeaseError struct {
	// Instance is whose lease it is, and Holder who has it, Since when by the holder's clock; "" where that is not known.
	Instance, Holder, Since string
	// Lost says that this one had the lease, and does not know whether somebody else has it now.
	Lost bool
	// begun says that it was lost in a write, which may have been made.
	begun bool
}

// Error says so.
func (e *LeaseError) Error() string {
	if e.Lost {
		return "kong has not answered for so long that another apply of this instance may have begun"
	}
	return fmt.Sprintf("another apply of instance %s is under way, or was killed: that of %s, since %s", e.Instance, e.Holder, e.Since)
}

// Refused reports whether what was to be written was not, for certain.
func (e *LeaseError) Refused() bool { return !e.begun }

// Hint returns what to do about it.
func (e *LeaseError) Hint() string {
	if e.Lost {
		return compareAgain
	}
	return "wait until it has ended, or longer for it, with --lock-timeout; after one that was killed, " + leaseTerm.String() + " are enough"
}
