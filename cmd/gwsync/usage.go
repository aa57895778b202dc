package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/cmd/gwsync/internal/config"
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

// badFlag is a usageError about flags. For one that does not exist it says which may be meant.
func badFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return seeHelp(cmd, config.Plain(err))
	}
	name := unknown.GetSpecifiedName()
	if hint := insteadOf(cmd, name); hint != "" {
		return usageError{err, hint}
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	near := nearest(name, names)
	if others := ofOthers(cmd.Root(), name); len(near) == 0 && len(others) > 0 {
		return usageError{err, cmd.Name() + " has none; it is a flag of " + andOf(others)}
	}
	if len(near) == 0 {
		return seeHelp(cmd, err)
	}
	for i := range near {
		near[i] = "--" + near[i]
	}
	return usageError{err, "did you mean " + oneOf(near) + "?"}
}

// verb is what the program does without a verb, or with one that it does not know.
func verb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	err := fmt.Errorf("unknown command %q", args[0])
	if slices.Contains([]string{"gateway", "kong", "konnect", "file"}, args[0]) { // of decK
		return usageError{err, "gwsync needs no such word before the verb: gwsync diff, gwsync apply"}
	}
	if near := verbsMeant(cmd, args[0]); len(near) > 0 {
		return usageError{err, "did you mean " + oneOf(near) + "?"}
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
