package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/cmd/gwsync/internal/config"
)

// asksKong marks the verbs that are nothing without a Kong.
const asksKong = "asks-kong"

// configurable adds the flags of the configuration file to verbs.
func configurable(verbs ...*cobra.Command) {
	for _, cmd := range verbs {
		flags := cmd.Flags()
		usage := "take the settings of this target, `NAME`, of the configuration file"
		if flags.Lookup("all-targets") != nil {
			usage += "; may be repeated"
		}
		flags.String("config", "", "read this configuration `FILE`, none if it is empty (default: "+config.Name+", if there is one)")
		flags.StringArray("target", nil, usage)
	}
}

// multiple makes verbs run for several targets at once.
func multiple(verbs ...*cobra.Command) {
	for _, cmd := range verbs {
		cmd.Flags().Bool("all-targets", false, "do it for all targets of the configuration file, several at a time")
		cmd.Flags().Var(new(shard), "shard", "do it for shard I, from 0, of N shards of the targets, `I/N`; of /N for $JOB_COMPLETION_INDEX")
	}
}

// aimed marks verbs that are nothing without a Kong.
func aimed(verbs ...*cobra.Command) {
	for _, cmd := range verbs {
		cmd.Annotations = map[string]string{asksKong: ""}
	}
}

// configure sets the flags that are not on the command line, from the environment and the configuration file, and does what some of them
// mean for all verbs. A run for several targets becomes one for each.
func configure(cmd *cobra.Command, p process) error {
	if p.target == "" {
		misspelt(cmd.Root(), p)
	}
	if err := settle(cmd, p); err != nil {
		return err
	}
	if f := cmd.Flags().Lookup("kong-admin-token-env"); f != nil {
		v := f.Value.(*variable)
		v.value = p.getenv(v.name)
	}
	limitTime(cmd)
	return nil
}

// settle sets the flags that are not on the command line.
func settle(cmd *cobra.Command, p process) error {
	flags := cmd.Flags()
	environment := config.Environment(flags, p.getenv)
	if flags.Lookup("config") == nil {
		return config.Layers{environment}.Apply(flags)
	}
	if err := (config.Layers{environment}).Apply(aboutTargets(flags)); err != nil {
		return err
	}
	file, err := readConfig(cmd)
	if err != nil {
		return err
	}
	if p.target != "" {
		target, _ := file.Target(p.target)
		return config.Layers{environment, target.Settings, file.Defaults}.Apply(flags)
	}
	chosen, several, err := selected(flags, file, p)
	switch {
	case err != nil:
		return err
	case several:
		if err := (config.Layers{environment}).Apply(flags); err != nil {
			return err
		}
		if err := ofOneTarget(flags, oneKong()); err != nil {
			return err
		}
		if err := (config.Layers{file.Defaults}).Apply(flags); err != nil {
			return err
		}
		if err := ofOneTarget(flags, oneFile()); err != nil {
			return err
		}
		return forEach(cmd, p, chosen)
	case len(chosen) == 1:
		target, _ := file.Target(chosen[0])
		return config.Layers{environment, target.Settings, file.Defaults}.Apply(flags)
	}
	if err := (config.Layers{environment, file.Defaults}).Apply(flags); err != nil {
		return err
	}
	return notGuessed(cmd, file)
}

// aboutTargets returns those flags that say which settings count.
func aboutTargets(flags *pflag.FlagSet) *pflag.FlagSet {
	out := pflag.NewFlagSet("", pflag.ContinueOnError)
	for _, name := range []string{"config", "target", "all-targets", "shard"} {
		if f := flags.Lookup(name); f != nil {
			out.AddFlag(f)
		}
	}
	return out
}

// readConfig reads the configuration file, if there is one.
func readConfig(cmd *cobra.Command) (config.File, error) {
	flag := cmd.Flags().Lookup("config")
	name := flag.Value.String()
	switch {
	case flag.Changed && name == "":
		return config.File{}, nil
	case !flag.Changed:
		name = config.Name
	}
	file, err := config.Read(name, allFlags(cmd.Root()))
	if errors.Is(err, fs.ErrNotExist) && !flag.Changed {
		return config.File{}, nil
	}
	return file, err
}

// allFlags returns the flags of all verbs that take a configuration file.
func allFlags(root *cobra.Command) *pflag.FlagSet {
	out := pflag.NewFlagSet("", pflag.ContinueOnError)
	for _, verb := range root.Commands() {
		if verb.Flags().Lookup("config") != nil {
			out.AddFlagSet(verb.Flags())
		}
	}
	return out
}

// selected returns the names of the targets to run for, in order, and whether the report is one of several targets.
func selected(flags *pflag.FlagSet, file config.File, p process) (names []string, several bool, err error) {
	names, err = flags.GetStringArray("target")
	if err != nil {
		return nil, false, err
	}
	for i, name := range names {
		if _, ok := file.Target(name); !ok {
			return nil, false, unknownTarget(name, file)
		}
		if slices.Contains(names[:i], name) {
			return nil, false, fmt.Errorf("--target %s is named twice", name)
		}
	}
	if flags.Lookup("all-targets") == nil {
		if len(names) > 1 {
			return nil, false, errors.New("this takes one --target")
		}
		return names, false, nil
	}
	all := flags.Lookup("all-targets").Value.String() == "true"
	part := flags.Lookup("shard").Value.(*shard)
	switch {
	case all && len(names) > 0:
		return nil, false, errors.New("--target and --all-targets exclude each other")
	case all && len(file.Targets) == 0:
		return nil, false, usageError{errors.New("--all-targets: there are no targets"),
			"name Kongs below targets: in " + config.Name + ", or in the file of --config"}
	case all:
		names = file.Names()
	case part.of > 0 && len(names) == 0:
		return nil, false, errors.New("--shard is a part of --all-targets, or of several --target")
	}
	names, err = part.pick(names, p.getenv)
	return names, all || part.of > 0 || len(names) > 1, err
}

// unknownTarget says that there is no such target, and which there are.
func unknownTarget(name string, file config.File) error {
	hint := "there are " + strings.Join(file.Names(), ", ")
	switch near := nearest(name, file.Names()); {
	case file.Name == "":
		hint = "there is no configuration file: name one with --config, or write " + config.Name
	case len(file.Targets) == 0:
		hint = "name Kongs below targets: in " + file.Name
	case len(near) > 0:
		hint = "did you mean " + near[0] + "?"
	}
	return usageError{fmt.Errorf("there is no target %s", name), hint}
}

// notGuessed refuses to talk to the default Kong where targets are named and none is chosen.
func notGuessed(cmd *cobra.Command, file config.File) error {
	flags := cmd.Flags()
	if _, live := cmd.Annotations[asksKong]; len(file.Targets) == 0 || !live {
		return nil
	}
	for _, name := range []string{"kong-addr", "konnect-control-plane-name", "sandbox"} {
		if f := flags.Lookup(name); f != nil && f.Changed {
			return nil
		}
	}
	return usageError{errors.New("which Kong? " + file.Name + " has the targets " + strings.Join(file.Names(), ", ")),
		"say --target NAME, --all-targets, or --kong-addr URL"}
}
