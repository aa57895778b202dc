package bind

import (
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/manifest/konghq"
	"slices"
)

// pluginChecks tells how far a reference to a plugin got.
func (c checker) pluginChecks(o manifest.Object, ref PluginRef) []Check {
	if ref.Target.Kind == kindKongClusterPlugin {
		p, _ := c.Plugin(ref.Target)
		return append([]Check{pass(checkGrant, diag.Pos{}, "a KongClusterPlugin is for all namespaces: no ReferenceGrant needed")},
			c.configCheck(o, ref, p)...)
	}
	grant := c.grantCheck(sourceOf(o), ref.Target, ref.Grant).in(ref.Field)
	if !grant.Passed {
		return []Check{grant}
	}
	p, _ := c.Plugin(ref.Target)
	return append([]Check{grant}, c.configCheck(o, ref, p)...)
}

// configCheck tells whether a plugin is there and can be used.
func (c checker) configCheck(o manifest.Object, ref PluginRef, p *Plugin) []Check {
	if p == nil {
		other := func() string { return c.otherPlugins(ref.Target) }
		return []Check{c.absent(checkExists, PluginNotFound, o.At(ref.Field), ref.Target, other).in(ref.Field)}
	}
	exists := pass(checkExists, p.Object.At(""), "%s is plugin %s", p.Object.Ref, p.Spec.PluginName)
	if p.Reason != "" {
		return []Check{exists, deny(checkParameters, p.Reason, p.Object.At(""), "%s cannot be used: %s", p.Object.Ref, p.Reason).
			in(ref.Field).fix(say("correct the plugin%s", place(p.Object.At(""))))}
	}
	return []Check{exists}
}

// otherPlugins says which plugin may have been meant.
func (c checker) otherPlugins(target manifest.Ref) string {
	cluster := manifest.Ref{Group: konghq.Group, Kind: kindKongClusterPlugin, Name: target.Name}
	if o, ok := c.set.Get(cluster); ok {
		if !c.ofOurClass(o) {
			return say("%s%s is of the Ingress class %s, not %s", cluster, place(o.At("")), o.Annotations()[classAnnotation], c.options.IngressClass)
		}
		return say("name it without a namespace: %s is a KongClusterPlugin", target.Name)
	}
	here := slices.Concat(c.names()[scope{kind: kindKongPlugin, namespace: target.Namespace}], c.names()[scope{kind: kindKongClusterPlugin}])
	if near := c.guess.nearest(target.Name, here); len(near) > 0 {
		return say("did you mean %s?", either(near, 3))
	}
	return say("add the KongPlugin to namespace %s", target.Namespace)
}

// reportPluginRefs reports what is wrong with the plugins that an object's annotation names.
func (b *builder) reportPluginRefs(o manifest.Object) {
	for _, ref := range b.PluginRefs(o) {
		if ref.Reason == "" || ref.Reason == InvalidPluginConfig { // which is said at the plugin
			continue
		}
		c, _ := failed(b.pluginChecks(o, ref))
		f := diag.Finding{
			Severity: diag.Error, Code: c.Reason, Object: o.Ref.Diag(), Pos: o.At(ref.Field), Field: ref.Field,
			Message: c.Detail + ": requests are answered with an error", Hint: c.Fix,
		}
		if !c.Pos.IsZero() && c.Pos != f.Pos {
			f.Related = []diag.Pos{c.Pos}
		}
		b.report(f)
	}
}

// reportPlugins reports what is wrong with plugins that are used, which are not used, and references to them from other objects than
// routes.
func (b *builder) reportPlugins() {
	for o := range b.pluginHolders() {
		if _, isRoute := b.Route(o.Ref); !isRoute {
			b.reportPluginRefs(o)
		}
	}
	for _, p := range b.Plugins {
		if p.used || p.Global {
			b.findings = append(b.findings, p.problems...)
			continue
		}
		b.report(diag.Finding{
			Severity: diag.Info, Code: UnusedPlugin, Object: p.Object.Ref.Diag(), Pos: p.Object.At(""),
			Message: "nothing refers to the plugin: it has no effect", Hint: b.useFix(p),
		})
	}
	b.reportGlobals()
}

// useFix says how a plugin gets an effect.
func (b *builder) useFix(p *Plugin) string {
	hint := say("name it in the annotation %s of a route or a Service", pluginsAnnotation)
	if p.Object.Ref.Kind == kindKongClusterPlugin {
		return hint + `, or give it the label global: "true" for all requests`
	}
	return hint + ", or remove it"
}

// reportGlobals reports several plugins of one name for all requests, of which a Kong has one.
func (b *builder) reportGlobals() {
	first := map[string]*Plugin{}
	for _, p := range b.Plugins {
		switch before := first[p.Spec.PluginName]; {
		case !p.Global:
		case before == nil:
			first[p.Spec.PluginName] = p
		default:
			b.report(diag.Finding{
				Severity: diag.Error, Code: DuplicatePlugin, Object: p.Object.Ref.Diag(), Pos: p.Object.At("plugin"), Field: "plugin",
				Message: say("%s is plugin %s for all requests, too, and a Kong has one", before.Object.Ref, p.Spec.PluginName),
				Hint:    "make one of the two, or remove the label global from one",
				Related: []diag.Pos{before.Object.At("plugin")},
			})
		}
	}
}

// explainPlugins tells how the plugins that an object's annotation names were resolved.
func (c checker) explainPlugins(o manifest.Object) []Explanation {
	var parts []Explanation
	for i, ref := range c.PluginRefs(o) {
		e := Explanation{
			Title: say("plugin %d: %s", i, ref.Target), Pos: o.At(ref.Field), Checks: c.pluginChecks(o, ref), OK: ref.Reason == "",
			Verdict: "resolved",
		}
		if ref.Reason != "" {
			e.Verdict = "not resolved: " + ref.Reason + ": requests are answered with an error"
		}
		parts = append(parts, e)
	}
	return parts
}

// explainPlugin tells who refers to a plugin, and what is wrong with it.
func (c checker) explainPlugin(p *Plugin) Explanation {
	e := c.explainTarget(p.Object)
	for _, f := range p.problems {
		if f.Severity == diag.Error {
			e.Checks = append(e.Checks, deny(checkParameters, f.Code, f.Pos, "%s: %s", f.Field, f.Message).fix(f.Hint))
		}
	}
	switch {
	case p.Reason != "":
		e.OK, e.Verdict = false, "cannot be used: "+p.Reason
	case p.Global:
		e.Verdict = "for all requests"
	}
	return e
}
