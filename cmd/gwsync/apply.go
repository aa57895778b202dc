package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/admin"
)

const applyHelp = `Change Kong to what the manifests say. Nothing is written if the manifests have errors, if Kong refuses an entity, or if
entities of somebody else are in the way. Entities that this instance does not own are never written. If there are no manifests, as
with a wrong --path, apply does not delete all that the instance owns, unless --allow-empty is given.

With --repo, apply records the commit in Kong, on a disabled service gwsync.INSTANCE. diff and drift can then tell what changed in git
from what was changed in Kong by hand, and apply refuses to go back to an older commit, unless --allow-older is given.

On a terminal, apply shows the changes and asks; elsewhere, as in a pipeline, it applies them. For an approval in between, save the
changes with "gwsync diff -o json > plan.json" and apply with --plan plan.json: apply compares again, and if the changes are not exactly
those of the file, writes nothing and exits with 5. If all of them have been made already, it exits with 0. The file is never executed,
and holds no secrets: it says that a secret changes, but not to what.

Before it writes, apply reads again what it is about to change. If a write fails all the same, --on-error decides: rollback undoes what
was written (exit code 1), stop leaves it (exit code 3), and continue writes everything that does not depend on the failed write (exit
code 3). In each case no route is open without its plugins at any moment, and the next apply continues from what Kong then holds. An
interrupted apply stops.

Only one apply of an instance writes at a time. It holds a lease, a key set gwsync-lease.INSTANCE.NUMBER in Kong that serves nothing.
Others wait for it up to --lock-timeout and compare again; if they waited in vain, they exit with 5 and have written nothing. If the
holder was killed, they take over after 45 seconds.

With --verify, apply then runs the routing tests (see "gwsync help test") through the proxy at --proxy, and fails if a test fails.`

func newApply(p process) *cobra.Command {
	var f compareFlags
	var yes, allowEmpty, allowOlder, verify, quiet bool
	var most limit
	var tests testSource
	var settle settling
	var lock lock
	var plan, journal string
	onError := sync.Rollback
	cmd := &cobra.Command{
		Use:     "apply [FILE|DIR ...]",
		Aliases: []string{"sync"},
		Short:   "Change Kong to what the manifests say",
		Long:    applyHelp,
		Args:    manifestArguments,
		RunE: f.reporting(p, func(ctx context.Context, source sync.Source, c *admin.Client) error {
			a := applier{compareFlags: &f, process: p, source: source, ask: !yes && p.interactive && plan == "", settle: settle, lock: lock,
				plan: plan, journal: journal, onError: onError, allowEmpty: allowEmpty, allowOlder: allowOlder, most: most,
				progress: newProgress(p, quiet)}
			if f.graph = verify; verify {
				var err error
				if a.verifier, err = newVerifier(ctx, tests, source, p.stdin); err != nil {
					return err
				}
			}
			return a.apply(ctx, c)
		}),
	}
	f.add(cmd.Flags())
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "do not say on stderr how the apply gets on")
	cmd.Flags().BoolVar(&verify, "verify", false, "run the routing tests on --proxy afterwards")
	tests.add(cmd.Flags())
	cmd.Flags().BoolVar(&allowEmpty, "allow-empty", false, "delete all that this instance owns if the manifests come to nothing")
	cmd.Flags().Var(&most, "max-deletes", "refuse to delete more than `N` entities, or N% of those that this instance owns")
	cmd.Flags().StringVar(&plan, "plan", "", "`FILE` with the output of gwsync diff -o json: apply these changes and no others")
	cmd.Flags().StringVar(&journal, "journal", "",
		"`FILE` to keep in what was there before, without secrets, so that gwsync rollback can bring it back")
	cmd.Flags().Var(&onError, "on-error",
		"`ACTION` when a write fails: rollback what was written, stop, or continue with what does not depend on it")
	cmd.Flags().BoolVar(&allowOlder, "allow-older", false, "go back behind the commit that was applied last")
	lock.add(cmd.Flags())
	cmd.Flags().Var(&settle, "settle",
		"`DURATION` to wait for Kong's workers where guarded routes change, once they have heard of everything\n"+
			"that was written; auto is what Kong's configuration says; with 0, routes may be served for moments\n"+
			"without their plugins")
	return cmd
}

// applier is one run of apply.
type applier struct {
	*compareFlags
	process
	source     sync.Source
	ask        bool
	settle     settling
	lock       lock
	plan       string
	journal    string
	onError    sync.OnError
	allowEmpty bool
	allowOlder bool
	most       limit
	verifier   *verifier // nil for nothing to verify
	progress   *progress

	// approval is what may be written, nil for anything: that of the file plan, or of who was asked.
	approval *diff.Approval
	// said is what was said about the manifests, and shown whether the changes were.
	said  string
	shown bool
}

func (a *applier) apply(ctx context.Context, c *admin.Client) error {
	if err := a.readApproval(); err != nil {
		return err
	}
	proposal, err := a.propose(ctx, a.source, c)
	if err != nil {
		return err
	}
	err = a.accept(proposal)
	if err == nil && a.ask && !proposal.Plan.Empty() {
		proposal, err = a.confirm(ctx, c, proposal)
	}
	var result sync.Result
	if err == nil {
		proposal, result, err = a.write(ctx, c, proposal)
	}
	if err == nil && a.verifier != nil {
		err = a.verify(ctx, proposal, result)
	}
	return a.finish(proposal, result, stopped(ctx, err))
}

// accept returns an error if what is proposed must not be written, and says what there is to say about the manifests, once.
func (a *applier) accept(proposal sync.Proposal) error {
	var said strings.Builder
	err := a.check(&said, proposal)
	if said.String() != a.said {
		a.said = said.String()
		fmt.Fprint(a.stderr, a.said)
	}
	if err != nil {
		return unwritten(err)
	}
	return a.allowed(proposal)
}

// allowed returns an error if the changes are not those that were approved, or too many.
func (a *applier) allowed(proposal sync.Proposal) error {
	if err := cmp.Or(a.approved(proposal), a.guard(proposal)); err != nil {
		return cmp.Or(a.show(proposal), err)
	}
	return nil
}

// write carries out what is proposed, if it is anything, while no other apply of the instance writes. Where another one has written
// meanwhile, it proposes again.
func (a *applier) write(ctx context.Context, c *admin.Client, proposal sync.Proposal) (sync.Proposal, sync.Result, error) {
	o, err := a.options(proposal)
	if err != nil || !sync.Writes(proposal.Plan, o) {
		return proposal, sync.Result{}, cmp.Or(err, a.show(proposal))
	}
	var result sync.Result
	live := proposal.Plan.Live()
	err = a.lock.hold(ctx, c, a.how.instance, live, a.progress, func(held context.Context, t sync.Target, changed bool) error {
		if changed {
			again, err := a.propose(held, a.source, c)
			if err != nil {
				return err
			}
			proposal = again
			if err := a.accept(proposal); err != nil {
				return err
			}
			if o, err = a.options(proposal); err != nil {
				return err
			}
		}
		if err := a.show(proposal); err != nil {
			return err
		}
		closeJournal, err := a.keepJournal(proposal, &o)
		if err != nil {
			return err
		}
		quietly := context.AfterFunc(ctx, a.progress.interrupted)
		result, err = sync.Apply(held, t, proposal.Plan, o)
		quietly()
		a.progress.end()
		return closeJournal(err)
	})
	return proposal, result, err
}

// options returns how to carry out what is proposed.
func (a *applier) options(proposal sync.Proposal) (o sync.Options, err error) {
	o = sync.Options{Parallelism: a.kong.parallelism, Settle: a.settle.option(), Observe: a.progress.observe, OnError: a.onError}
	if proposal.Revision != "" {
		o.Record, err = diff.Record(proposal.Plan.Live(), a.how.instance, proposal.Revision)
	}
	return o, err
}

// unwritten adds to an error before the first write that nothing was written: on a line of its own to one of several lines.
func unwritten(err error) error {
	if strings.Contains(err.Error(), "\n") {
		return fmt.Errorf("%w\nnothing was written", err)
	}
	return fmt.Errorf("%w: nothing was written", err)
}

// verify runs the routing tests. That they fail is an error after the writes, if there were any.
func (a *applier) verify(ctx context.Context, proposal sync.Proposal, result sync.Result) error {
	o, err := a.how.options()
	if err != nil {
		return err
	}
	o.Target = proposal.Info.Target(o.Target)
	err = a.verifier.run(ctx, a.stderr, proposal.Rendered, o.Target, a.settle.of(proposal.Info.Settle))
	if err != nil && len(result.Done) > 0 {
		return codedError{exitPartial, err}
	}
	return err
}

// guard refuses to go back to an older commit, to delete more than is allowed, and to delete everything because there are no manifests.
func (a *applier) guard(proposal sync.Proposal) error {
	if proposal.Older && !a.allowOlder && !proposal.Plan.Empty() {
		return codedError{exitStale, sync.WithHint(
			fmt.Errorf("commit %s is older than %s, which was applied last: nothing was written", proposal.Revision, proposal.Base),
			"did an older pipeline finish late? If going back is meant: --allow-older")}
	}
	deletes := proposal.Plan.Counts().Delete
	if owned := a.owned(proposal.Plan); a.most.exceeded(deletes, owned) {
		return codedError{exitRefused, sync.WithHint(
			fmt.Errorf("%d of the %s that instance %s owns would be deleted, more than --max-deletes %s: nothing was written",
				deletes, plural(owned, "entity"), a.how.instance, a.most.String()),
			"look at what gwsync diff shows; if it is meant, raise --max-deletes")}
	}
	if a.allowEmpty || !emptied(proposal) {
		return nil
	}
	return codedError{exitRefused, sync.WithHint(
		fmt.Errorf("the manifests come to nothing, so that all that instance %s owns in Kong would be deleted: nothing was written",
			a.how.instance),
		"is it the right --path? If all is meant to go: --allow-empty")}
}

// emptied reports whether something would be deleted and nothing is left, as with a wrong --path.
func emptied(p sync.Proposal) bool { return p.Plan.Counts().Delete > 0 && p.Rendered.State.Len() == 0 }

// owned counts the entities in Kong that the instance owns.
func (a *applier) owned(p diff.Plan) int {
	n := 0
	for e := range p.Live().All() {
		if diff.Owned(e, a.how.instance) && !diff.Bookkeeping(e) {
			n++
		}
	}
	return n
}

// show shows the changes, once: where the document on stdout is for a program, to whoever is asked.
func (a *applier) show(proposal sync.Proposal) error {
	if a.shown {
		return nil
	}
	a.shown = true
	switch r := a.report(report.Report{Command: "apply"}, proposal, nil); {
	case a.output == "text":
		return a.print(a.process, r)
	case a.ask:
		return report.Text(a.stderr, r, report.TextOptions{Color: a.color.on(a.stderr, a.getenv)})
	}
	return nil
}

// finish reports how far the apply came, and returns err. If it cannot, that is an error after the writes.
func (a *applier) finish(proposal sync.Proposal, result sync.Result, err error) error {
	var printing error
	switch {
	case a.whole():
		r := a.report(report.Report{Command: "apply"}, proposal, err)
		r.Applied, r.Failed, r.Skipped, r.RolledBack = result.Done, result.Failed, result.Skipped, result.RolledBack
		printing = a.print(a.process, r)
	case err == nil && !proposal.Plan.Empty():
		_, printing = fmt.Fprintf(a.stdout, "Applied: %s.\n", plural(len(result.Done), "change"))
	}
	if printing != nil && len(result.Done) > 0 {
		printing = codedError{exitPartial, fmt.Errorf("%s applied, but cannot be reported: %w", plural(len(result.Done), "change"), printing)}
	}
	return errors.Join(err, printing)
}
