package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// DefaultParallelism is how many requests an apply makes at a time.
const DefaultParallelism = 10

// Options of [Apply].
type Options struct {
	// Parallelism is how many requests are made at a time; 0 means [DefaultParallelism].
	Parallelism int
	// Observe is told how the apply gets on, one event at a time; nil for nobody. It should be quick: writes wait for it.
	Observe func(Event)
	// Record is [diff.Record] of the commit that is applied, zero for none. It is written after everything else if there is anything
	// else to write, or if the Kong holds none: the record of a commit that changes nothing would be a write without need.
	Record kong.Entity
	// Settle replaces the time that the target says its writes need to take effect; 0 means no replacement, less than 0 no
	// waiting at all. With less than the Kong needs, a route may be served for moments without its plugins.
	Settle time.Duration
	// OnError says what to do when a write fails; "" means [Stop]. When the context ends, an apply stops whatever it says, and a Kong
	// without a database takes all or nothing.
	OnError OnError
	// Before is called right before the first write, with the Kong as the plan was made from; nil for nothing. Its error ends the apply.
	Before func() error
}

// Event is a step of an apply.
type Event struct {
	// Step is "validate", "settle", the name of a phase of the plan, or "load".
	Step string
	// Write is the write that was made; in the step "validate" its entity is what the Kong was asked about. Zero in "load", and
	// when Wait is set.
	Write diff.Write
	// Done of Total requests of this step were made.
	Done, Total int
	// Wait is how long the apply now waits for the Kong to take up the step, or in the step "settle" what a run before has
	// written.
	Wait time.Duration
	// Undo says that the step is one of rolling back.
	Undo bool
	// Err is why the request failed.
	Err error
}

// Result is how far an apply came. Each change of the plan is in one of the lists, in the plan's order.
type Result struct {
	// Done are the changes that were made in full.
	Done []diff.Change
	// Failed are those of which a write failed.
	Failed []diff.Change
	// Skipped are those that are left, some of them perhaps half made.
	Skipped []diff.Change
	// RolledBack are those that were made, in full or in part, and undone. Those of which a write failed are among them if nothing is
	// left of them.
	RolledBack []diff.Change
	// Writes is the number of requests that wrote.
	Writes int
}

// Apply carries out a plan on the Kong that it was made for. See the package comment for what it promises.
//
// The error is a *[PartialError] if anything was written or may have been, and a *[RolledBackError] if that was undone; both wrap the
// cause. If the context ended, errors.Is(err, context.Cause(ctx)) holds.
func Apply(ctx context.Context, t Target, p diff.Plan, o Options) (Result, error) {
	if c := p.Conflicts(); len(c) > 0 {
		return Result{Skipped: p.Changes()}, &ConflictError{Conflicts: c}
	}
	a := newApplier(t, p, o)
	if !Writes(p, o) {
		return a.result(), nil
	}
	info, err := t.Info(ctx)
	if err != nil {
		return a.result(), err
	}
	if !info.Database {
		return a.finish(a.load(ctx))
	}
	if a.Settle == 0 {
		a.Settle = info.Settle
	}
	if err := a.prepare(ctx); err != nil {
		return a.result(), err
	}
	err = a.phases(ctx)
	switch {
	case err == nil:
		err = a.remember(ctx)
	case a.OnError == Rollback && (a.writes > 0 || a.unknown) && ctx.Err() == nil:
		return a.rollback(ctx, err)
	}
	return a.finish(err)
}

// Writes reports whether [Apply] would write anything.
func Writes(p diff.Plan, o Options) bool { return !p.Empty() || o.forgotten(p) }

// forgotten reports whether there is a record to write and the Kong has none.
func (o Options) forgotten(p diff.Plan) bool {
	if o.Record.IsZero() {
		return false
	}
	_, ok := p.Live().Get(o.Record.Key())
	return !ok
}

// prepare does what comes before the first write. Its error says why there will be none.
func (a *applier) prepare(ctx context.Context) error {
	err := a.validate(ctx)
	if rejected := (*RejectedError)(nil); a.OnError == Continue && errors.As(err, &rejected) {
		err = a.reject(rejected)
	}
	if err == nil {
		err = a.fresh(ctx, a.plan.Phases())
	}
	if err != nil {
		return unwritten(err)
	}
	return a.Before()
}

// unwritten says of an error that nothing was written.
func unwritten(err error) error { return fmt.Errorf("nothing was written: %w", err) }
