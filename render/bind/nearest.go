package bind

import (
	"cmp"
	"slices"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// names holds the names of objects by kind and namespace, for hints.
type names map[scope][]string

// scope is a kind and a namespace, or a kind and a name: then the names are the namespaces that have it.
type scope struct{ kind, namespace, name string }

func (n names) add(r manifest.Ref) {
	within := scope{kind: r.Kind, namespace: r.Namespace}
	n[within] = append(n[within], r.Name)
	named := scope{kind: r.Kind, name: r.Name}
	n[named] = append(n[named], r.Namespace)
}

// guesser finds the names that a user may have meant. It gives up when it has compared as much as fits into a moment, so
// that a thousand misspelt names among a thousand others do not take minutes.
type guesser struct{ budget int }

// guessBudget is how many bytes may be compared with how many, in sum: about a tenth of a second.
const guessBudget = 20_000_000

// nearest returns at most three candidates that name may be a misspelling of, the nearest first.
func (g *guesser) nearest(name string, candidates []string) []string {
	limit := 1 + len(name)/4
	type guess struct {
		name     string
		distance int
	}
	var found []guess
	for _, c := range candidates {
		if len(c)-len(name) > limit || len(name)-len(c) > limit {
			continue
		}
		if g.budget -= (len(name) + 1) * (len(c) + 1); g.budget < 0 {
			return nil
		}
		if d := diag.Distance(name, c); d <= limit && d < len(name) {
			found = append(found, guess{c, d})
		}
	}
	slices.SortStableFunc(found, func(a, b guess) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	var out []string
	for _, f := range found[:min(3, len(found))] {
		out = append(out, f.name)
	}
	return out
}
