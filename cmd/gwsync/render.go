package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync"
)

func newRender(p process) *cobra.Command {
	var r renderer
	cmd := &cobra.Command{
		Use:   "render [FILE|DIR ...]",
		Short: "Print the Kong configuration that the manifests come to",
		Long: `Print the Kong configuration for the manifests, in Kong's declarative format. A Kong without a database takes it as it is, by POST
/config. render needs no Kong and no cluster.

If the configuration needs settings in kong.conf that are not Kong's defaults, they are listed on standard error.

With --explain, print instead which manifest, rule and match is behind each entity, and what its fields are made of.`,
		Args: manifestArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("output") && !r.explain {
				return errors.New("--output is for --explain: the configuration is YAML")
			}
			source, err := r.from.source(cmd.Flags(), p)
			if err != nil {
				return err
			}
			return r.render(cmd.Context(), source, p)
		},
	}
	r.from.add(cmd.Flags())
	r.how.add(cmd.Flags())
	cmd.Flags().BoolVar(&r.explain, "explain", false, "print what each entity and its fields come from instead")
	outputFlag(cmd.Flags(), &r.output, "text", "json")
	return cmd
}

// renderer is one run of render.
type renderer struct {
	from    sourceFlags
	how     renderFlags
	explain bool
	output  string
}

func (r *renderer) render(ctx context.Context, source sync.Source, p process) error {
	o, err := r.how.options()
	if err != nil {
		return err
	}
	o.Target.Tags = diff.Tags(r.how.instance)
	result, err := renderSource(ctx, source, o)
	if err != nil {
		return err
	}
	if err := errors.Join(showFindings(p.stderr, result), report.Findings(p.stderr, unusual(result, o.Target))); err != nil {
		return err
	}
	out := bufio.NewWriter(p.stdout)
	if err := r.write(out, result, o.Target); err != nil {
		return err
	}
	return out.Flush()
}

func (r *renderer) write(w io.Writer, result render.Result, t render.Target) error {
	switch {
	case !r.explain:
		return result.State.Encode(w)
	case r.output == "json":
		return writeExplanationsJSON(w, render.Explain(result.Graph, t))
	}
	return writeExplanations(w, render.Explain(result.Graph, t))
}

// unusual returns what the configuration needs of a Kong that is not configured as by default.
func unusual(r render.Result, t render.Target) diag.List {
	return render.Unusual(render.Needs(r.State), cmp.Or(t.Flavor, kong.TraditionalCompatible))
}

// renderSource renders what a source holds now.
func renderSource(ctx context.Context, source sync.Source, o render.Options) (result render.Result, err error) {
	snapshot, err := source.Fetch(ctx)
	if err != nil {
		return render.Result{}, err
	}
	defer func() { err = errors.Join(err, snapshot.Close()) }()
	return snapshot.Render(o)
}

// showFindings prints what there is to say about the manifests, and returns an error if that includes errors.
func showFindings(w io.Writer, r render.Result) error {
	if err := report.Findings(w, r.Findings.AtLeast(diag.Warning)); err != nil {
		return err
	}
	if n := r.Findings.Count(diag.Error); n > 0 {
		return fmt.Errorf("%s in the manifests", plural(n, "error"))
	}
	showSkipped(w, r)
	return nil
}

// showSkipped counts what the manifests hold without effect: a wrong directory or class must not look like a success.
func showSkipped(w io.Writer, r render.Result) {
	n, skipped := 0, map[string]int{}
	for _, k := range r.Set.Skipped() {
		n += k.Count
		skipped[cmp.Or(diag.Printable(k.Kind), "kindless document")] += k.Count
	}
	if n > 0 {
		fmt.Fprintf(w, "skipped %s of other kinds: %s\n", plural(n, "object"), census(skipped))
	}
	showForeign(w, r)
}

// showForeign counts the Gateways that this Kong does not serve. If those are all, it says plainly that no route is for this Kong, and what
// to do if that is a mistake.
func showForeign(w io.Writer, r render.Result) {
	foreign, left, all, hints := 0, 0, 0, map[string]bool{}
	for _, f := range r.Findings {
		if f.Code != bind.ForeignGateway || f.Object.Kind != "Gateway" {
			continue
		}
		if f.Field == "metadata.name" { // --gateway goes by names
			left++
		} else {
			foreign++
		}
		hints[f.Hint] = true
	}
	for range manifest.Of[gatewayv1.Gateway](r.Set) {
		all++
	}
	if foreign > 0 {
		fmt.Fprintf(w, "skipped %s of a GatewayClass that gwsync does not serve: see --controller-name and --gateway-class\n",
			plural(foreign, "Gateway"))
	}
	if left > 0 {
		fmt.Fprintf(w, "skipped %s that --gateway does not name\n", plural(left, "Gateway"))
	}
	if all > 0 && foreign+left == all {
		fmt.Fprintln(w, "no Gateway remains: no route of the manifests is for this Kong")
		for _, hint := range slices.Sorted(maps.Keys(hints)) {
			fmt.Fprintln(w, "hint: "+diag.PrintableLines(hint))
		}
	}
}

// plural returns "1 error", "2 errors" or "2 GatewayClasses".
func plural(n int, noun string) string {
	if n != 1 {
		y := strings.TrimSuffix(noun, "y")
		switch {
		case strings.HasSuffix(noun, "s"):
			noun += "es"
		case y != noun && y != "" && !strings.ContainsAny(y[len(y)-1:], "aeiou"):
			noun = y + "ies"
		default:
			noun += "s"
		}
	}
	return fmt.Sprintf("%d %s", n, noun)
}
