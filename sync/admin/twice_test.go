package admin

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// prepared is an apply that has looked at the Kong and is about to begin.
func prepared(t *testing.T, box *sandbox.Kong, desired kong.State) (*Client, diff.Plan) {
	t.Helper()
	c, err := New(Config{Transport: inProcess{box.Admin()}, Targets: func(u kong.Entity) bool { return diff.Owned(u, "main") }})
	if err != nil {
		t.Fatal(err)
	}
	live, err := c.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := c.Schemas(t.Context(), live, desired)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := diff.Compute(live, desired, diff.Options{Instance: "main", Schemas: schemas})
	if err != nil {
		t.Fatal(err)
	}
	return c, plan
}

// TestTheLaterOfTwoAppliesNotices: decK's manual says that two runs at once may corrupt Kong's configuration. Here the one that comes later
// finds that what it is about to change is not what it has looked at, and writes nothing, even where it holds no lease.
func TestTheLaterOfTwoAppliesNotices(t *testing.T) {
	for name, w := range worlds(t) {
		t.Run(name, func(t *testing.T) {
			box := w.boot(t)
			mustRun(t, inProcess{box.Admin()}, w.first)
			later, plan := prepared(t, box, kong.State{})
			mustRun(t, inProcess{box.Admin()}, w.second)
			before := held(box)
			_, err := sync.Apply(t.Context(), later, plan, sync.Options{Settle: -1, OnError: sync.Rollback})
			if stale := (*sync.StaleError)(nil); !errors.As(err, &stale) {
				t.Errorf("got %v", err)
			}
			if d := cmp.Diff(before, held(box)); d != "" {
				t.Errorf("something was written: %s", d)
			}
		})
	}
}
