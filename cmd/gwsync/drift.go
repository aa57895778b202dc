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
	var allowAttached bool
	cmd := &cobra.Command{
		Use:   "drift [FILE|DIR ...]",
		Short: "Show what was changed in Kong by another hand",
		Long: `Show what was changed in Kong by another hand since the last apply, and exit with 2 if anything was. Changes in git since then are
pending, not drift. Telling the two apart requires manifests from a git repository (--repo), and a Kong that remembers the commit applied
last; otherwise drift shows all differences and says so.

What others have attached to our entities is drift, too, though apply leaves it alone: a plugin on one of our routes, another route to
one of our services, a target, a credential. It is marked with an equals sign. What another instance of gwsync has attached does not
count.`,
		Args: manifestArguments,
		RunE: f.reporting(p, func(ctx context.Context, source sync.Source, c *admin.Client) error {
			proposal, err := f.compare(ctx, p, source, c, blame, report.Report{Command: "drift", Drift: true})
			if err == nil && (drifted(proposal) || !allowAttached && len(proposal.Plan.Attachments()) > 0) {
				return codedError{code: exitChanges}
			}
			return err
		}),
	}
	f.add(cmd.Flags())
	blame.add(cmd.Flags())
	cmd.Flags().BoolVar(&allowAttached, "allow-attached", false, "show what others have put on our entities, but do not count it as drift")
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
