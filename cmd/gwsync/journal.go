package main

import (
	"errors"
	"fmt"

	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/sync"
)

// keepJournal has an apply write its journal to the file of --journal before its first write, and returns what closes it when that is done.
func (a *applier) keepJournal(proposal sync.Proposal, o *sync.Options) (finish func(error) error, err error) {
	if a.journal == "" {
		return func(err error) error { return err }, nil
	}
	j, err := sync.NewJournal(proposal.Plan, proposal.Schemas)
	if err != nil {
		return nil, err
	}
	j.Target, j.Instance = report.Address(a.kong.name()), a.how.instance
	j.Revision, j.Base = proposal.Revision, proposal.Base
	begun := false
	o.Before = func() error {
		kept, err := j.Write(a.journal)
		if err != nil {
			return fmt.Errorf("nothing was written, for the journal cannot be kept: %w", err)
		}
		if kept != "" {
			fmt.Fprintln(a.stderr, "the journal of an apply that did not finish is now "+diag.PrintableLines(kept))
		}
		begun = true
		return nil
	}
	return func(err error) error {
		if !begun {
			return err
		}
		return a.closeJournal(j, err)
	}, nil
}

// closeJournal notes in the journal how the apply ended. One that ended half-way stays open, and the error says where it is.
func (a *applier) closeJournal(j sync.Journal, err error) error {
	var partial *sync.PartialError
	if errors.As(err, &partial) {
		return sync.WithHint(err, fmt.Sprintf("%s; or go back to what was there before: gwsync rollback --journal %s", partial.Hint(), a.journal))
	}
	if j.State = sync.JournalApplied; err != nil {
		j.State = sync.JournalRolledBack
	}
	_, writing := j.Write(a.journal)
	return errors.Join(err, writing)
}
