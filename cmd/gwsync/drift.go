package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/admin"
)

func newDrift(p process) *cobra.Command {
	var f compareFlags
	var blame blameFlag
	cmd := &cobra.Command{
		Use:   "drift [FILE|DIR ...]",
		Short: "Show what was changed in Kong by another hand",
		Long: `Show what was changed in Kong by another hand since the last apply, and exit with 2 if anything was. What has changed in git since
is pending, and no drift: to tell the two apart takes manifests from a git repository (--repo), and a Kong that remembers the commit
that was applied last. Where either is missing all differences are shown, and it says so.`,
		Args: manifestArguments,
		RunE: f.reporting(p, func(ctx context.Context, source sync.Source, c *admin.Client) error {
			proposal, err := f.compare(ctx, p, source, c, blame, report.Report{Command: "drift", Drift: true})
			if err == nil && drifted(proposal) {
				return codedError{code: exitChanges}
			}
			return err
		}),
	}
	f.add(cmd.Flags())
	blame.add(cmd.Flags())
	return cmd
}

// drifted reports whether another hand has changed what is ours, or may have.
func drifted(p sync.Proposal) bool {
	causes, known := p.Plan.Causes()
	if !known {
		return !p.Plan.Empty()
	}
	return causes.Drift+causes.Contested > 0
}
