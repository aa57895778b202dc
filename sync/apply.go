package sync

import (
	"context"
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
	// Writes is the number of requests that wrote.
	Writes int
}

// Apply carries out a plan on the Kong that it was made for. See the package comment for what it promises.
//
// The error is a *[PartialError] if anything was written or may have been, and then wraps the cause. If the context ended,
// errors.Is(err, context.Cause(ctx)) holds.
func Apply(ctx context.Context, t Target, p diff.Plan, o Options) (Result, error) {
	if c := p.Conflicts(); len(c) > 0 {
		return Result{Skipped: p.Changes()}, &ConflictError{Conflicts: c}
	}
	a := newApplier(t, p, o)
	if p.Empty() && !a.forgotten() {
		return a.result(), nil
	}
	info, err := t.Info(ctx)
	if err != nil {
		return a.result(), err
	}
	if !info.Database {
		return a.finish(a.load(ctx))
	}
	if err := a.validate(ctx); err != nil {
		return a.result(), err
	}
	if a.Settle == 0 {
		a.Settle = info.Settle
	}
	err = a.phases(ctx)
	if err == nil {
		err = a.remember(ctx)
	}
	return a.finish(err)
}
