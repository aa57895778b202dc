package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/cmd/gwsync/internal/config"
	"github.com/gwsync/gwsync/render/diag"
)

// misspelt says of environment variables that nothing reads which are probably meant. Others that begin alike may be a pipeline's own.
func misspelt(root *cobra.Command, p process) {
	known := []string{config.Prefix + "GIT_TOKEN", config.Prefix + "SSH_KEY_PASSPHRASE"}
	for _, verb := range root.Commands() {
		verb.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, config.Variable(f.Name)) })
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, variable := range slices.Sorted(slices.Values(p.environ)) {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, config.Prefix) || value == "" || slices.Contains(known, name) {
			continue
		}
		if near := nearest(name, known); len(near) > 0 {
			fmt.Fprintf(p.stderr, "the environment variable %s has no effect: did you mean %s?\n", diag.PrintableLines(name), oneOf(near))
		}
	}
}
