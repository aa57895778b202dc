package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// The width of help in columns: that of the terminal within limits, and helpWidth elsewhere.
const (
	helpWidth    = 100
	minHelpWidth = 60
	maxHelpWidth = 120
)

// The groups of verbs, in the order of the help.
const (
	groupOffline = "Look at manifests; these need no Kong"
	groupKong    = "Bring a Kong in line"
	groupTry     = "Try things out"
	groupOther   = "Other"
)

// inGroup puts verbs into a group.
func inGroup(title string, verbs ...*cobra.Command) []*cobra.Command {
	for _, cmd := range verbs {
		cmd.GroupID = title
	}
	return verbs
}

// addHelp gives the program its help. Verbs are shown by group, flags by what they are about, both as wide as the terminal is.
func addHelp(root *cobra.Command) {
	for _, title := range []string{groupOffline, groupKong, groupTry, groupOther} {
		root.AddGroup(&cobra.Group{ID: title, Title: title})
	}
	root.SetCompletionCommandGroupID(groupOther)
	root.SetHelpCommand(newHelp())
	root.SetHelpCommandGroupID(groupOther)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { printHelp(cmd.OutOrStdout(), cmd) })
}

// newHelp returns the verb that explains another one.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [VERB]",
		Short: "Explain a verb and its flags",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, verb := range cmd.Root().Commands() {
				if len(args) == 0 && !verb.Hidden {
					names = append(names, verb.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			found, _, err := cmd.Root().Find(args)
			if err != nil || found == cmd.Root() && len(args) > 0 {
				return verb(cmd.Root(), args)
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

func printHelp(w io.Writer, cmd *cobra.Command) {
	width := widthOf(w)
	var b strings.Builder
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	b.WriteString(wrapped(text, width))
	if cmd.Runnable() {
		fmt.Fprintf(&b, "\nUsage:\n  %s\n", useOf(cmd))
	}
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(&b, "\nAlso called: %s\n", strings.Join(cmd.Aliases, ", "))
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", strings.TrimRight(cmd.Example, "\n"))
	}
	printVerbs(&b, cmd)
	printFlags(&b, cmd, width)
	_, _ = io.WriteString(w, b.String())
}

// useOf returns how a command is typed.
func useOf(cmd *cobra.Command) string {
	switch {
	case !cmd.HasParent():
		return cmd.Name() + " VERB [flags]"
	case slices.ContainsFunc(shownFlags(cmd), (*pflag.FlagSet).HasAvailableFlags):
		return cmd.UseLine()
	}
	return cmd.CommandPath() + strings.TrimPrefix(cmd.Use, cmd.Name())
}

// printVerbs prints the verbs below a command, by group.
func printVerbs(w io.Writer, cmd *cobra.Command) {
	groups := cmd.Groups()
	if len(groups) == 0 {
		groups = []*cobra.Group{{Title: "Verbs"}}
	}
	for _, g := range groups {
		title := "\n" + g.Title + ":\n"
		for _, verb := range cmd.Commands() {
			if verb.GroupID == g.ID && !verb.Hidden {
				fmt.Fprintf(w, "%s  %-*s  %s\n", title, verb.NamePadding(), verb.Name(), verb.Short)
				title = ""
			}
		}
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\n\"%s VERB --help\" explains a verb and its flags.\n", cmd.Root().Name())
	}
}

// section is what some flags are about, which several verbs have.
type section struct {
	title string
	names map[string]bool
}

// sections returns the sections of the help on flags. Flags of none are the verb's own.
func sections() []section {
	of := func(title string, add func(*pflag.FlagSet)) section {
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		add(flags)
		s := section{title, map[string]bool{}}
		flags.VisitAll(func(f *pflag.Flag) { s.names[f.Name] = true })
		return s
	}
	return []section{
		of("Where the manifests are", new(sourceFlags).add),
		of("What is served, and how it is rendered", new(renderFlags).add),
		of("Whose an entity of Kong is", new(ownFlags).add),
		of("Which Kong, and how to reach it", new(kongFlags).add),
		of("Settings from a file, and several Kongs", func(flags *pflag.FlagSet) {
			cmd := &cobra.Command{}
			configurable(cmd)
			multiple(cmd)
			flags.AddFlagSet(cmd.Flags())
		}),
	}
}

// shownFlags returns the flags of a command that its help shows, each with its usage as one line: its own, then those of each section.
func shownFlags(cmd *cobra.Command) []*pflag.FlagSet {
	all := sections()
	shown := make([]*pflag.FlagSet, len(all)+1)
	for i := range shown {
		shown[i] = pflag.NewFlagSet("", pflag.ContinueOnError)
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		flowing := *f
		flowing.Usage = strings.ReplaceAll(f.Usage, "\n", " ")
		for i, s := range all {
			if s.names[f.Name] {
				shown[i+1].AddFlag(&flowing)
				return
			}
		}
		shown[0].AddFlag(&flowing)
	})
	return shown
}

// printFlags prints the flags of a command by section, its own first.
func printFlags(w io.Writer, cmd *cobra.Command, width int) {
	all := append([]section{{title: "Flags"}}, sections()...)
	for i, flags := range shownFlags(cmd) {
		if flags.HasAvailableFlags() {
			fmt.Fprintf(w, "\n%s:\n%s", all[i].title, flags.FlagUsagesWrapped(width))
		}
	}
}

// widthOf returns how wide help is to be that goes to w.
func widthOf(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return min(max(width, minHelpWidth), maxHelpWidth)
		}
	}
	return helpWidth
}

// wrapped returns text with lines of at most width columns, as far as its words allow. Lines that are indented stay as they are.
func wrapped(text string, width int) string {
	var b strings.Builder
	column := 0
	end := func() {
		if column > 0 {
			b.WriteByte('\n')
			column = 0
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == ' ' || line[0] == '\t' {
			end()
			b.WriteString(line + "\n")
			continue
		}
		for word := range strings.FieldsSeq(line) {
			switch n := len([]rune(word)); {
			case column == 0:
				column = n
			case column+1+n > width:
				b.WriteByte('\n')
				column = n
			default:
				b.WriteByte(' ')
				column += 1 + n
			}
			b.WriteString(word)
		}
	}
	end()
	return b.String()
}
