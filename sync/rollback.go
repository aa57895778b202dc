package sync

import (
	"context"
	"fmt"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

// rollback undoes what was written before an apply failed, and returns its result and error.
func (a *applier) rollback(ctx context.Context, cause error) (Result, error) {
	undo, lost, err := a.undoing(ctx)
	if err != nil {
		return a.stuck(cause, err)
	}
	back := newApplier(a.target, undo, a.Options)
	back.Observe = func(e Event) {
		e.Undo = true
		a.Observe(e)
	}
	back.OnError = Stop
	err = back.phases(ctx)
	a.writes += back.writes
	a.undone(back.result(), undo)
	if err == nil && len(lost) > 0 {
		err = &LostError{Entities: lost}
	}
	if err != nil {
		return a.stuck(cause, err)
	}
	r := a.result()
	return r, &RolledBackError{Result: r, Err: cause}
}

// stuck returns the result and error of an apply that neither went through nor could be undone.
func (a *applier) stuck(cause, undo error) (Result, error) {
	r := a.result()
	return r, &PartialError{Result: r, Err: cause, Undo: undo}
}

// undoing reads what the Kong holds now and returns the plan back, with what that cannot bring back.
func (a *applier) undoing(ctx context.Context) (diff.Plan, []kong.Entity, error) {
	now, err := a.target.Read(ctx)
	if err != nil {
		return diff.Plan{}, nil, err
	}
	schemas, err := a.target.Schemas(ctx, now, a.plan.Live())
	if err != nil {
		return diff.Plan{}, nil, err
	}
	undo, lost, err := a.plan.Undo(now, func(k kong.Key) bool { return a.touched[k] }, schemas)
	if err == nil && len(undo.Conflicts()) > 0 {
		err = &ConflictError{Conflicts: undo.Conflicts()}
	}
	return undo, lost, err
}

// undone notes which changes are undone: those of which nothing is left to undo.
func (a *applier) undone(r Result, undo diff.Plan) {
	left := map[kong.Key]bool{}
	for _, c := range undo.Changes() {
		left[c.Entity().Key()] = true
	}
	for _, c := range r.Done {
		delete(left, c.Entity().Key())
	}
	for i, c := range a.plan.Changes() {
		key := c.Entity().Key()
		a.changes[i].undone = a.touched[key] && !left[key]
	}
}

// RolledBackError says that an apply failed and that all that it had written was undone: the Kong holds what it did before.
type RolledBackError struct {
	Result Result
	// Err is why the apply failed.
	Err error
}

// Error says so, and why.
func (e *RolledBackError) Error() string {
	return fmt.Sprintf("rolled back, kong is as it was before: %s", e.Err)
}

// Unwrap returns why the apply failed.
func (e *RolledBackError) Unwrap() error { return e.Err }

// Hint returns what to do about it.
func (e *RolledBackError) Hint() string {
	return diag.HintOf(e.Err)
}

// LostError says that entities cannot be brought back, since the Kong keeps only a digest of what is secret in them.
type LostError struct {
	// Entities are never empty.
	Entities []kong.Entity
}

// Error names them.
func (e *LostError) Error() string {
	return "kong keeps no password that could be put back: " + enumerate(e.Entities)
}

// Hint returns what to do about it.
func (e *LostError) Hint() string { return "apply the manifests, which have the passwords" }
