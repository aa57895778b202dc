package bind

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/manifest/konghq"
)

const (
	kindKongPlugin        = "KongPlugin"
	kindKongClusterPlugin = "KongClusterPlugin"
	// pluginsAnnotation names the plugins of the object that has it.
	pluginsAnnotation = "konghq.com/plugins"
	// classAnnotation names the Ingress class of a Kong that an object is for.
	classAnnotation = "kubernetes.io/ingress.class"
)

// Plugin is a KongPlugin, or a KongClusterPlugin that is ours.
type Plugin struct {
	Object manifest.Object
	Spec   *konghq.Plugin
	// Global says that the plugin is for all requests: a KongClusterPlugin with the label global: "true".
	Global bool
	// Config is the whole configuration, with what Secrets hold.
	Config map[string]any
	// Secrets are the places in Config of what Secrets hold, as field names: none of what is there must be shown. A list is secret as a
	// whole.
	Secrets [][]string
	// Reason is why the plugin cannot be used: InvalidPluginConfig; "" if it can. Nothing passes where it was to be.
	Reason string

	problems []diag.Finding // that make it unusable, and that do not
	used     bool
}

// String names the object, so that no configuration is printed by accident.
func (p *Plugin) String() string { return p.Object.Ref.String() }

// GoString does as String.
func (p *Plugin) GoString() string { return p.String() }

// PluginRef is a reference of an object to a plugin: an entry of its annotation konghq.com/plugins, or a filter of type ExtensionRef.
type PluginRef struct {
	// Field is where the object refers, such as "metadata.annotations[konghq.com/plugins]".
	Field string
	// Target is what is named: a KongPlugin, or the KongClusterPlugin that stands in for one that is not there.
	Target manifest.Ref
	// Plugin is nil unless Reason is "".
	Plugin *Plugin
	// Grant is the ReferenceGrant that allows a KongPlugin of another namespace; else zero.
	Grant manifest.Ref
	// Reason is "" if the plugin is usable, else RefNotPermitted, PluginNotFound or InvalidPluginConfig. No request may pass then.
	Reason string
}

// PluginRefs returns the plugins that an object's annotation konghq.com/plugins names, in order, each once: of a route of any kind, a
// Service, a KongConsumer, a KongConsumerGroup or a KongServiceFacade. The object is one of the manifests'.
func (g *Graph) PluginRefs(o manifest.Object) []PluginRef {
	if value, ok := o.Annotations()[pluginsAnnotation]; ok && takesPlugins(o.Ref) {
		return g.pluginRefs[pluginNames{sourceOf(o), value}]
	}
	return nil
}

// pluginNames is an annotation konghq.com/plugins, of an object of a kind in a namespace: whoever has it means the same plugins.
type pluginNames struct {
	from  source
	names string
}

// Plugin returns the KongPlugin or KongClusterPlugin of ours that r names.
func (g *Graph) Plugin(r manifest.Ref) (*Plugin, bool) {
	return find(g.Plugins, r, func(p *Plugin) manifest.Object { return p.Object })
}

// defaultIngressClass is that of the Ingress Controller.
const defaultIngressClass = "kong"

// IngressClass returns the Ingress class of the objects that are ours, see [Options.IngressClass].
func (g *Graph) IngressClass() string { return g.options.IngressClass }

// ofOurClass reports whether an object of the Ingress Controller's kinds is for our Kong: it names its Ingress class, or none.
func (g *Graph) ofOurClass(o manifest.Object) bool {
	return cmp.Or(o.Annotations()[classAnnotation], g.IngressClass()) == g.IngressClass()
}

// plugins finds the plugins of ours, and resolves the references to them that stand in annotations.
func (b *builder) plugins() {
	for o := range b.set.All() {
		var p *Plugin
		switch t := o.Typed.(type) {
		case *konghq.KongPlugin:
			p = &Plugin{Object: o, Spec: &t.Plugin}
		case *konghq.KongClusterPlugin:
			if !b.ofOurClass(o) {
				continue
			}
			p = &Plugin{Object: o, Spec: &t.Plugin, Global: t.Labels["global"] == "true"}
		default:
			continue
		}
		b.configure(p)
		b.Plugins = append(b.Plugins, p)
	}
	for o := range b.set.All() {
		if value, ok := o.Annotations()[pluginsAnnotation]; ok && takesPlugins(o.Ref) {
			if key := (pluginNames{sourceOf(o), value}); b.pluginRefs[key] == nil {
				b.pluginRefs[key] = b.annotated(o, value)
			}
		}
	}
}

// takesPlugins reports whether the annotation konghq.com/plugins means something on an object.
func takesPlugins(r manifest.Ref) bool {
	switch r.Kind {
	case kindHTTPRoute, kindGRPCRoute, kindTLSRoute, kindTCPRoute, kindUDPRoute:
		return r.Group == gatewayGroup
	case kindService:
		return r.Group == ""
	case "KongConsumer", kindKongConsumerGroup:
		return r.Group == konghq.Group
	}
	return r.Kind == "KongServiceFacade"
}

// annotated resolves what an annotation names: "a, namespace:b".
func (b *builder) annotated(o manifest.Object, value string) []PluginRef {
	var refs []PluginRef
	for entry := range strings.SplitSeq(value, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		ref := PluginRef{Field: "metadata.annotations[" + pluginsAnnotation + "]"}
		ref.Target = manifest.Ref{Group: konghq.Group, Kind: kindKongPlugin, Namespace: o.Ref.Namespace, Name: entry}
		if namespace, name, ok := strings.Cut(entry, ":"); ok {
			ref.Target.Namespace, ref.Target.Name = namespace, name
		}
		b.pluginRef(o, &ref)
		if !slices.ContainsFunc(refs, func(r PluginRef) bool { return r.Target == ref.Target }) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// pluginRef resolves a reference in the order grant, existence, configuration; the first that fails is the reason. Where the object's own
// namespace has no KongPlugin of that name, a KongClusterPlugin of the name stands in, as in the Ingress Controller.
func (b *builder) pluginRef(o manifest.Object, ref *PluginRef) {
	own := ref.Target.Namespace == o.Ref.Namespace
	if !own {
		grant, ok := b.grants.allow(sourceOf(o), ref.Target)
		if !ok {
			ref.Reason = RefNotPermitted
			return
		}
		ref.Grant = grant
	}
	p, ok := b.Plugin(ref.Target)
	if !ok && own && !b.set.Invalid(ref.Target) {
		cluster := manifest.Ref{Group: konghq.Group, Kind: kindKongClusterPlugin, Name: ref.Target.Name}
		if p, ok = b.Plugin(cluster); ok || b.set.Invalid(cluster) {
			ref.Target = cluster
		}
	}
	if !ok {
		ref.Reason = PluginNotFound
		return
	}
	p.used = true
	if ref.Reason = p.Reason; ref.Reason == "" {
		ref.Plugin = p
	}
}

// extension resolves what a filter of type ExtensionRef refers to: a KongPlugin of the route's namespace, the only kind that gwsync knows.
func (b *builder) extension(r *Route, f *Filter) {
	if f.Extension.Group != konghq.Group || f.Extension.Kind != kindKongPlugin {
		f.Reason = InvalidKind
		return
	}
	ref := PluginRef{Field: f.field + ".extensionRef", Target: f.Extension}
	b.pluginRef(r.Object, &ref)
	f.Reason, f.Plugin = ref.Reason, &ref
}

// pluginHolders iterates over the objects whose annotations name plugins, sorted, with what they name.
func (g *Graph) pluginHolders() iter.Seq2[manifest.Object, []PluginRef] {
	return func(yield func(manifest.Object, []PluginRef) bool) {
		for o := range g.set.All() {
			if refs := g.PluginRefs(o); refs != nil && !yield(o, refs) {
				return
			}
		}
	}
}
