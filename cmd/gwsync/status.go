package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/status"
	"github.com/gwsync/gwsync/sync"
)

func newStatus(p process) *cobra.Command {
	var from sourceFlags
	var how renderFlags
	var output string
	cmd := &cobra.Command{
		Use:   "status [FILE|DIR ...]",
		Short: "Print the status that a controller would write",
		Long: `Print the Gateway API objects with the .status that a conforming controller would write: conditions with their reasons, parents of
routes, listeners with their kinds and routes, ancestors of policies. It needs no cluster. The status does not depend on a particular
Kong: "gwsync lint" says what Kong cannot express.

What no status can hold, such as a missing Gateway, is on standard error. The exit code is 0 even if conditions are False, and 1 if
manifests are invalid; then the status of the others is still printed.`,
		Example: "  gwsync status --path deploy -o table\n" +
			"  gwsync status --path deploy -o json | jq '.items[] | select(.kind == \"HTTPRoute\") | .status.parents'",
		Args: manifestArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			source, err := from.source(cmd.Flags(), p)
			if err != nil {
				return err
			}
			o, err := how.binding()
			if err != nil {
				return err
			}
			r, err := statusOf(cmd.Context(), source, o)
			if err != nil {
				return err
			}
			return r.print(p, output)
		},
	}
	from.add(cmd.Flags())
	how.addBinding(cmd.Flags())
	outputFlag(cmd.Flags(), &output, "yaml", "json", "table")
	return cmd
}

// statusResult is what there is to say of manifests as of the Gateway API.
type statusResult struct {
	set     manifest.Set
	objects []status.Object
	// invalid are the findings of reading the manifests, denied those of binding, and refused those of rendering.
	invalid, denied, refused diag.List
}

func statusOf(ctx context.Context, source sync.Source, o render.Options) (r statusResult, err error) {
	snapshot, err := source.Fetch(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, snapshot.Close()) }()
	if r.set, r.invalid, err = manifest.Load(snapshot.Inputs, o.Manifest); err != nil {
		return r, err
	}
	graph, denied := bind.Build(r.set, o.Bind)
	if err := selection(render.Result{Set: r.set, Findings: denied}); err != nil {
		return r, err
	}
	r.objects, r.denied = status.Of(graph), denied
	_, r.refused = render.Translate(graph, o.Target)
	return r, nil
}

// print prints the objects, and on standard error what they do not say.
func (r statusResult) print(p process, output string) error {
	findings := append(append(diag.List(nil), r.invalid...), r.unsaid()...).Sorted()
	if err := report.Findings(p.stderr, findings.AtLeast(diag.Warning)); err != nil {
		return err
	}
	showSkipped(p.stderr, render.Result{Set: r.set, Findings: findings})
	if n := r.refused.Count(diag.Error); n > 0 {
		fmt.Fprintf(p.stderr, "Kong cannot do all of this: see gwsync lint for %s of rendering\n", plural(n, "error"))
	}
	out := bufio.NewWriter(p.stdout)
	if err := errors.Join(writeStatus(out, r.objects, output), out.Flush()); err != nil {
		return err
	}
	if n := r.invalid.Count(diag.Error); n > 0 {
		return fmt.Errorf("%s in the manifests: what is not valid has no status", plural(n, "error"))
	}
	return nil
}

func writeStatus(w io.Writer, objects []status.Object, output string) error {
	switch output {
	case "json":
		return status.JSON(w, objects)
	case "table":
		return status.Table(w, objects)
	}
	return status.YAML(w, objects)
}

// unsaid returns the findings of binding that no condition of their object has as its reason.
func (r statusResult) unsaid() diag.List {
	type denial struct {
		object diag.Object
		reason string
	}
	said := map[denial]bool{}
	for _, o := range r.objects {
		for reason := range o.Denials() {
			said[denial{o.Ref.Diag(), reason}] = true
		}
	}
	var out diag.List
	for _, f := range r.denied {
		if !said[denial{f.Object, f.Code}] {
			out = append(out, f)
		}
	}
	return out
}
