package bind

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/manifest/konghq"
)

// names holds the names of objects by kind and namespace, for hints.
type names map[scope][]string

// scope is a kind and a namespace, or a kind and a name: then the names are the namespaces that have it.
type scope struct{ kind, namespace, name string }

// namesIn returns the names of the objects that others refer to.
func namesIn(s manifest.Set) names {
	n := names{}
	for o := range s.All() {
		switch o.Typed.(type) {
		case *corev1.Service, *corev1.Secret, *corev1.ConfigMap, *gatewayv1.Gateway, *gatewayv1.GatewayClass, *gatewayv1.ListenerSet,
			*konghq.KongPlugin, *konghq.KongClusterPlugin:
			within, named := scope{kind: o.Ref.Kind, namespace: o.Ref.Namespace}, scope{kind: o.Ref.Kind, name: o.Ref.Name}
			n[within], n[named] = append(n[within], o.Ref.Name), append(n[named], o.Ref.Namespace)
		}
	}
	return n
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
