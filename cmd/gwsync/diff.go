package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/admin"
)

// compareFlags are those of the verbs that compare manifests with a Kong.
type compareFlags struct {
	from   sourceFlags
	how    renderFlags
	kong   kongFlags
	own    ownFlags
	output string
	color  colorMode
	// printed says that stdout has its document.
	printed bool
	// graph says that the verb asks what the manifests bind, beside what they come to.
	graph bool
}

func (f *compareFlags) add(flags *pflag.FlagSet) {
	f.from.add(flags)
	f.how.add(flags)
	f.kong.add(flags)
	f.own.add(flags)
	outputFlag(flags, &f.output, "text", "json", "markdown")
	f.color = "auto"
	flags.Var(&f.color, "color", "colour the text: auto, always or never")
}

func newDiff(p process) *cobra.Command {
	var f compareFlags
	var blame blameFlag
	var exitCode bool
	cmd := &cobra.Command{
		Use:     "diff [FILE|DIR ...]",
		Aliases: []string{"plan"},
		Short:   "Show what apply would change in Kong",
		Long: `Show what apply would change in Kong: each entity with the fields that differ, and the file and line that it comes from. Only
entities that this instance owns are compared; others are never touched.`,
		Args: manifestArguments,
		RunE: f.reporting(p, func(ctx context.Context, source sync.Source, c *admin.Client) error {
			proposal, err := f.compare(ctx, p, source, c, blame, report.Report{Command: "diff"})
			if emptied(proposal) {
				fmt.Fprintln(p.stderr, "the manifests come to nothing: apply refuses that without --allow-empty. Is it the right --path?")
			}
			if err == nil && exitCode && !proposal.Plan.Empty() {
				return codedError{code: exitChanges}
			}
			return err
		}),
	}
	f.add(cmd.Flags())
	blame.add(cmd.Flags())
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "exit with 2 if there are changes")
	return cmd
}

// whole reports whether the document on stdout is all that is read, findings and errors included, rather than stderr beside it.
func (f *compareFlags) whole() bool { return f.output != "text" }

// reporting returns a verb that calls do with what the flags name. Who asked for a whole document gets one of what fails before do
// printed one, too.
func (f *compareFlags) reporting(
	p process, do func(context.Context, sync.Source, *admin.Client) error,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		source, err := f.from.source(cmd.Flags(), p)
		if err == nil {
			err = f.how.unmixed(cmd.Flags())
		}
		if err == nil {
			err = f.kong.with(ctx, f.how.flavor, targetsOf(f.own.options(f.how.instance)), func(c *admin.Client) error { return do(ctx, source, c) })
		}
		if err = stopped(ctx, err); err == nil || !f.whole() || f.printed {
			return err
		}
		return errors.Join(err, f.print(p, report.Report{Command: cmd.Name(), Target: f.kong.name(), Err: err}))
	}
}

// compare works out what to change and presents it in r, with whom to blame.
func (f *compareFlags) compare(
	ctx context.Context, p process, source sync.Source, c *admin.Client, blame blameFlag, r report.Report,
) (sync.Proposal, error) {
	if err := blame.check(source); err != nil {
		return sync.Proposal{}, err
	}
	proposal, err := f.propose(ctx, source, c)
	if err != nil {
		return sync.Proposal{}, err
	}
	if r.Blames, err = blame.blames(ctx, source, proposal); err != nil {
		return sync.Proposal{}, err
	}
	return proposal, f.present(p, proposal, r)
}

// propose works out what to change.
func (f *compareFlags) propose(ctx context.Context, source sync.Source, c *admin.Client) (sync.Proposal, error) {
	o, err := f.how.options()
	if err != nil {
		return sync.Proposal{}, err
	}
	o.Lean = !f.graph
	proposal, err := sync.Propose(ctx, source, c, f.own.options(f.how.instance), o)
	if err != nil {
		return sync.Proposal{}, err
	}
	if want := kong.Flavor(f.how.flavor); want != "" && want != proposal.Info.Flavor {
		return sync.Proposal{}, fmt.Errorf("--router-flavor is %s, but the Kong's router_flavor is %s", want, proposal.Info.Flavor)
	}
	return proposal, nil
}

// check prints what there is to say about the manifests. Its error says why nothing must be applied.
func (f *compareFlags) check(w io.Writer, proposal sync.Proposal) error {
	if err := showFindings(w, proposal.Rendered); err != nil {
		return err
	}
	if conflicts := proposal.Plan.Conflicts(); len(conflicts) > 0 {
		return codedError{exitRefused, &sync.ConflictError{Conflicts: conflicts}}
	}
	return nil
}

// present says what there is to say about the manifests, and prints the report. Its error is that of check.
func (f *compareFlags) present(p process, proposal sync.Proposal, r report.Report) error {
	err := f.check(p.stderr, proposal)
	var conflict *sync.ConflictError
	if err != nil && !f.whole() && !errors.As(err, &conflict) {
		return err
	}
	return errors.Join(err, f.print(p, f.report(r, proposal, err)))
}

// report returns r with all that a verb has to report of a proposal.
func (f *compareFlags) report(r report.Report, proposal sync.Proposal, err error) report.Report {
	r.Target, r.Instance, r.Err = f.kong.name(), f.how.instance, err
	r.Revision, r.Plan, r.Findings = proposal.Revision, proposal.Plan, proposal.Rendered.Findings
	r.Base, r.NoBase = proposal.Base, proposal.NoBase
	return r
}

// print prints a report in the format that was asked for.
func (f *compareFlags) print(p process, r report.Report) error {
	f.printed = true
	switch f.output {
	case "json":
		return report.JSON(p.stdout, r)
	case "markdown":
		return report.Markdown(p.stdout, r)
	}
	return report.Text(p.stdout, r, report.TextOptions{Color: f.color.on(p.stdout, p.getenv)})
}
