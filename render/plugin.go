package render

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/lua"
	"github.com/gwsync/gwsync/render/manifest"
)

// The plugins that run Lua. The first runs before all others, the second after them (Kong 3.9.3, kong/plugins/*/handler.lua, PRIORITY).
const (
	preFunction  = "pre-function"
	postFunction = "post-function"
)

// plugin is what a filter, an annotation or an object asks of a plugin on a Route or Service. Kong has one plugin of a name there, so
// that those of one name become one, see [merge]. It is never written once it is in a list: what many ask for alike is one in memory.
type plugin struct {
	name   string
	config map[string]any
	// fields are those beside name and config, such as protocols.
	fields map[string]any
	// object, field and pos say what asks for it; zero for what no part of a manifest does.
	object manifest.Object
	field  string
	pos    diag.Pos
	// origin is the same for the plugin's entities, of a user's own.
	origin *kong.Origin
	// secrets are the places in config of what Secrets hold.
	secrets [][]string
	// user says that it is a user's own, which comes before what is generated, but for a guard: that keeps requests out which nothing else
	// is to see.
	user, guard bool
	// shuts says that it answers every request with 500, for want of something that might keep requests out.
	shuts bool
	// merged are the plugins that it was made of, if several, see [merge].
	merged []*plugin
}

// luaPlugin returns the plugin that runs a program in a phase ("rewrite", "access", "header_filter", ...).
func luaPlugin(name, phase string, program lua.Chunk) *plugin {
	return &plugin{name: name, config: map[string]any{phase: []any{string(program)}}}
}

// isLua reports whether the plugin runs Lua of its configuration.
func (p *plugin) isLua() bool { return p.name == preFunction || p.name == postFunction }

// settle returns the plugins for an entity of ours as [translator.combine] does. If it cannot, the answer is 500.
func (t *translator) settle(o manifest.Object, plugins []*plugin) []*plugin {
	if out, ok := t.combine(o, plugins); ok {
		return out
	}
	return []*plugin{internalError("invalid filter")}
}

// turn is when a plugin does its part, of those that become one: guards, users' own, generated ones.
func (p *plugin) turn() int {
	switch {
	case p.guard:
		return 0
	case p.user:
		return 1
	}
	return 2
}

// combine returns plugins each name once, in their turns. It returns false if some contradict each other, or the target's profile does not
// allow one, which is reported.
func (t *translator) combine(o manifest.Object, plugins []*plugin) ([]*plugin, bool) {
	plugins = slices.Clone(plugins)
	slices.SortStableFunc(plugins, func(a, b *plugin) int { return a.turn() - b.turn() })
	for _, p := range plugins {
		if t.target.Declarative && p.isLua() {
			f := unsupported(p.owner(o), p.field, "profile declarative does without Lua, and no other plugin of Kong can say this")
			f.Pos, f.Hint = firstPos(p.pos, f.Pos), "render it with --profile full, for a Kong whose untrusted_lua is sandbox (its default) or on"
			t.report(f)
			return nil, false
		}
	}
	merged, contradictions := merge(plugins)
	for _, c := range contradictions {
		f := unsupported(c.second.owner(o), c.second.field,
			fmt.Sprintf("it and another ask plugin %s for different values of %s, and a route has one", c.second.name, c.path))
		f.Pos, f.Related = firstPos(c.second.pos, f.Pos), slices.DeleteFunc([]diag.Pos{c.first.pos}, diag.Pos.IsZero)
		t.report(f)
	}
	return merged, len(contradictions) == 0
}

// owner returns the object that asks for the plugin, by default o.
func (p *plugin) owner(o manifest.Object) manifest.Object {
	if p.object.Ref == (manifest.Ref{}) {
		return o
	}
	return p.object
}

func firstPos(a, b diag.Pos) diag.Pos {
	if a.IsZero() {
		return b
	}
	return a
}

// contradiction is a field of one plugin for which two ask different values.
type contradiction struct {
	first, second *plugin
	path          string
}

// merge makes one plugin of those of one name, in the order of the first of each: lists are put behind each other, other values must
// agree, and so must what transformers do to one header. What the plugins hold is left as it is.
func merge(plugins []*plugin) ([]*plugin, []contradiction) {
	var out []*plugin
	var wrong []contradiction
	place := map[string]int{}
	for _, p := range plugins {
		at, ok := place[p.name]
		if !ok {
			place[p.name] = len(out)
			out = append(out, p)
			continue
		}
		first := out[at]
		report := func(path string) { wrong = append(wrong, contradiction{first, p, path}) }
		contradictPairs(first.config, p, report)
		both := *first
		if both.merged == nil {
			both.merged = []*plugin{first}
		}
		both.merged = append(slices.Clip(both.merged), p)
		both.config = mergeMaps(first.config, p.config, "config", report)
		both.fields = mergeMaps(first.fields, p.fields, "", report)
		both.secrets = slices.Concat(first.secrets, p.secrets)
		out[at] = &both
	}
	return out, wrong
}

func mergeMaps(a, b map[string]any, path string, contradict func(string)) map[string]any {
	out := maps.Clone(a)
	if out == nil {
		out = map[string]any{}
	}
	for _, k := range slices.Sorted(maps.Keys(b)) {
		old, ok := out[k]
		if !ok {
			out[k] = b[k]
			continue
		}
		at := k
		if path != "" {
			at = path + "." + k
		}
		out[k] = mergeValues(old, b[k], at, contradict)
	}
	return out
}

func mergeValues(a, b any, path string, contradict func(string)) any {
	if mapA, ok := a.(map[string]any); ok {
		if mapB, ok := b.(map[string]any); ok {
			return mergeMaps(mapA, mapB, path, contradict)
		}
	}
	listA, okA := items(a)
	listB, okB := items(b)
	switch {
	case okA && okB:
		return slices.Concat(listA, listB)
	case !reflect.DeepEqual(a, b):
		contradict(path)
	}
	return a
}

// items returns the elements of a list.
func items(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case []string:
		out := make([]any, len(v))
		for i, s := range v {
			out[i] = s
		}
		return out, true
	}
	return nil, false
}

// plugin attaches a plugin to a Route or Service.
func (t *translator) plugin(p *plugin, on made, tags []string, origin *kong.Origin) {
	t.pluginOn(p, []made{on}, tags, origin)
}

// pluginOn attaches a plugin to entities: a Route or a Service, a Consumer, or one of those and a Consumer.
func (t *translator) pluginOn(p *plugin, on []made, tags []string, origin *kong.Origin) {
	switch {
	case p.origin != nil:
		origin = p.origin
	case !p.pos.IsZero():
		origin = &kong.Origin{Object: p.diag(origin.Object), Field: p.field, Pos: p.pos}
	}
	fields := p.entity()
	for _, e := range on {
		row, _ := e.Kind.Row()
		fields[row.Singular] = e.ID
		if name, ok := fields["instance_name"].(string); ok {
			fields["instance_name"] = instance(name, e)
		}
	}
	t.addPlugin(p, pluginID(p.name, on), fields, tags, origin)
}

// entity returns the fields of a plugin that is for all requests.
func (p *plugin) entity() map[string]any {
	fields := map[string]any{"name": p.name, "config": p.config}
	maps.Copy(fields, p.fields)
	return fields
}

// addPlugin adds a plugin, with a user's own tags, and those that say where it has secrets.
func (t *translator) addPlugin(p *plugin, id string, fields map[string]any, tags []string, origin *kong.Origin) {
	if p.user {
		tags = t.tagsOf(p.object)
	}
	for _, path := range p.secrets {
		tags = append(tags, kong.SecretTag(append([]string{"config"}, path...)...))
	}
	t.explainPlugin(t.add(kong.Plugins, id, fields, tags, origin), p, origin)
}

func (p *plugin) diag(o diag.Object) diag.Object {
	if p.object.Ref == (manifest.Ref{}) {
		return o
	}
	return p.object.Ref.Diag()
}

// blocks reports whether a filter does not resolve and lets no request pass. Requests pass by a mirror that is not there.
func blocks(f bind.Filter) bool { return f.Reason != "" && f.Mirror == nil }
