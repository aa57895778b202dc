package render

import (
	"slices"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// globals takes up the KongClusterPlugins that are for all requests.
func (t *translator) globals() {
	for o := range t.set.All() {
		if p, ok := t.graph.Plugin(o.Ref); ok && p.Global {
			t.everyPlugin(p)
		} else if o.Ref.Kind == "KongClusterPlugin" {
			t.ours(o)
		}
	}
}

// everyPlugin takes up one plugin for all requests. If it cannot be, nothing of ours is to pass.
func (t *translator) everyPlugin(p *bind.Plugin) {
	out := t.userPlugin(p)
	switch {
	case p.Reason != "":
		t.closed = true
		t.report(unsupported(p.Object, "plugin", "the plugin is for all requests and cannot be used, so that the routes answer 500"))
	case slices.ContainsFunc(t.everywhere, out.named): // bind said so
		t.closed = true
		t.report(unsupported(p.Object, "plugin", "another is plugin "+out.name+" for all requests, too, "+
			"and one of the two would be without effect, so that the routes answer 500"))
	default:
		t.everywhere = append(t.everywhere, out)
	}
}

// settleEverywhere returns the plugins for all requests, each name once. Where a user's cannot be there, it is reported and left out, and
// our routes answer 500, since it may be what keeps strangers out; a plugin for all requests that does so would answer for the routes of
// others, too.
func (t *translator) settleEverywhere() []*plugin {
	var out []*plugin
	seen := map[string]bool{}
	for _, p := range t.everywhere {
		if seen[p.name] {
			continue
		}
		seen[p.name] = true
		all := inherit(slices.DeleteFunc(slices.Clone(t.everywhere), func(q *plugin) bool { return !p.named(q) }))
		merged, ok := t.combine(manifest.Object{}, all)
		if ok = ok && t.forAllProtocols(all); !ok {
			t.closed = true
			merged, _ = merge(t.allowed(generated(all)))
		}
		out = append(out, merged...)
	}
	return out
}

// allowed returns the plugins that the target's profile allows.
func (t *translator) allowed(plugins []*plugin) []*plugin {
	return slices.DeleteFunc(plugins, func(p *plugin) bool { return t.target.Declarative && p.isLua() })
}

// forAllProtocols reports whether users' plugins are for all protocols for which those are that gwsync writes. The first that is not is a
// finding.
func (t *translator) forAllProtocols(plugins []*plugin) bool {
	if len(generated(plugins)) == 0 {
		return true
	}
	for _, p := range plugins {
		protocols, ok := p.fields["protocols"].([]string)
		if ok && (!slices.Contains(protocols, "http") || !slices.Contains(protocols, "https")) {
			f := unsupported(p.object, "protocols", "it has to be one with the plugin "+p.name+
				" that gwsync writes for all requests, which is for http and https, so that the routes answer 500")
			f.Related = slices.DeleteFunc([]diag.Pos{generated(plugins)[0].pos}, diag.Pos.IsZero)
			t.report(f)
			return false
		}
	}
	return true
}

// addGlobal adds the plugins for all requests.
func (t *translator) addGlobal(plugins []*plugin) {
	for _, p := range plugins {
		origin := &kong.Origin{Object: p.object.Ref.Diag(), Field: p.field, Pos: p.pos}
		t.addPlugin(p, kong.ID(kong.Plugins, p.name+":global"), p.entity(), objectTags(p.object.Ref), origin)
	}
}
