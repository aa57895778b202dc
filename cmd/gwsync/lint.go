package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/sync"
)

func newLint(p process) *cobra.Command {
	var l linter
	cmd := &cobra.Command{
		Use:   "lint [FILE|DIR ...]",
		Short: "Say what is wrong with the manifests",
		Long: `Say what is wrong with the manifests: what the API server would refuse, what attaches to nothing, which references are denied or
missing, what Kong cannot express, and which plugin configurations an open-source Kong 3.9.3 would refuse (a newer Kong may accept more).
lint finds what would stop apply, without a Kong; give it the flags that you give apply.

Each finding has a code, which "gwsync explain CODE" explains. Errors exit with 1. With --strict, so do warnings, and having no manifests
at all.`,
		Example: "  gwsync lint --path deploy --strict\n  gwsync explain RefNotPermitted",
		Args:    manifestArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			source, err := l.from.source(cmd.Flags(), p)
			if err != nil {
				return err
			}
			return l.lint(cmd.Context(), source, p)
		},
	}
	flags := cmd.Flags()
	l.from.add(flags)
	l.how.add(flags)
	outputFlag(flags, &l.output, "text", "json", "github", "gitlab", "sarif")
	flags.StringSliceVar(&l.plugins, "plugins", []string{"bundled"},
		"`NAMES` of the plugins that the Kong has, as in its kong.conf: bundled,NAME,...")
	flags.BoolVar(&l.strict, "strict", false, "fail on warnings, and if there are no manifests")
	flags.BoolVarP(&l.verbose, "verbose", "v", false, "also show what is for information only")
	return cmd
}

// linter is one run of lint.
type linter struct {
	from            sourceFlags
	how             renderFlags
	output          string
	strict, verbose bool
	plugins         []string
}

func (l *linter) lint(ctx context.Context, source sync.Source, p process) error {
	found := report.Lint{Objects: map[string]int{}, Skipped: map[string]int{}}
	result, err := l.render(ctx, source)
	if found.Err = err; err == nil {
		found = looked(result)
		found.Err = l.verdict(found)
	}
	if err != nil && l.lists() {
		return err
	}
	if err := l.print(p.stdout, found); err != nil {
		return errors.Join(found.Err, err)
	}
	if err == nil {
		l.conclude(p.stderr, found, result)
	}
	return found.Err
}

func (l *linter) render(ctx context.Context, source sync.Source) (render.Result, error) {
	o, err := l.how.options()
	if err != nil {
		return render.Result{}, err
	}
	o.Target.Tags = diff.Tags(l.how.instance)
	r, err := renderSource(ctx, source, o)
	if err != nil {
		return r, err
	}
	r.Findings = append(append(r.Findings, unusual(r, o.Target)...), refusable(r, o.Target, l.plugins)...).Sorted()
	return r, nil
}

// looked counts what a look at the manifests saw: the objects that are in order, and those that findings are about.
func looked(r render.Result) report.Lint {
	l := report.Lint{Objects: map[string]int{}, Skipped: map[string]int{}, Findings: r.Findings}
	objects, files := map[diag.Object]bool{{}: true}, map[string]bool{"": true}
	see := func(o diag.Object, file string) {
		if !objects[o] {
			l.Objects[o.Kind]++
		}
		objects[o], files[file] = true, true
	}
	for o := range r.Set.All() {
		see(o.Ref.Diag(), o.At("").File)
	}
	for _, f := range r.Findings {
		see(f.Object, f.Pos.File)
	}
	l.Files = len(files) - 1
	for _, s := range r.Set.Skipped() {
		l.Skipped[s.Kind] += s.Count
	}
	return l
}

// verdict returns an error if the findings are a reason to fail.
func (l *linter) verdict(found report.Lint) error {
	switch {
	case found.Findings.HasErrors(), l.strict && found.Findings.Count(diag.Warning) > 0:
		return errors.New(tally(found.Findings))
	case l.strict && found.Files == 0:
		return sync.WithHint(errors.New("found no manifests"), "is it the right --path?")
	}
	return nil
}

// tally returns "1 error and 2 warnings in 2 files".
func tally(l diag.List) string {
	var counts []string
	for _, s := range []diag.Severity{diag.Error, diag.Warning} {
		if n := l.Count(s); n > 0 {
			counts = append(counts, plural(n, s.String()))
		}
	}
	files := map[string]bool{}
	for _, f := range l.AtLeast(diag.Warning) {
		files[f.Pos.File] = true
	}
	return strings.Join(counts, " and ") + " in " + plural(len(files), "file")
}

// lists reports whether the document is a list of findings and nothing else. An empty one would say that nothing is wrong, and systems that
// keep findings would close those that they have.
func (l *linter) lists() bool { return l.output == "gitlab" || l.output == "sarif" }

// print writes the findings in the format that was asked for.
func (l *linter) print(w io.Writer, found report.Lint) error {
	findings := found.Findings
	if !l.verbose {
		findings = findings.AtLeast(diag.Warning)
	}
	switch l.output {
	case "json":
		return report.FindingsJSON(w, found)
	case "github":
		return report.GitHub(w, findings)
	case "gitlab":
		return report.GitLab(w, findings)
	case "sarif":
		return report.SARIF(w, findings)
	}
	return report.Findings(w, findings)
}

// conclude says what was looked at, lest a wrong directory be taken for one in order, and what came of it unless an error does.
func (l *linter) conclude(w io.Writer, found report.Lint, r render.Result) {
	n := 0
	for _, count := range found.Objects {
		n += count
	}
	if n > 0 {
		fmt.Fprintf(w, "looked at %s in %s: %s\n", plural(n, "object"), plural(found.Files, "file"), census(found.Objects))
	}
	showSkipped(w, r)
	if n := found.Findings.Count(diag.Info); n > 0 && !l.verbose && l.output != "json" {
		fmt.Fprintf(w, "%s for information: see --verbose\n", plural(n, "finding"))
	}
	switch {
	case found.Err != nil:
	case len(found.Findings.AtLeast(diag.Warning)) > 0:
		fmt.Fprintln(w, tally(found.Findings))
	case n == 0:
		fmt.Fprintln(w, "found no manifests: is it the right --path?")
	default:
		fmt.Fprintln(w, "nothing is wrong")
	}
}

// census returns "1 Gateway, 3 HTTPRoutes".
func census(objects map[string]int) string {
	var counts []string
	for _, kind := range slices.Sorted(maps.Keys(objects)) {
		counts = append(counts, plural(objects[kind], kind))
	}
	return strings.Join(counts, ", ")
}
