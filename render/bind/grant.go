package bind

import (
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/manifest"
)

// grants answers whether a reference into another namespace is allowed, and by whom, in constant time. Every pair of a `from` and a
// `to` entry of one grant is a key, so entries of two grants never combine (RG ReferenceGrantSpec). The first grant by
// name stands for those that say the same.
type grants struct {
	allowed map[permission]manifest.Ref
	// trusting has grants whose only `from` is the key's and that have room for one more `to`.
	trusting map[permission]manifest.Ref
	// offering has grants with the key's `to`, whatever their `from`.
	offering map[permission]manifest.Ref
}

// permission is what a pair of `from` and `to` in a grant of namespace allows.
type permission struct {
	namespace string
	from      source
	to        target
}

// source is a kind of objects in a namespace that may refer.
type source struct{ group, kind, namespace string }

// target is an object that may be referred to, or all of a kind.
type target struct {
	group, kind, name string
	all               bool
}

// maxTo is how many `to` entries a ReferenceGrant can have (RG ReferenceGrantSpec).
const maxTo = 16

func newGrants() grants {
	return grants{map[permission]manifest.Ref{}, map[permission]manifest.Ref{}, map[permission]manifest.Ref{}}
}

// add takes up a grant. Grants are to be added in the order of their names.
func (g grants) add(ref manifest.Ref, spec gatewayv1.ReferenceGrantSpec) {
	for _, f := range spec.From {
		from := source{string(f.Group), string(f.Kind), string(f.Namespace)}
		if len(spec.From) == 1 && len(spec.To) < maxTo {
			put(g.trusting, permission{namespace: ref.Namespace, from: from}, ref)
		}
		for _, t := range spec.To {
			put(g.allowed, permission{ref.Namespace, from, grantTarget(t)}, ref)
		}
	}
	for _, t := range spec.To {
		put(g.offering, permission{namespace: ref.Namespace, to: grantTarget(t)}, ref)
	}
}

func put(m map[permission]manifest.Ref, p permission, ref manifest.Ref) {
	if _, taken := m[p]; !taken {
		m[p] = ref
	}
}

func grantTarget(t gatewayv1.ReferenceGrantTo) target {
	if t.Name == nil {
		return target{group: string(t.Group), kind: string(t.Kind), all: true}
	}
	return target{group: string(t.Group), kind: string(t.Kind), name: string(*t.Name)}
}

// allow returns the grant that lets from refer to an object of another namespace: one that names it, else one for all of its kind.
func (g grants) allow(from source, to manifest.Ref) (manifest.Ref, bool) {
	return g.allowIn(to.Namespace, from, to)
}

// allowIn is allow for grants of another namespace than the target's, where they are without effect.
func (g grants) allowIn(namespace string, from source, to manifest.Ref) (manifest.Ref, bool) {
	for _, t := range targets(to) {
		if ref, ok := g.allowed[permission{namespace, from, t}]; ok {
			return ref, true
		}
	}
	return manifest.Ref{}, false
}

// offers returns a grant that allows references to an object, from elsewhere.
func (g grants) offers(to manifest.Ref) (manifest.Ref, bool) {
	for _, t := range targets(to) {
		if ref, ok := g.offering[permission{namespace: to.Namespace, to: t}]; ok {
			return ref, true
		}
	}
	return manifest.Ref{}, false
}

// trusts returns a grant in a namespace that trusts from and nobody else, and can take one more entry.
func (g grants) trusts(namespace string, from source) (manifest.Ref, bool) {
	ref, ok := g.trusting[permission{namespace: namespace, from: from}]
	return ref, ok
}

// targets returns the `to` entries that allow a reference to an object.
func targets(to manifest.Ref) [2]target {
	return [2]target{
		{group: to.Group, kind: to.Kind, name: to.Name},
		{group: to.Group, kind: to.Kind, all: true},
	}
}
