package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completeValues has the shell complete the values of flags that are one of a few.
func completeValues(cmd *cobra.Command) {
	few := map[string][]string{
		"color":         {"auto", "always", "never"},
		"on-error":      {"rollback", "stop", "continue"},
		"profile":       {"full", "declarative"},
		"router-flavor": {"expressions", "traditional_compatible"},
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		values := few[f.Name]
		if format, ok := f.Value.(*outputFormat); ok {
			values = format.formats
		}
		if len(values) > 0 {
			// The one error is that of a flag that the command does not have.
			_ = cmd.RegisterFlagCompletionFunc(f.Name,
				cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder))
		}
	})
}
