package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/admin"
)

func newDump(p process) *cobra.Command {
	var d dumper
	cmd := &cobra.Command{
		Use:   "dump",
		Short: "Print what Kong holds",
		Long: `Print the entities in Kong that belong to this instance, that carry --select-tag, or, with --all, every one. The format is Kong's
declarative one, sorted by kind and name. From a Kong with a database, dump reads the kinds that gwsync can write or refer to.

(secret) stands for each secret, and standard error says how many there are. So the output can be read, compared and kept in git, but is
no backup: for that, use Kong's own tools, or those of its database.`,
		Example: "  gwsync dump --kong-addr http://kong:8001 > ours.yaml\n" +
			"  gwsync dump --select-tag managed-by-ingress-controller -o json | jq '.routes[].name'",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := validInstance(d.instance); err != nil {
				return err
			}
			if d.all && len(d.tags) > 0 {
				return usageError{errors.New("--all and --select-tag exclude each other"), "all that Kong holds has no tag in common"}
			}
			return d.from.with(cmd.Context(), "", d.reads, func(c *admin.Client) error { return d.dump(cmd.Context(), c, p) })
		},
	}
	flags := cmd.Flags()
	d.from.add(flags)
	flags.StringVar(&d.instance, "instance", "default", "`NAME` of the instance whose entities to print")
	flags.BoolVar(&d.all, "all", false, "print all entities, whoever they belong to")
	flags.StringArrayVar(&d.tags, "select-tag", nil, "print the entities that carry this `TAG` instead; if repeated, those that carry all")
	outputFlag(flags, &d.output, "yaml", "json")
	return cmd
}

// dumper is one run of dump.
type dumper struct {
	from     kongFlags
	instance string
	all      bool
	tags     []string
	output   string
}

// reads reports whether the targets of an upstream may be printed.
func (d *dumper) reads(upstream kong.Entity) bool {
	return d.all || len(d.tags) > 0 || diff.Owned(upstream, d.instance)
}

// selects reports whether an entity is printed.
func (d *dumper) selects(e kong.Entity) bool {
	if d.all {
		return true
	}
	if len(d.tags) == 0 {
		return diff.Owned(e, d.instance) && !diff.Bookkeeping(e)
	}
	for _, tag := range d.tags {
		if !e.HasTag(tag) {
			return false
		}
	}
	return true
}

func (d *dumper) dump(ctx context.Context, c *admin.Client, p process) error {
	live, err := c.Read(ctx)
	if err != nil {
		return err
	}
	state := live.Where(d.selects)
	schemas, err := c.Schemas(ctx, state)
	if err != nil {
		return err
	}
	state, secrets, err := masked(state, schemas)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(p.stdout)
	write := state.Encode
	if d.output == "json" {
		write = state.EncodeJSON
	}
	if err := errors.Join(write(out), out.Flush()); err != nil {
		return err
	}
	d.explain(p, state.Len(), live.Len(), secrets)
	return nil
}

// masked returns a state without its secrets, and how many there were.
func masked(s kong.State, schemas kong.Schemas) (kong.State, int, error) {
	entities := make([]kong.Entity, 0, s.Len())
	secrets := 0
	for e := range s.All() {
		shown, n, err := diff.Masked(e, schemas)
		if err != nil {
			return kong.State{}, 0, err
		}
		secrets += n
		entities = append(entities, shown)
	}
	out, err := kong.NewState(entities...)
	return out, secrets, err
}

// explain says what is not in the document.
func (d *dumper) explain(p process, printed, all, secrets int) {
	if printed == 0 && all > 0 {
		fmt.Fprintf(p.stderr, "none of the %s that Kong holds: see --instance, --select-tag and --all\n", plural(all, "entity"))
	}
	if secrets > 0 {
		fmt.Fprintf(p.stderr, "%s masked: %s stands for each, so do not load this into a Kong\n", plural(secrets, "secret"), diff.Redacted)
	}
}
