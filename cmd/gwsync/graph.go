package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/graph"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync"
)

func newGraph(p process) *cobra.Command {
	var d drawer
	cmd := &cobra.Command{
		Use:   "graph [KIND/NAMESPACE/NAME]",
		Short: "Draw what is bound to what",
		Long: `Draw, by namespace, the Gateways with their listeners and ListenerSets, the routes, the Services, Secrets and policies, and the
ReferenceGrants that allow references to them. What is denied is drawn with its reason. With an object, draw only what leads to it and
where it leads; with ns/NAME, only what involves that namespace.

To put the Mermaid chart into Markdown, enclose it in a code block of the language mermaid. GitHub draws at most 500 edges.`,
		Example: "  gwsync graph --path deploy -o dot | dot -Tsvg > deploy.svg\n" +
			"  gwsync graph svc/shop/checkout --path deploy",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return seeHelp(cmd, errors.New("graph takes at most one object"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			source, err := d.from.source(cmd.Flags(), p)
			if err != nil {
				return err
			}
			return d.draw(cmd.Context(), source, args, p)
		},
	}
	d.from.add(cmd.Flags())
	d.how.addBinding(cmd.Flags())
	outputFlag(cmd.Flags(), &d.output, "mermaid", "dot", "json")
	return cmd
}

// drawer is one run of graph.
type drawer struct {
	from   sourceFlags
	how    renderFlags
	output string
}

func (d *drawer) draw(ctx context.Context, source sync.Source, around []string, p process) error {
	var center manifest.Ref
	if len(around) > 0 {
		var err error
		if center, err = parseObject(around[0], d.how.namespace); err != nil {
			return err
		}
	}
	o, err := d.how.binding()
	if err != nil {
		return err
	}
	result, err := renderSource(ctx, source, o)
	if err != nil {
		return err
	}
	if err := selection(result); err != nil {
		return err
	}
	drawing := graph.New(result.Set, result.Graph)
	if len(around) > 0 {
		near, ok := drawing.Around(center)
		if _, exists := result.Set.Get(center); !ok && !exists {
			return unknownObject(center, result.Set)
		}
		drawing = near
	}
	if len(drawing.Nodes) == 0 {
		fmt.Fprintln(p.stderr, "there is nothing to draw")
	}
	if n := result.Findings.Count(diag.Error); n > 0 {
		fmt.Fprintf(p.stderr, "%s in the manifests: see gwsync lint\n", plural(n, "error"))
	}
	return d.write(p.stdout, drawing)
}

func (d *drawer) write(w io.Writer, drawing graph.Drawing) error {
	var text string
	var err error
	switch d.output {
	case "dot":
		text = drawing.Dot()
	case "json":
		text, err = drawing.JSON()
	default:
		text = drawing.Mermaid()
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}
