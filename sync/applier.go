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
	// tells says that the Kong tells what its workers have heard of; nil until it was asked.
	tells *bool
	// unheard is how many writes were made since the workers had caught up.
	unheard int

	// mu guards what follows, and progress.
	mu     sync.Mutex
	writes int
	// unknown is set when a write failed and nobody knows whether the Kong made it.
	unknown bool
	errs    []error
	// written is what was written of each entity last, zero for a delete; touched are those that it is sure of, or that may have been
	// written all the same.
	written map[kong.Key]kong.Entity
	touched map[kong.Key]bool
	// groups are those of the plan's changes, and failing those of which a write failed; nil unless an apply goes on then.
	groups  []int
	failing map[int]bool
}

// progress is how far one change came.
type progress struct {
	todo   int
	failed bool
	undone bool
}

func newApplier(t Target, p diff.Plan, o Options) *applier {
	if o.Parallelism <= 0 {
		o.Parallelism = DefaultParallelism
	}
	if o.Observe == nil {
		o.Observe = func(Event) {}
	}
	if o.Before == nil {
		o.Before = func() error { return nil }
	}
	a := &applier{Options: o, target: t, plan: p, changes: make([]progress, len(p.Changes())),
		written: map[kong.Key]kong.Entity{}, touched: map[kong.Key]bool{}, failing: map[int]bool{}}
	if o.OnError == Continue {
		a.groups = p.Groups()
	}
	for w := range p.Writes() {
		a.changes[w.Change].todo++
	}
	return a
}

// phases carries out the plan's phases until one fails or the context ends.
func (a *applier) phases(ctx context.Context) error {
	if a.plan.Guarded() && a.Settle > 0 {
		if err := a.settle(ctx, "settle", nil, min(a.Settle, a.target.Settling())); err != nil {
			return err
		}
	}
	phases := a.plan.Phases()
	for i, phase := range phases {
		err := a.execute(ctx, phase)
		switch {
		case err != nil:
			return errors.Join(append(a.errs, err)...)
		case ctx.Err() != nil:
			return errors.Join(append(a.errs, context.Cause(ctx))...)
		case len(a.errs) > 0 && a.OnError != Continue:
			return errors.Join(a.errs...)
		case !phase.Settle || i == len(phases)-1:
			continue
		}
		if err := a.pause(ctx, phase, phases[i+1:]); err != nil {
			return err
		}
	}
	return errors.Join(a.errs...)
}

// pause waits for the Kong to take up a phase, and sees whether all that comes next is as it should be.
func (a *applier) pause(ctx context.Context, phase diff.Phase, next []diff.Phase) error {
	if err := a.settle(ctx, phase.Name, phase.Writes, a.Settle); err != nil {
		return err
	}
	err := a.fresh(ctx, next)
	if stale := (*StaleError)(nil); a.OnError == Continue && errors.As(err, &stale) {
		a.fail(err, stale.Changed)
		return nil
	}
	return err
}

// record notes the outcome of a write. The caller holds a.mu.
func (a *applier) record(w diff.Write, err error) {
	key := w.Entity.Key()
	a.touched[key] = a.touched[key] || !refused(err)
	if err == nil {
		a.writes++
		a.changes[w.Change].todo--
		if a.written[key] = w.Entity; w.Op == diff.Delete {
			a.written[key] = kong.Entity{}
		}
		return
	}
	a.unknown = a.unknown || !refused(err)
	a.fault(w.Change)
	a.errs = append(a.errs, fmt.Errorf("%s %s: %w", w.Op, describe(w.Entity), err))
}

// fault notes that a change failed, and with it its group.
func (a *applier) fault(change int) {
	a.changes[change].failed = true
	if a.groups != nil {
		a.failing[a.groups[change]] = true
	}
}

// fail notes that nothing is to be written of some entities, and why.
func (a *applier) fail(err error, entities []kong.Entity) {
	a.errs = append(a.errs, err)
	failed := map[kong.Key]bool{}
	for _, e := range entities {
		failed[e.Key()] = true
	}
	for w := range a.plan.Writes() {
		if failed[w.Entity.Key()] {
			a.fault(w.Change)
		}
	}
}

// reject notes what the Kong refuses, and returns an error if that leaves nothing to write.
func (a *applier) reject(rejected *RejectedError) error {
	var entities []kong.Entity
	for _, r := range rejected.Rejections {
		entities = append(entities, r.Entity)
	}
	a.fail(rejected, entities)
	for w := range a.plan.Writes() {
		if !a.isHeldUp(w) {
			return nil
		}
	}
	return rejected
}

// isHeldUp reports whether a write is not to be made since another failed. The caller holds a.mu, or nothing is under way.
func (a *applier) isHeldUp(w diff.Write) bool {
	if a.groups == nil {
		return len(a.errs) > 0
	}
	return a.failing[a.groups[w.Change]]
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
	if a.forgotten(a.plan) {
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
	if changed := between(a.plan.Live(), live); len(changed) > 0 {
		return unwritten(&StaleError{Changed: changed})
	}
	whole, err := a.whole()
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := a.Before(); err != nil {
		return err
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
	if refused(err) {
		return unwritten(err)
	}
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
		case p.undone:
			r.RolledBack = append(r.RolledBack, c)
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
