package render

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// invalidPlugin is what Kong answers where a plugin that was asked for cannot be: it may be what keeps strangers out.
const invalidPlugin = "invalid plugin"

// userPlugin returns the plugin that a KongPlugin or KongClusterPlugin says.
func (t *translator) userPlugin(p *bind.Plugin) *plugin {
	if out, ok := t.users[p]; ok {
		return out
	}
	out := newUserPlugin(p)
	t.users[p] = out
	return out
}

func newUserPlugin(p *bind.Plugin) *plugin {
	out := &plugin{
		name: p.Spec.PluginName, config: p.Config, fields: map[string]any{}, secrets: p.Secrets, user: true,
		object: p.Object, field: "plugin", pos: p.Object.At("plugin"),
	}
	out.origin = &kong.Origin{Object: out.object.Ref.Diag(), Field: out.field, Pos: out.pos}
	if p.Spec.Disabled {
		out.fields["enabled"] = false
	}
	if len(p.Spec.Protocols) > 0 {
		out.fields["protocols"] = p.Spec.Protocols
	}
	if p.Spec.InstanceName != "" {
		out.fields["instance_name"] = p.Spec.InstanceName
	}
	return out
}

// isDisabled reports whether Kong passes the plugin over.
func (p *plugin) isDisabled() bool { return p.fields["enabled"] == false }

// answers reports whether the plugin answers every request by itself.
func (p *plugin) answers() bool {
	_, conditional := p.config["trigger"]
	return p.name == "request-termination" && !conditional && !p.isDisabled()
}

// userPlugins returns the plugins that an object refers to, each once. It returns false if one of them cannot be used, or if two are the
// same plugin of Kong: nothing may pass then.
func (t *translator) userPlugins(o manifest.Object, refs []bind.PluginRef) ([]*plugin, bool) {
	var out []*plugin
	first := map[string]bind.PluginRef{}
	for _, ref := range refs {
		if ref.Plugin == nil {
			return nil, false // bind said why
		}
		p := t.userPlugin(ref.Plugin)
		switch before, ok := first[p.name]; {
		case !ok:
			first[p.name] = ref
			out = append(out, p)
		case before.Target != ref.Target:
			t.report(diag.Finding{
				Severity: diag.Error, Code: bind.DuplicatePlugin, Object: o.Ref.Diag(), Pos: o.At(ref.Field), Field: ref.Field,
				Message: fmt.Sprintf("%s and %s are both plugin %s, and Kong has one of a name on a route or Service",
					before.Target, ref.Target, p.name),
				Hint:    "make one of the two, or refer to one only",
				Related: []diag.Pos{before.Plugin.Object.At(""), ref.Plugin.Object.At("")},
			})
			return nil, false
		}
	}
	return out, true
}

// attach adds to a rule the plugins that its route's annotation names, and its filters of type ExtensionRef.
func (t *translator) attach(r *rule) {
	refs := slices.Clone(t.graph.PluginRefs(r.bound.Object))
	for _, f := range slices.Concat(r.rule.Filters, r.sharedFilters()) {
		if f.Plugin != nil {
			refs = append(refs, *f.Plugin)
		}
	}
	plugins, ok := t.userPlugins(r.bound.Object, refs)
	if !ok {
		r.plugins = r.refuse(invalidPlugin)
		return
	}
	plugins, r.personal = t.takePersonal(plugins)
	r.answers = r.answers || slices.ContainsFunc(plugins, (*plugin).answers)
	r.plugins = append(plugins, r.plugins...)
}

// sharedFilters returns the filters of the rule's backends if all have the same: to the plugins among them it does not matter which of the
// backends a request is for.
func (r *rule) sharedFilters() []bind.Filter {
	var shared []bind.Filter
	first := true
	for _, b := range r.rule.Backends {
		switch {
		case b.Weight == 0:
		case first:
			shared, first = b.Filters, false
		case filtersKey(b.Filters) != filtersKey(shared):
			return nil
		}
	}
	return shared
}

// attachToService returns the plugins that the annotations of a rule's backends name, and whether they can be used. All must name the same:
// Kong has one Service for them.
func (t *translator) attachToService(r *rule, usable []bind.Backend) ([]*plugin, bool) {
	if r.refused || len(usable) == 0 {
		return nil, true
	}
	for i, b := range usable {
		refs := t.graph.PluginRefs(*b.Object)
		if i > 0 && !samePlugins(refs, t.graph.PluginRefs(*usable[0].Object)) {
			f := unsupported(r.bound.Object, fmt.Sprintf("spec.rules[%d].backendRefs[%d]", r.rule.Index, b.Index), fmt.Sprintf(
				"%s and %s name different plugins, but the backends of a rule share one Kong service", usable[0].Object.Ref, b.Object.Ref))
			f.Code = InconsistentAnnotations
			f.Related = []diag.Pos{usable[0].Object.At("metadata.annotations"), b.Object.At("metadata.annotations")}
			t.report(f)
			return nil, false
		}
	}
	return t.userPlugins(*usable[0].Object, t.graph.PluginRefs(*usable[0].Object))
}

// settleRule makes the plugins of a rule those that its Routes have, with those that they would put out of force. Where that cannot be, the
// Routes answer 500 and lead to no Service: plugins there could answer first, for somebody whom the others would have kept out. Where they
// are to answer 500 anyway, they do nothing else.
func (t *translator) settleRule(r *rule) {
	behind := r.behind()
	plugins := inherit(r.plugins, behind.plugins, t.everywhere)
	ok := !behind.shut && !t.closed && t.checkProtocols(r, plugins) && t.checkRewrite(r)
	if ok {
		r.plugins, ok = t.combine(r.bound.Object, plugins)
	}
	if !ok {
		plugins, r.service = []*plugin{internalError(invalidPlugin)}, nil
	}
	if i := slices.IndexFunc(plugins, func(p *plugin) bool { return p.shuts }); i >= 0 {
		plugins = t.soleError(plugins[i])
		r.plugins, r.personal = plugins, nil
	}
	r.generated = generated(plugins)
}

func samePlugins(a, b []bind.PluginRef) bool {
	targets := func(refs []bind.PluginRef) []string {
		var out []string
		for _, r := range refs {
			out = append(out, r.Target.String())
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(targets(a), targets(b))
}

// inherit adds to the plugins for an entity those of the same names that are for what is around it: of several plugins of a name, Kong runs
// the one on the Route, or else on the Service, or else for all requests. One that is generated must put none of a user's out of force, nor
// a user's one that is generated.
func inherit(plugins []*plugin, around ...[]*plugin) []*plugin {
	out := slices.Clone(plugins)
	for _, wider := range around {
		for _, p := range wider {
			named := func(q *plugin) bool { return q.name == p.name }
			users := func(q *plugin) bool { return q.name == p.name && q.user }
			if slices.ContainsFunc(out, named) && (!p.user || !slices.ContainsFunc(out, users)) {
				out = append(out, p)
			}
		}
	}
	return slices.DeleteFunc(out, func(p *plugin) bool {
		others := func(q *plugin) bool { return q.name == p.name && !q.isDisabled() }
		return p.isDisabled() && slices.ContainsFunc(out, others)
	})
}

// instance returns the name of a plugin's instance on an entity. Kong has one instance of a name, and a KongPlugin may be on many entities.
func instance(name string, on made) string {
	row, _ := on.Kind.Row()
	sum := sha256.Sum256([]byte(row.Singular + "/" + on.name))
	return name + "-" + hex.EncodeToString(sum[:])[:9]
}

// checkProtocols returns false, and reports it, if a user's plugin is for other protocols than the routes of a rule, and one that is
// generated shares its name: as one plugin, it would be without effect for the others.
func (t *translator) checkProtocols(r *rule, plugins []*plugin) bool {
	for _, p := range plugins {
		protocols, ok := p.fields["protocols"].([]string)
		generated := func(q *plugin) bool { return q.name == p.name && !q.user }
		if !ok || !slices.ContainsFunc(plugins, generated) {
			continue
		}
		for _, protocol := range r.protocols {
			if !slices.Contains(protocols, protocol) {
				f := unsupported(p.object, "protocols", fmt.Sprintf(
					"on %s it has to be one with the plugin %s that gwsync writes there, which is for %s as well", r.bound.Object.Ref, p.name,
					strings.Join(r.protocols, " and ")))
				f.Related = []diag.Pos{r.rule.Pos}
				t.report(f)
				return false
			}
		}
	}
	return true
}
