package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/gwsync/gwsync/diff"
)

// validate asks the Kong about every entity that would be written, and returns all that it refuses.
func (a *applier) validate(ctx context.Context) error {
	var writes []diff.Write
	for i, c := range a.plan.Changes() {
		if c.Op != diff.Delete {
			writes = append(writes, diff.Write{Op: c.Op, Entity: c.After, Change: i})
		}
	}
	rejected := &RejectedError{}
	done := 0
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(a.Parallelism)
	for _, w := range writes {
		group.Go(func() error {
			err := a.target.Validate(ctx, w.Entity)
			a.mu.Lock()
			defer a.mu.Unlock()
			done++
			a.Observe(Event{Step: "validate", Write: w, Done: done, Total: len(writes), Err: err})
			if r := (*RejectedError)(nil); errors.As(err, &r) {
				rejected.Rejections = append(rejected.Rejections, r.Rejections...)
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("nothing was written, for kong cannot be asked whether it takes the changes: %w", err)
	}
	if len(rejected.Rejections) == 0 {
		return nil
	}
	slices.SortFunc(rejected.Rejections, func(r, s Rejection) int { return r.Entity.Key().Compare(s.Entity.Key()) })
	return rejected
}
