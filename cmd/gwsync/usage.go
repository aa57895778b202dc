package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// usageError is a wrong command line.
type usageError struct {
	error
	hint string
}

// Hint says how it is meant.
func (e usageError) Hint() string { return e.hint }

// seeHelp is a usageError that the help of the command explains.
func seeHelp(cmd *cobra.Command, err error) error {
	return usageError{err, "see: gwsync help" + strings.TrimPrefix(cmd.CommandPath(), "gwsync")}
}

// verb is what the program does without a verb, or with one that it does not know.
func verb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	err := fmt.Errorf("unknown command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usageError{err, "did you mean " + strings.Join(near, " or ") + "?"}
	}
	return seeHelp(cmd, err)
}

// noArguments is the check of a command that takes none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return seeHelp(cmd, fmt.Errorf("%s takes no argument, but there is %q", cmd.Name(), args[0]))
}

// manifestArguments takes arguments for files and directories of manifests, as --filename: users of kustomize and decK name them so.
func manifestArguments(cmd *cobra.Command, args []string) error {
	for _, name := range args {
		if err := cmd.Flags().Set("filename", name); err != nil {
			return err
		}
	}
	return nil
}
