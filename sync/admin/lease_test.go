package admin

import (
	"context"
	"time"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
)

// compared returns the plan that brings what Kong holds now to what is desired.
func compared(ctx context.Context, c *Client, desired kong.State) (diff.Plan, error) {
	live, err := c.Read(ctx)
	if err != nil {
		return diff.Plan{}, err
	}
	schemas, err := c.Schemas(ctx, live, desired)
	if err != nil {
		return diff.Plan{}, err
	}
	return diff.Compute(live, desired, diff.Options{Instance: "main", Schemas: schemas})
}

// leased applies a plan while it holds the lease, as gwsync does; if others have held it since Kong was read, it compares again.
func leased(ctx context.Context, c *Client, plan diff.Plan, desired kong.State, o sync.Options) error {
	info, err := c.Info(ctx)
	if err != nil {
		return err
	}
	if !info.Database || !sync.Writes(plan, o) {
		_, err := sync.Apply(ctx, c, plan, o)
		return err
	}
	lease, err := sync.TakeLease(ctx, c, plan.Live(), sync.LeaseOptions{Instance: "main", Holder: "test", Timeout: time.Hour})
	if err != nil {
		return err
	}
	defer lease.Release(ctx)
	if lease.Changed() {
		if plan, err = compared(lease.Context(), c, desired); err != nil {
			return err
		}
	}
	_, err = sync.Apply(lease.Context(), lease.Target(), plan, o)
	return err
}
