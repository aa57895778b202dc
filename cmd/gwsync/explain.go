package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gwsync/gwsync/docs"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync"
)

func newExplain(p process) *cobra.Command {
	var e explainer
	cmd := &cobra.Command{
		Use:   "explain [KIND/NAMESPACE/NAME | CODE]...",
		Short: "Say why something is or is not bound, or what a code means",
		Long: `Say how objects are bound, or why not. For each parentRef, listener and reference, explain lists every check with its
outcome and the grant or listener that allowed it; for a denial, the smallest change to the manifests that would allow it. For a Service,
Secret, ConfigMap, Namespace, ReferenceGrant or one of Kong's kinds, it says who refers to it, and who may.

Kinds have kubectl's names: httproute, gtw, svc. Objects of kinds without a namespace are named as in ns/shop; a namespace that is left
out is that of --namespace. Without an argument, explain shows each route, Gateway, ListenerSet, GatewayClass and policy of which not
everything is bound. With the code of a finding, it says what the code means and what to do.`,
		Example: "  gwsync explain httproute/test-source/echo --path examples/cross-namespace\n" +
			"  gwsync explain RefNotPermitted",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := e.parse(args); err != nil {
				return err
			}
			if len(args) == 0 || len(e.refs) > 0 {
				source, err := e.from.source(cmd.Flags(), p)
				if err != nil {
					return err
				}
				if err := e.explain(cmd.Context(), source, len(args) == 0, p.stderr); err != nil {
					return err
				}
			}
			return e.print(p.stdout)
		},
	}
	e.from.add(cmd.Flags())
	e.how.addBinding(cmd.Flags())
	outputFlag(cmd.Flags(), &e.output, "text", "json")
	return cmd
}

// explainer is one run of explain.
type explainer struct {
	from   sourceFlags
	how    renderFlags
	output string

	codes   []docs.Finding
	refs    []manifest.Ref
	objects []bind.Explanation
}

// parse tells codes from objects.
func (e *explainer) parse(args []string) error {
	for _, a := range args {
		if strings.Contains(a, "/") {
			r, err := parseObject(a, e.how.namespace)
			if err != nil {
				return err
			}
			e.refs = append(e.refs, r)
			continue
		}
		f, ok := docs.Lookup(a)
		if !ok {
			return unknownCode(a)
		}
		e.codes = append(e.codes, f)
	}
	return nil
}

func unknownCode(typed string) error {
	err := fmt.Errorf("%q is neither an object nor the code of a finding", typed)
	lower, codes := map[string]string{}, []string{}
	for _, f := range docs.Findings() {
		lower[strings.ToLower(f.Code)] = f.Code
		codes = append(codes, strings.ToLower(f.Code))
	}
	near := nearest(strings.ToLower(typed), codes)
	if len(near) == 0 {
		return sync.WithHint(err, "want KIND/NAMESPACE/NAME, such as httproute/shop/checkout, or a code, such as RefNotPermitted")
	}
	for i := range near {
		near[i] = lower[near[i]]
	}
	return sync.WithHint(err, "did you mean "+oneOf(near)+"?")
}

// guessed is of how many objects an explanation guesses at names that are misspelt, which takes time.
const guessed = 20

// explain explains the objects that are named, or all that are not what the manifests ask for.
func (e *explainer) explain(ctx context.Context, source sync.Source, all bool, stderr io.Writer) error {
	o, err := e.how.binding()
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
	if all {
		e.refs = unbound(result, stderr)
	}
	for i, r := range e.refs {
		how := result.Graph.Explain
		if i >= guessed {
			how = result.Graph.Brief
		}
		explanation, ok := how(r)
		if !ok {
			return unknownObject(r, result.Set)
		}
		e.objects = append(e.objects, explanation)
	}
	return nil
}

// unbound returns what is not as the manifests ask for, and says how much was looked at.
func unbound(r render.Result, w io.Writer) []manifest.Ref {
	var refs []manifest.Ref
	bound := 0
	see := func(o manifest.Object) {
		if e, ok := r.Graph.Brief(o.Ref); ok && e.OK {
			bound++
		} else {
			refs = append(refs, o.Ref)
		}
	}
	for _, c := range r.Graph.Classes {
		see(c.Object)
	}
	for _, g := range r.Graph.Gateways {
		see(g.Object)
	}
	for _, s := range r.Graph.ListenerSets {
		see(s.Object)
	}
	for _, route := range r.Graph.Routes {
		see(route.Object)
	}
	for _, p := range r.Graph.Policies {
		see(p.Object)
	}
	fmt.Fprintf(w, "%s bound as the manifests ask for, %d not\n", plural(bound, "object"), len(refs))
	showUnread(w, r)
	return refs
}

// showUnread counts the errors that keep objects from being bound at all.
func showUnread(w io.Writer, r render.Result) {
	bound := map[diag.Object]bool{}
	for o := range r.Set.All() {
		bound[o.Ref.Diag()] = true
	}
	n := 0
	for _, f := range r.Findings {
		if f.Severity == diag.Error && !bound[f.Object] {
			n++
		}
	}
	if n > 0 {
		fmt.Fprintf(w, "%s in manifests that are left out: see gwsync lint\n", plural(n, "error"))
	}
}

func (e *explainer) print(w io.Writer) error {
	if e.output == "json" {
		return e.printJSON(w)
	}
	var texts []string
	for _, c := range e.codes {
		texts = append(texts, c.Text)
	}
	for _, o := range e.objects {
		texts = append(texts, o.Text())
	}
	_, err := io.WriteString(w, strings.Join(texts, "\n"))
	return err
}
