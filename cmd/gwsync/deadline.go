package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/gwsync/gwsync/sync"
)

// deadlineError is the end of the time that --deadline allows.
type deadlineError struct{ after time.Duration }

// Error says so.
func (e deadlineError) Error() string { return "the --deadline of " + e.after.String() + " is over" }

// limitTime ends the context of a command at its --deadline. The caller of the command ends it earlier, when all is done.
func limitTime(cmd *cobra.Command) {
	if cmd.Flags().Lookup("deadline") == nil {
		return
	}
	d, err := cmd.Flags().GetDuration("deadline")
	if err != nil || d <= 0 {
		return
	}
	ctx, cancel := context.WithTimeoutCause(cmd.Context(), d, deadlineError{d})
	context.AfterFunc(ctx, cancel)
	cmd.SetContext(ctx)
}

// late says of an error of a command whether it came about since the time was over.
func late(cmd *cobra.Command, err error) error {
	var over deadlineError
	if err == nil || cmd == nil || cmd.Context() == nil || !errors.As(context.Cause(cmd.Context()), &over) {
		return err
	}
	return sync.WithHint(err, over.Error())
}
