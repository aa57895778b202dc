package render

import (
	"fmt"
	"slices"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// consumer is a Consumer and the plugins that its KongConsumer names.
//
// Of several plugins of a name Kong runs one: that of the Route and the Consumer, of the Service and the Consumer, of the Consumer, of the
// Route, of the Service, or the one for all requests, in this order (Kong 3.9.3, kong/runloop/plugins_iterator.lua). A plugin that a route
// or a Service names too is for the requests of the Consumer there, and for no others, as the Ingress Controller has it. One that nobody
// else names is for all requests of the Consumer, and must not put out of force what gwsync writes on a Route: there it has to be one with
// that.
type consumer struct {
	object  manifest.Object
	entity  made
	plugins []*plugin
}

// consumerPlugins takes up the plugins that a KongConsumer names. Where one of them cannot be used, nothing of the Consumer passes.
func (t *translator) consumerPlugins(o manifest.Object, e made) {
	refs := t.graph.PluginRefs(o)
	if len(refs) == 0 {
		return
	}
	plugins, ok := t.userPlugins(o, refs)
	for i, p := range plugins {
		if slices.Contains(notForConsumers(), p.name) {
			f := unsupported(o, refs[i].Field,
				fmt.Sprintf("Kong has no plugin %s for a consumer: it runs before Kong knows whose a request is", p.name))
			f.Pos, f.Related = o.At(refs[i].Field), []diag.Pos{p.pos}
			f.Hint = "name it in the annotation of a route or a Service"
			t.report(f)
			ok = false
		}
	}
	if !ok {
		plugins = []*plugin{internalError(invalidPlugin)}
	}
	for _, p := range plugins {
		t.personal[p.object.Ref] = true
	}
	t.people = append(t.people, consumer{o, e, plugins})
}

// notForConsumers are the plugins of an open-source Kong that take no consumer.
//
// Source: Kong 3.9.3, kong/plugins/*/schema.lua (typedefs.no_consumer).
func notForConsumers() []string {
	return []string{"acl", "acme", "ai-request-transformer", "basic-auth", "bot-detection", "cors", "hmac-auth",
		"jwt", "key-auth", "ldap-auth", "oauth2", "post-function", "pre-function", "session", "standard-webhooks"}
}

// takePersonal splits plugins for a route or a Service into those for all of its requests and those for certain consumers.
func (t *translator) takePersonal(plugins []*plugin) (all, personal []*plugin) {
	if len(t.personal) == 0 {
		return plugins, nil
	}
	for _, p := range plugins {
		if p.user && t.personal[p.object.Ref] {
			t.placing[p.object.Ref] = true
			personal = append(personal, p)
		} else {
			all = append(all, p)
		}
	}
	return all, personal
}

// personalOn adds the plugins for consumers on a Service: those that both it and they name. There they are one with what gwsync writes.
func (t *translator) personalOn(service made, personal, generated []*plugin, origin *kong.Origin) {
	for _, c := range t.people {
		for _, p := range c.plugins {
			if slices.ContainsFunc(personal, p.same) {
				t.addPersonal(c, p, generated, origin, service)
			}
		}
	}
}

// personalRoute adds the plugins for consumers on a Route of a rule: those that both its route and they name, and those that would put out
// of force what gwsync writes there, unless they answer all requests, so that nothing passes.
func (t *translator) personalRoute(r *rule, e made, origin *kong.Origin) {
	for _, c := range t.people {
		for _, p := range c.plugins {
			reaches := slices.ContainsFunc(r.behind().personal, p.same) || !t.placed[p.object.Ref]
			overrides := reaches && !p.answers() && slices.ContainsFunc(r.generated, p.named)
			if overrides || slices.ContainsFunc(r.personal, p.same) {
				t.addPersonal(c, p, r.generated, origin, e)
			}
		}
	}
}

// personalEverywhere adds the plugins for all requests of consumers: those that no route and no Service names.
func (t *translator) personalEverywhere() {
	for _, c := range t.people {
		origin := &kong.Origin{Object: c.object.Ref.Diag(), Pos: c.object.At("")}
		for _, p := range c.plugins {
			if !t.placed[p.object.Ref] || !p.user {
				t.addPersonal(c, p, generated(t.everywhere), origin)
			}
		}
	}
}

// addPersonal adds a plugin for a consumer, on an entity or for all requests, with those generated of its name.
func (t *translator) addPersonal(c consumer, p *plugin, generated []*plugin, origin *kong.Origin, on ...made) {
	same := []*plugin{p}
	for _, g := range generated {
		if p.named(g) {
			same = append(same, g)
		}
	}
	for _, q := range t.settle(c.object, same) {
		t.pluginOn(q, append(slices.Clone(on), c.entity), t.tagsOf(c.object), origin)
	}
}

// generated returns the plugins that are none of a user's.
func generated(plugins []*plugin) []*plugin {
	var out []*plugin
	for _, p := range plugins {
		if !p.user {
			out = append(out, p)
		}
	}
	return out
}

// same reports whether both come from one object.
func (p *plugin) same(q *plugin) bool { return p.user && q.user && p.object.Ref == q.object.Ref }

// named reports whether both have one name, so that Kong has one of them in a place.
func (p *plugin) named(q *plugin) bool { return p.name == q.name }
