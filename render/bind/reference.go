package bind

import (
	"iter"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// reference is a reference of one object to another that a ReferenceGrant could have a say in.
type reference struct {
	object manifest.Object // that refers
	field  string
	from   source
	target manifest.Ref
	grant  manifest.Ref // that allows it; zero within a namespace, and for what is denied
	reason string       // why it does not resolve; "" if it does
}

// needsGrant reports whether the reference leads to another namespace.
func (r reference) needsGrant() bool { return r.target.Namespace != r.from.namespace }

// references are all references to Services, Secrets and ConfigMaps, and to what was taken for one: of routes in the order of
// their names, then of Gateways and ListenerSets, then of policies; and to plugins: of routes' filters, and at the end
// of annotations.
func (g *Graph) references() iter.Seq[reference] {
	return func(yield func(reference) bool) {
		for _, r := range g.Routes {
			if !r.references(yield) {
				return
			}
		}
		for _, gw := range g.Gateways {
			if !gw.references(yield) {
				return
			}
		}
		for _, s := range g.ListenerSets {
			if !listenerReferences(s.Listeners, yield) {
				return
			}
		}
		for _, p := range g.Policies {
			if !caReferences(p.Object, p.refs, yield) {
				return
			}
		}
		for o, refs := range g.pluginHolders() {
			if !pluginReferences(o, refs, yield) {
				return
			}
		}
	}
}

func (r *Route) references(yield func(reference) bool) bool {
	one := func(b *Backend) bool {
		return b == nil || yield(reference{r.Object, b.field, routeSource(r), b.Target, or(b.Grant, manifest.Ref{}), b.Reason})
	}
	all := func(filters []Filter) bool {
		for i := range filters {
			f := &filters[i]
			if !one(f.backend()) || f.Plugin != nil && !pluginReferences(r.Object, []PluginRef{*f.Plugin}, yield) {
				return false
			}
		}
		return true
	}
	for i := range r.Rules {
		rule := &r.Rules[i]
		if !all(rule.Filters) {
			return false
		}
		for j := range rule.Backends {
			if b := &rule.Backends[j]; !one(b) || !all(b.Filters) {
				return false
			}
		}
	}
	return true
}

func (g *Gateway) references(yield func(reference) bool) bool {
	if c := g.client; c != nil && !yield(reference{g.Object, c.field, c.from, c.target, c.grant, c.reason}) {
		return false
	}
	for _, v := range g.validations {
		if !caReferences(g.Object, v.refs, yield) {
			return false
		}
	}
	return listenerReferences(g.Listeners, yield)
}

func listenerReferences(listeners []*Listener, yield func(reference) bool) bool {
	for _, l := range listeners {
		for i := range l.refs {
			c := &l.refs[i]
			if c.target != (manifest.Ref{}) && !yield(reference{l.Object, c.field, c.from, c.target, c.grant, c.reason}) {
				return false
			}
		}
	}
	return true
}

func pluginReferences(o manifest.Object, refs []PluginRef, yield func(reference) bool) bool {
	for _, p := range refs {
		if !yield(reference{o, p.Field, sourceOf(o), p.Target, p.Grant, p.Reason}) {
			return false
		}
	}
	return true
}

func caReferences(o manifest.Object, refs []caRef, yield func(reference) bool) bool {
	for i := range refs {
		if c := &refs[i]; !yield(reference{o, c.field, c.from, c.target, c.grant, c.reason}) {
			return false
		}
	}
	return true
}

// permits reports whether a grant in its namespace allows a reference.
func permits(grant manifest.Ref, spec *gatewayv1.ReferenceGrant, r reference) bool {
	if !r.needsGrant() || r.target.Namespace != grant.Namespace {
		return false
	}
	for _, f := range spec.Spec.From {
		if fromSource(f) != r.from {
			continue
		}
		for _, t := range spec.Spec.To {
			if at := targets(r.target); grantTarget(t) == at[0] || grantTarget(t) == at[1] {
				return true
			}
		}
	}
	return false
}

func fromSource(f gatewayv1.ReferenceGrantFrom) source {
	return source{string(f.Group), string(f.Kind), string(f.Namespace)}
}

// reportGrants reports the ReferenceGrants that allow no reference, though the manifests hold objects of all whom they trust: trust
// that nobody needs. Grants to those whose manifests may be elsewhere are left alone.
func (b *builder) reportGrants() {
	needed, present := b.needed(), b.sources()
	for o, spec := range manifest.Of[gatewayv1.ReferenceGrant](b.set) {
		if !allPresent(spec, present) || uses(o.Ref.Namespace, spec, needed) {
			continue
		}
		b.report(diag.Finding{
			Severity: diag.Info, Code: UnusedGrant, Object: o.Ref.Diag(), Pos: o.At("spec"), Field: "spec",
			Message: "the ReferenceGrant allows no reference that the manifests make",
			Hint:    say("remove it if nobody needs it; gwsync explain referencegrant/%s/%s shows what it is for", o.Ref.Namespace, o.Ref.Name),
		})
	}
}

// needed are the permissions that any reference among the manifests needs.
func (b *builder) needed() map[permission]bool {
	out := map[permission]bool{}
	for r := range b.references() {
		if r.needsGrant() {
			for _, t := range targets(r.target) {
				out[permission{r.target.Namespace, r.from, t}] = true
			}
		}
	}
	return out
}

// sources are the kinds, with their namespaces, of the objects that can refer.
func (b *builder) sources() map[source]bool {
	out := map[source]bool{}
	for _, r := range b.Routes {
		out[routeSource(r)] = true
	}
	for _, gw := range b.Gateways {
		out[sourceOf(gw.Object)] = true
	}
	for _, s := range b.ListenerSets {
		out[sourceOf(s.Object)] = true
	}
	for o := range b.set.All() {
		if takesPlugins(o.Ref) {
			out[sourceOf(o)] = true
		}
	}
	return out
}

func allPresent(spec *gatewayv1.ReferenceGrant, present map[source]bool) bool {
	for _, f := range spec.Spec.From {
		if !present[fromSource(f)] {
			return false
		}
	}
	return true
}

func uses(namespace string, spec *gatewayv1.ReferenceGrant, needed map[permission]bool) bool {
	for _, f := range spec.Spec.From {
		for _, t := range spec.Spec.To {
			if needed[permission{namespace, fromSource(f), grantTarget(t)}] {
				return true
			}
		}
	}
	return false
}
