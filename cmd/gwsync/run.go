package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/gwsync/gwsync/cmd/gwsync/internal/config"
)

// process is what surrounds the program: its streams and environment.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	// environ are the environment variables, as NAME=VALUE; nil for a run that nobody else's are meant for.
	environ []string
	// interactive says that somebody can be asked.
	interactive bool
	// args are those after the program's name.
	args []string
	// target is the one target that this is a run for; "" if the command line says which, and whether there are several.
	target string
	// shared is what this run has in common with those for other targets; nil for nothing.
	shared *sharing
}

// run runs gwsync and returns its exit code.
func run(ctx context.Context, args []string, p process) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(p.stderr, "gwsync: internal error: %v\n%s", r, debug.Stack())
			fmt.Fprintln(p.stderr, "hint: this is a bug in gwsync, please report it with the lines above")
			code = exitInternal
		}
	}()
	p.args = args
	root := newRoot(p)
	root.SetArgs(args)
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	ctx, end := context.WithCancel(ctx)
	defer end()
	cmd, err := root.ExecuteContextC(ctx)
	err = late(cmd, stopped(ctx, err))
	printError(p.stderr, err)
	return exitCode(err)
}

func newRoot(p process) *cobra.Command {
	root := &cobra.Command{
		Use:   "gwsync",
		Short: "Bring a Kong Gateway in line with Gateway API manifests, without a cluster",
		Long: `gwsync reads Kubernetes Gateway API manifests from a directory or git repository, resolves their bindings across
namespaces, renders the equivalent Kong configuration, compares it with a live Kong and applies the changes.`,
		Args:              cobra.ArbitraryArgs,
		RunE:              verb,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return configure(cmd, p) },
	}
	root.SetFlagErrorFunc(badFlag)
	lint, settings, sandbox := newLint(p), newConfig(p), newSandbox(p)
	offline := []*cobra.Command{newRender(p), newExplain(p), newStatus(p), newGraph(p), newTrace(p), newTest(p)}
	live := []*cobra.Command{newDiff(p), newApply(p), newDrift(p), newPing(p)}
	single := []*cobra.Command{newDump(p), newRollback(p)}
	aimed(slices.Concat(live, single)...)
	multiple(append(live, lint, settings)...)
	configurable(slices.Concat(offline, live, single, []*cobra.Command{lint, settings, sandbox})...)
	root.AddCommand(inGroup(groupOffline, append(offline, lint)...)...)
	root.AddCommand(inGroup(groupKong, append(live, single...)...)...)
	root.AddCommand(inGroup(groupTry, newDemo(p), sandbox)...)
	root.AddCommand(inGroup(groupOther, settings, newVersion(p), newExitCodes())...)
	for _, verb := range root.Commands() {
		completeValues(verb)
	}
	addHelp(root)
	return root
}

// typed reports whether a flag is on the command line.
func typed(flags *pflag.FlagSet, name string) bool {
	f := flags.Lookup(name)
	return f.Changed && config.Origin(f) == ""
}

// terminal reports whether a stream is a terminal.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colorMode says when to colour: --color.
type colorMode string

func (m *colorMode) String() string { return string(*m) }

// Set implements pflag.Value.
func (m *colorMode) Set(s string) error {
	switch s {
	case "auto", "always", "never":
		*m = colorMode(s)
		return nil
	}
	return errors.New("want auto, always or never")
}

// Type implements pflag.Value.
func (m *colorMode) Type() string { return "WHEN" }

// on decides whether to colour what goes to w. The flag counts most, then NO_COLOR, then the terminal.
func (m colorMode) on(w io.Writer, getenv func(string) string) bool {
	switch m {
	case "always":
		return true
	case "never":
		return false
	}
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb" && terminal(w)
}
