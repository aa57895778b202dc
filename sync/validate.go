package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/gwsync/gwsync/diff"
)

// validate asks the Kong whether it takes what would be written, and returns all that it refuses. Of entities that are alike it asks about
// one, and about the others only if that is refused.
func (a *applier) validate(ctx context.Context) error {
	seen := map[string]int{} // by what makes entities alike, the one that stands for all
	var first []int
	others := map[int][]int{}
	changes := a.plan.Changes()
	for i, c := range changes {
		if c.Op == diff.Delete {
			continue
		}
		kind := alike(c.After)
		one, ok := seen[kind]
		if ok {
			others[one] = append(others[one], i)
			continue
		}
		seen[kind] = i
		first = append(first, i)
	}
	rejected := &RejectedError{}
	refused, err := a.ask(ctx, first, rejected)
	if err == nil {
		var rest []int
		for _, i := range refused {
			rest = append(rest, others[i]...)
		}
		_, err = a.ask(ctx, rest, rejected)
	}
	if err != nil {
		return fmt.Errorf("kong cannot be asked whether it takes the changes: %w", err)
	}
	if len(rejected.Rejections) == 0 {
		return nil
	}
	slices.SortFunc(rejected.Rejections, func(r, s Rejection) int { return r.Entity.Key().Compare(s.Entity.Key()) })
	return rejected
}

// ask asks the Kong about some changes, by their index, adds what it refuses to rejected, and returns of which changes that was.
func (a *applier) ask(ctx context.Context, changes []int, rejected *RejectedError) (refused []int, err error) {
	done := 0
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(a.Parallelism)
	for _, i := range changes {
		group.Go(func() error {
			c := a.plan.Changes()[i]
			err := a.target.Validate(ctx, c.After)
			a.mu.Lock()
			defer a.mu.Unlock()
			done++
			a.Observe(Event{Step: "validate", Write: diff.Write{Op: c.Op, Entity: c.After, Change: i}, Done: done, Total: len(changes), Err: err})
			if r := (*RejectedError)(nil); errors.As(err, &r) {
				rejected.Rejections = append(rejected.Rejections, r.Rejections...)
				refused = append(refused, i)
				return nil
			}
			return err
		})
	}
	err = group.Wait()
	return refused, err
}
