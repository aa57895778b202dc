package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/admin"
)

func newRollback(p process) *cobra.Command {
	r := rollback{process: p}
	cmd := &cobra.Command{
		Use:   "rollback --journal FILE",
		Short: "Bring back what an apply with --journal has changed",
		Long: `Restore what Kong held before an apply with --journal, whether that apply was killed, stopped half-way or succeeded.
Entities that it did not write are left alone. Routes are closed and opened in the same order and with the same waits as by apply.

A journal holds no secrets. An entity with secrets can be restored while Kong still holds them. What cannot be restored is listed and left
as it is, with exit code 3; it has to come from the manifests. To go back for good, revert the commit and apply.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return stopped(cmd.Context(), r.run(cmd.Context())) },
	}
	r.kong.add(cmd.Flags())
	r.lock.add(cmd.Flags())
	cmd.Flags().StringVar(&r.file, "journal", "", "`FILE` that apply --journal has written")
	cmd.Flags().BoolVarP(&r.yes, "yes", "y", false, "do not ask")
	return cmd
}

// rollback is one run of the verb.
type rollback struct {
	process
	kong kongFlags
	lock lock
	file string
	yes  bool
}

func (r *rollback) run(ctx context.Context) error {
	if r.file == "" {
		return usageError{errors.New("--journal is missing"), "give it the file that apply --journal has written"}
	}
	j, err := sync.ReadJournal(r.file)
	if err != nil {
		return err
	}
	if here := report.Address(r.kong.name()); here != j.Target {
		return codedError{exitRefused, sync.WithHint(fmt.Errorf("the journal is of Kong %s, not of %s: nothing was written", j.Target, here),
			"give --kong-addr, --workspace and the like as they were given to apply")}
	}
	owned := func(upstream kong.Entity) bool { return diff.Owned(upstream, j.Instance) }
	return r.kong.with(ctx, "", owned, func(c *admin.Client) error { return r.back(ctx, c, j) })
}

// back goes back to what the journal holds.
func (r *rollback) back(ctx context.Context, c *admin.Client, j sync.Journal) error {
	plan, lost, err := r.plan(ctx, c, j)
	if err != nil {
		return err
	}
	if len(plan.Conflicts()) > 0 {
		return codedError{exitRefused, &sync.ConflictError{Conflicts: plan.Conflicts()}}
	}
	for _, e := range lost {
		fmt.Fprintln(r.stderr, "cannot be brought back, for its secrets are in no journal: "+diag.PrintableLines(e.String()))
	}
	if err := r.apply(ctx, c, j, plan); err != nil {
		return err
	}
	if len(lost) > 0 {
		return codedError{exitPartial, sync.WithHint(fmt.Errorf("%s could not be brought back", plural(len(lost), "entity")),
			"revert the commit, and apply the manifests, which have the secrets")}
	}
	j.State = sync.JournalRolledBack
	_, err = j.Write(r.file)
	return err
}

func (r *rollback) plan(ctx context.Context, c *admin.Client, j sync.Journal) (diff.Plan, []kong.Entity, error) {
	before, err := j.Before()
	if err != nil {
		return diff.Plan{}, nil, err
	}
	live, err := c.Read(ctx)
	if err != nil {
		return diff.Plan{}, nil, err
	}
	schemas, err := c.Schemas(ctx, live, before)
	if err != nil {
		return diff.Plan{}, nil, err
	}
	return j.Plan(live, schemas)
}

// apply shows the plan, asks, and carries it out.
func (r *rollback) apply(ctx context.Context, c *admin.Client, j sync.Journal, plan diff.Plan) error {
	if plan.Empty() {
		_, err := fmt.Fprintln(r.stdout, "Nothing to roll back: Kong holds what the journal does.")
		return err
	}
	shown := report.Report{Command: "rollback", Target: r.kong.name(), Instance: j.Instance, Plan: plan}
	if err := report.Text(r.stdout, shown, report.TextOptions{}); err != nil {
		return err
	}
	if r.interactive && !r.yes {
		if err := r.confirmed(ctx, c.Address()); err != nil {
			return err
		}
	}
	return r.write(ctx, c, j, plan)
}

// write carries out the plan while no apply of the instance writes. If one has written meanwhile, the plan must still be the same.
func (r *rollback) write(ctx context.Context, c *admin.Client, j sync.Journal, plan diff.Plan) error {
	approval, err := diff.Approve(plan)
	if err != nil {
		return err
	}
	progress := newProgress(r.process, false)
	defer progress.end()
	return r.lock.hold(ctx, c, j.Instance, plan.Live(), progress, func(held context.Context, t sync.Target, changed bool) error {
		if changed {
			if plan, _, err = r.plan(held, c, j); err != nil {
				return err
			}
			if err := sameAs(approval, plan); err != nil {
				return err
			}
		}
		o := sync.Options{Parallelism: r.kong.parallelism, Observe: progress.observe}
		if j.Base != "" {
			if o.Record, err = diff.Record(plan.Live(), j.Instance, j.Base); err != nil {
				return err
			}
		}
		result, err := sync.Apply(held, t, plan, o)
		if err == nil {
			_, err = fmt.Fprintf(r.stdout, "Rolled back: %s.\n", plural(len(result.Done), "change"))
		}
		return err
	})
}
