package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/gwsync/gwsync/cmd/gwsync/internal/config"
	"github.com/gwsync/gwsync/render/diag"
)

// newConfig returns the verb that says what apply would go by. It takes the flags of apply.
func newConfig(p process) *cobra.Command {
	cmd := newApply(p)
	cmd.Use, cmd.Aliases = "config", nil
	cmd.Short = "Show the settings in effect, and where each comes from"
	cmd.Long = `Show the settings that apply would use, except for defaults, and where each comes from: the command line, the environment,
or a line of the configuration file. No Kong is asked. Secrets are not shown.

With --schema, print the JSON schema of configuration files, for editors.`
	var schema bool
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if schema {
			return writeJSON(p.stdout, config.Schema(allFlags(cmd.Root())))
		}
		return printSettings(p, cmd.Flags())
	}
	cmd.Flags().BoolVar(&schema, "schema", false, "print the JSON schema of the file instead")
	return cmd
}

// setting is one setting as it is shown.
type setting struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
	Origin string   `json:"origin"`
}

// printSettings prints the flags that are set: as a configuration file that says the same, or as JSON.
func printSettings(p process, flags *pflag.FlagSet) error {
	all := []setting{}
	flags.Visit(func(f *pflag.Flag) {
		if config.Excluded(f.Name) {
			return
		}
		s := setting{Name: f.Name, Values: []string{f.Value.String()}, Origin: config.Origin(f)}
		if many, ok := f.Value.(pflag.SliceValue); ok {
			s.Values = many.GetSlice()
		}
		if s.Origin == "" {
			s.Origin = "command line"
		}
		for i, v := range s.Values {
			s.Values[i] = withoutSecret(f.Name, v)
		}
		all = append(all, s)
	})
	if flags.Lookup("output").Value.String() == "json" {
		return writeJSON(p.stdout, struct {
			head
			Settings []setting `json:"settings"`
		}{headOf("config"), all})
	}
	if len(all) == 0 {
		fmt.Fprintln(p.stderr, "nothing is set: all settings have their defaults")
	}
	for _, s := range all {
		values := make([]string, len(s.Values))
		for i, v := range s.Values {
			values[i] = asYAML(v)
		}
		text := strings.Join(values, ", ")
		if len(values) != 1 {
			text = "[" + text + "]"
		}
		if _, err := fmt.Fprintf(p.stdout, "%s: %s  # %s\n", s.Name, text, diag.PrintableLines(s.Origin)); err != nil {
			return err
		}
	}
	return nil
}

// asYAML returns a value as it is written in a file, on one line.
func asYAML(v string) string {
	if text, err := yaml.Marshal(&yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle,
		Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: v}}}); err == nil {
		return diag.PrintableLines(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(text)), "["), "]"))
	}
	return diag.PrintableLines(v)
}

// withoutSecret returns a value of a flag as it can be shown.
func withoutSecret(flag, value string) string {
	const hidden = "(secret)"
	if config.IsSecret(flag) {
		return hidden
	}
	if name, _, ok := strings.Cut(value, ":"); flag == "headers" && ok && config.SecretHeader(name) {
		return name + ": " + hidden
	}
	if u, err := url.Parse(value); err == nil && u.User != nil {
		return u.Redacted()
	}
	return value
}
