package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/gwsync/gwsync/cmd/gwsync/internal/config"
)

// atOnce is how many targets are worked on at a time.
const atOnce = 8

// forEach makes the verb run for each of the targets.
//
// A run for several targets is a run of the program for each, in one process: with the same arguments, the target's own settings, and
// streams of its own, so that one target's failure or panic is none of another's. What is shared is what they read: manifests that several
// targets have in common are fetched and parsed once.
func forEach(cmd *cobra.Command, p process, targets []string) error {
	flags := cmd.Flags()
	if err := oneReport(flags); err != nil {
		return err
	}
	if yes := flags.Lookup("yes"); p.interactive && yes != nil && yes.Value.String() != "true" {
		return usageError{errors.New("there is no asking about several targets"), "look at gwsync diff for the same targets, then say --yes"}
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		m := &many{process: p, verb: cmd.Name(), json: flags.Lookup("output").Value.String() == "json"}
		return m.run(cmd.Context(), targets)
	}
	return nil
}

// oneReport refuses formats that have no form for several targets.
func oneReport(flags *pflag.FlagSet) error {
	if format := flags.Lookup("output").Value.String(); format != "text" && format != "json" {
		return fmt.Errorf("--output %s is of one target: want text or json", format)
	}
	return nil
}

// ofOneTarget refuses those of the settings that would have several targets in each other's way: send them to one Kong, have them undo each
// other's work, or write one file.
func ofOneTarget(flags *pflag.FlagSet, names []string) error {
	for _, name := range names {
		f := flags.Lookup(name)
		if f == nil || !f.Changed {
			continue
		}
		said := cmp.Or(config.Origin(f), "--"+name)
		return usageError{fmt.Errorf("%s belongs to one target, and there are several", said),
			"set " + name + " for each target in the configuration file"}
	}
	return nil
}

// oneFile are the flags of files that are of one target, wherever they are set for all.
func oneFile() []string { return []string{"plan", "journal"} }

// oneKong are the flags that say which Kong, and what is ours there. Before the targets in a file they stand for what those have in common.
func oneKong() []string {
	return []string{"kong-addr", "konnect-control-plane-name", "workspace", "instance"}
}

// many is one run for several targets.
type many struct {
	process
	verb string
	json bool
}

// outcome is what came of one target.
type outcome struct {
	target         string
	code           int
	stdout, stderr bytes.Buffer
	done           chan struct{}
}

// text returns what stands for the target in a report for people.
func (o *outcome) text() []byte {
	if o.code != exitOK && o.stdout.Len() == 0 {
		return fmt.Appendf(nil, "failed, exit code %d: see standard error\n", o.code)
	}
	return o.stdout.Bytes()
}

func (m *many) run(ctx context.Context, targets []string) error {
	shared := newSharing(m.stdin)
	outcomes := make([]*outcome, len(targets))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, name := range targets {
		outcomes[i] = &outcome{target: name, done: make(chan struct{})}
	}
	go func() {
		for _, o := range outcomes {
			group.Go(func() error {
				defer close(o.done)
				p := m.process
				p.target, p.shared, p.interactive = o.target, shared, false
				p.stdin, p.stdout, p.stderr = shared.stdin(), &o.stdout, &o.stderr
				o.code = run(ctx, m.args, p)
				return nil
			})
		}
	}()
	err := m.report(outcomes)
	return errors.Join(err, shared.close())
}

// report prints what came of the targets, one after the other as they are done, and returns an error for those that failed.
func (m *many) report(outcomes []*outcome) error {
	if len(outcomes) == 0 {
		fmt.Fprintln(m.stderr, "there are no targets in this shard")
	}
	for i, o := range outcomes {
		<-o.done
		for line := range strings.Lines(o.stderr.String()) {
			fmt.Fprintf(m.stderr, "%s: %s", o.target, line)
		}
		if m.json {
			continue
		}
		if i > 0 {
			fmt.Fprintln(m.stdout)
		}
		if _, err := fmt.Fprintf(m.stdout, "== %s ==\n%s", o.target, o.text()); err != nil {
			return err
		}
	}
	if m.json {
		if err := m.writeJSON(m.stdout, outcomes); err != nil {
			return err
		}
	}
	return verdict(outcomes)
}

// targetReport is what came of one target, as JSON.
type targetReport struct {
	Target   string `json:"target"`
	ExitCode int    `json:"exit_code"`
	// Report is the document that a run for this target alone prints, null if it prints none.
	Report json.RawMessage `json:"report"`
	// Messages are the lines on its standard error.
	Messages []string `json:"messages"`
}

func (m *many) writeJSON(w io.Writer, outcomes []*outcome) error {
	document := struct {
		head
		ExitCode int            `json:"exit_code"`
		Targets  []targetReport `json:"targets"`
	}{headOf(m.verb), gravest(outcomes), []targetReport{}}
	for _, o := range outcomes {
		r := targetReport{Target: o.target, ExitCode: o.code, Messages: []string{}}
		if json.Valid(o.stdout.Bytes()) {
			r.Report = o.stdout.Bytes()
		}
		for line := range strings.Lines(o.stderr.String()) {
			r.Messages = append(r.Messages, strings.TrimRight(line, "\n"))
		}
		document.Targets = append(document.Targets, r)
	}
	return writeJSON(w, document)
}

// verdict returns the error of all targets together: with the gravest exit code, and the names of those that failed.
func verdict(outcomes []*outcome) error {
	code := gravest(outcomes)
	var failed []string
	for _, o := range outcomes {
		if o.code != exitOK && o.code != exitChanges {
			failed = append(failed, fmt.Sprintf("%s (exit code %d)", o.target, o.code))
		}
	}
	switch {
	case code == exitOK:
		return nil
	case len(failed) == 0:
		return codedError{code: code}
	}
	return codedError{code, fmt.Errorf("%d of %s failed: %s", len(failed), plural(len(outcomes), "target"), strings.Join(failed, ", "))}
}

// gravest returns the exit code that counts for all: that of what most needs somebody to look.
func gravest(outcomes []*outcome) int {
	worst := exitOK
	for _, o := range outcomes {
		if slices.Index(byGravity(), o.code) > slices.Index(byGravity(), worst) {
			worst = o.code
		}
	}
	return worst
}

// byGravity returns the exit codes, the gravest last: a Kong that is half changed is worse than one that is as it was.
func byGravity() []int {
	return []int{exitOK, exitChanges, exitRefused, exitStale, exitError, exitInterrupted, exitPartial, exitInternal}
}
