package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/sync"
)

// The exit codes. They are a promise to pipelines.
const (
	exitOK          = 0
	exitError       = 1
	exitChanges     = 2
	exitPartial     = 3
	exitRefused     = 4
	exitStale       = 5
	exitInternal    = 11
	exitInterrupted = 130
)

const exitCodesHelp = `  0    done; nothing to do, or changes shown or applied
  1    error: usage, input or output, invalid or unresolved manifests;
       nothing was written, or all of it was rolled back
  2    drift, and diff --exit-code: there are differences
  3    apply wrote something and then failed
  4    refused: what would change belongs to somebody else, too much would be deleted,
       or the answer was no
  5    stale: Kong or the changes are not what was approved or compared, the commit is older
       than the one applied last, or another apply of the instance is under way
  11   internal error
  130  interrupted

For several targets (--all-targets) it is the gravest of all: 11, then 3, 130, 1, 5, 4, 2 and 0. A Kong that is half changed counts more
than one that is as it was, and what went wrong more than what was refused.
`

func newExitCodes() *cobra.Command {
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: "Exit codes:\n\n" + exitCodesHelp}
}

// exitCode maps an error to the exit code.
func exitCode(err error) int {
	var (
		partial *sync.PartialError
		stale   *sync.StaleError
		lease   *sync.LeaseError
		stop    interrupted
		coded   codedError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &partial):
		return exitPartial
	case errors.As(err, &stop):
		return exitInterrupted
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &stale), errors.As(err, &lease):
		return exitStale
	}
	return exitError
}

// codedError is an error with an exit code of its own. Without an error in it there is nothing more to say.
type codedError struct {
	code int
	err  error
}

func (e codedError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e codedError) Unwrap() error { return e.err }

// interrupted is an error after a signal.
type interrupted struct{ error }

// Error says so, and how far it came if something was written.
func (e interrupted) Error() string {
	var partial *sync.PartialError
	if errors.As(e.error, &partial) {
		return "interrupted: " + e.error.Error()
	}
	return "interrupted"
}

func (e interrupted) Unwrap() error { return e.error }

// stopped tells an error that a signal is the cause of from others.
func stopped(ctx context.Context, err error) error {
	var already interrupted
	if ctx.Err() != nil && errors.Is(err, context.Canceled) && !errors.As(err, &already) {
		return interrupted{err}
	}
	return err
}

// printError prints an error for people.
func printError(w io.Writer, err error) {
	var coded codedError
	if err == nil || errors.As(err, &coded) && coded.err == nil {
		return
	}
	for line := range strings.Lines(diag.PrintableLines(err.Error())) {
		fmt.Fprintln(w, "gwsync: "+strings.TrimRight(line, "\n"))
	}
	if hint := diag.HintOf(err); hint != "" {
		fmt.Fprintln(w, "hint: "+diag.PrintableLines(hint))
	}
}
