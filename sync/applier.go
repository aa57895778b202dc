package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// applier carries out one plan. Its options are complete: no zero stands for a default.
type applier struct {
	Options
	target  Target
	plan    diff.Plan
	changes []progress

	// mu guards what follows, and progress.
	mu     sync.Mutex
	writes int
	// unknown is set when a write failed and nobody knows whether the Kong made it.
	unknown bool
	errs    []error
}

// progress is how far one change came.
type progress struct {
	todo   int
	failed bool
}

func newApplier(t Target, p diff.Plan, o Options) *applier {
	if o.Parallelism <= 0 {
		o.Parallelism = DefaultParallelism
	}
	if o.Observe == nil {
		o.Observe = func(Event) {}
	}
	a := &applier{Options: o, target: t, plan: p, changes: make([]progress, len(p.Changes()))}
	for _, phase := range p.Phases() {
		for _, w := range phase.Writes {
			a.changes[w.Change].todo++
		}
	}
	return a
}

// phases carries out the plan's phases until one fails or the context ends.
func (a *applier) phases(ctx context.Context) error {
	if err := a.wait(ctx, "settle", 0, min(a.Settle, a.target.Settling())); err != nil {
		return err
	}
	phases := a.plan.Phases()
	for i, phase := range phases {
		a.execute(ctx, phase)
		switch {
		case len(a.errs) > 0:
			return errors.Join(a.errs...)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !phase.Settle || i == len(phases)-1:
			continue
		}
		if err := a.wait(ctx, phase.Name, len(phase.Writes), a.Settle); err != nil {
			return err
		}
	}
	return nil
}

// wait waits for the Kong to take up a step of so many writes.
func (a *applier) wait(ctx context.Context, step string, writes int, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	a.Observe(Event{Step: step, Done: writes, Total: writes, Wait: d})
	return sleep(ctx, d)
}

// record notes the outcome of a write. The caller holds a.mu.
func (a *applier) record(w diff.Write, err error) {
	if err == nil {
		a.writes++
		a.changes[w.Change].todo--
		return
	}
	a.changes[w.Change].failed = true
	a.unknown = a.unknown || !refused(err)
	a.errs = append(a.errs, fmt.Errorf("%s %s: %w", w.Op, describe(w.Entity), err))
}

// forgotten reports whether there is a record to write and the Kong has none.
func (a *applier) forgotten() bool {
	if a.Record.IsZero() {
		return false
	}
	_, ok := a.plan.Live().Get(a.Record.Key())
	return !ok
}

// remember writes the record.
func (a *applier) remember(ctx context.Context) error {
	if a.Record.IsZero() {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	w := diff.Write{Op: diff.Update, Entity: a.Record}
	if a.forgotten() {
		w.Op = diff.Create
	}
	finishing, cancel := lingering(ctx)
	defer cancel()
	err := a.target.Write(finishing, w)
	if err != nil {
		return fmt.Errorf("the changes were made, but kong does not remember the commit: %w", err)
	}
	a.writes++
	return nil
}

// load carries out the plan on a Kong without a database.
func (a *applier) load(ctx context.Context) error {
	live, err := a.target.Read(ctx)
	if err != nil {
		return err
	}
	if planned, found := a.plan.Live().Digest(), live.Digest(); planned != found {
		return &StaleError{Planned: planned, Found: found}
	}
	whole, err := a.whole()
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	finishing, cancel := lingering(ctx)
	defer cancel()
	err = a.target.Load(finishing, whole)
	for i := range a.changes {
		a.changes[i] = progress{failed: err != nil}
	}
	a.unknown = err != nil && !refused(err)
	if err == nil {
		a.writes = 1
	}
	a.Observe(Event{Step: "load", Done: 1, Total: 1, Err: err})
	return err
}

// whole returns all that a Kong without a database is to hold.
func (a *applier) whole() (kong.State, error) {
	after, err := a.plan.After()
	if err != nil || a.Record.IsZero() {
		return after, err
	}
	return kong.NewState(append(slices.Collect(after.All()), a.Record)...)
}

// finish returns the result and the error of an apply that ended with err.
func (a *applier) finish(err error) (Result, error) {
	r := a.result()
	if err != nil && (a.writes > 0 || a.unknown) {
		err = &PartialError{Result: r, Err: err}
	}
	return r, err
}

func (a *applier) result() Result {
	r := Result{Writes: a.writes}
	for i, c := range a.plan.Changes() {
		switch p := a.changes[i]; {
		case p.failed:
			r.Failed = append(r.Failed, c)
		case p.todo == 0:
			r.Done = append(r.Done, c)
		default:
			r.Skipped = append(r.Skipped, c)
		}
	}
	return r
}

// sleep waits for d, or until the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
