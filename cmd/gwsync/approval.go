package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/admin"
)

// readApproval reads the file of --plan, if there is one, and returns an error if it approves something else than this apply can do.
func (a *applier) readApproval() error {
	if a.plan == "" {
		return nil
	}
	file, err := os.Open(a.plan)
	if err != nil {
		return err
	}
	defer file.Close()
	approval, err := diff.ReadApproval(file)
	if err != nil {
		return sync.WithHint(fmt.Errorf("--plan %s: %w", a.plan, err), "save one with: gwsync diff -o json > "+a.plan)
	}
	if here := report.Address(a.kong.name()); approval.Target != here && !a.kong.sandbox {
		return unapproved("the changes of Kong " + approval.Target + " were approved, not those of " + here)
	}
	if approval.Instance != a.how.instance {
		return unapproved("the changes of instance " + approval.Instance + " were approved, not those of " + a.how.instance)
	}
	a.approval = &approval
	return nil
}

// approved returns an error unless the changes are those that were approved, or none are left to be made, as when a pipeline runs again
// after it has made them.
func (a *applier) approved(proposal sync.Proposal) error {
	if a.approval == nil {
		return nil
	}
	if proposal.Plan.Empty() {
		_, err := fmt.Fprintln(a.stderr, "What was approved is there already: nothing is left to do.")
		return err
	}
	return sameAs(*a.approval, proposal.Plan)
}

// sameAs returns an error unless the plan is the one that was approved.
func sameAs(approval diff.Approval, p diff.Plan) error {
	differences, err := approval.Differences(p)
	if err != nil || len(differences) == 0 {
		return err
	}
	const most = 10
	if more := len(differences) - most; more > 0 {
		differences = append(differences[:most], fmt.Sprintf("and %d more", more))
	}
	return unapproved("the changes are not those that were approved:\n  " + strings.Join(differences, "\n  "))
}

func unapproved(reason string) error {
	return codedError{exitStale, sync.WithHint(errors.New(reason+"\nnothing was written"),
		"look at what gwsync diff shows now, and approve that")}
}

// confirm shows the changes and asks whether to go on, and returns the proposal as it is then: the changes must not have become others
// meanwhile.
func (a *applier) confirm(ctx context.Context, c *admin.Client, shown sync.Proposal) (sync.Proposal, error) {
	if err := a.show(shown); err != nil {
		return shown, err
	}
	if err := a.confirmed(ctx, c.Address()); err != nil {
		return shown, err
	}
	approval, err := diff.Approve(shown.Plan)
	if err != nil {
		return shown, err
	}
	a.approval = &approval
	again, err := a.propose(ctx, a.source, c)
	if err != nil {
		return shown, err
	}
	return again, a.allowed(again)
}

// confirmed asks whether to apply what was shown, and returns an error unless the answer is yes.
func (p process) confirmed(ctx context.Context, address string) error {
	fmt.Fprintf(p.stderr, "Apply these changes to %s? [y/N] ", address)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(p.stdin).ReadString('\n') // an end without an answer is a no
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case s := <-answer:
		if s != "y" && s != "yes" {
			return codedError{exitRefused, errors.New("not applied")}
		}
	}
	return nil
}
