package diff

import (
	"iter"
	"slices"

	"github.com/gwsync/gwsync/render/kong"
)

// guard is the plan seen from the routes: which plugins guard which route before and after, which writes change that,
// and which routes have to be closed meanwhile.
//
// Global plugins guard every route, foreign ones included. What they do may be what a route matches by, such as a header that they set: a
// route changes only after they are created, and before they are deleted, and is closed while they are updated. Plugins of a consumer guard
// no route in particular: they are written with the others, and only waited for.
type guard struct {
	plan     Plan
	changes  map[kong.Key]int
	services map[string]*service
	routes   map[string]*route
	plugins  map[int]*pluginWrite // by change
	// unscoped says that plugins are written that guard no route in particular, and global what is done to those for all requests.
	unscoped bool
	// everywhere says that there are such plugins, changed or not.
	everywhere bool
	global     map[Op]bool
	// guarded says that a route or a service has plugins, before or after: then it matters in which order routes come and go.
	guarded bool
	// admits says that credentials are created, or pass from one consumer to another.
	admits bool

	// serviceOrder and routeOrder make the walks deterministic: live entities first, then new ones.
	serviceOrder []*service
	routeOrder   []*route
}

func newGuard(p Plan) *guard {
	g := &guard{
		plan:     p,
		changes:  make(map[kong.Key]int, len(p.changes)),
		services: map[string]*service{},
		routes:   map[string]*route{},
		plugins:  map[int]*pluginWrite{},
		global:   map[Op]bool{},
	}
	for i, c := range p.changes {
		g.changes[c.Entity().Key()] = i
		g.admits = g.admits || c.Op != Delete && c.Entity().Kind().IsCredential()
	}
	g.addServices()
	g.addRoutes()
	g.addPlugins()
	g.soil()
	return g
}

// changeOf returns the index of the entity's change, or -1.
func (g *guard) changeOf(k kong.Key) int {
	if i, ok := g.changes[k]; ok {
		return i
	}
	return -1
}

// sides iterates over the entities of a kind that are in live or desired. A foreign entity is the same on both sides.
func (g *guard) sides(k kong.Kind) iter.Seq2[kong.Entity, kong.Entity] {
	return func(yield func(before, after kong.Entity) bool) {
		for before := range g.plan.live.Of(k) {
			after := before
			if g.plan.owner.owns(before) {
				after, _ = g.plan.desired.Get(before.Key())
			}
			if !yield(before, after) {
				return
			}
		}
		for after := range g.plan.desired.Of(k) {
			if _, ok := g.plan.live.Get(after.Key()); !ok && !yield(kong.Entity{}, after) {
				return
			}
		}
	}
}

// either returns after, or before if there is no after.
func either(before, after kong.Entity) kong.Entity {
	if after.IsZero() {
		return before
	}
	return after
}

// writes reports whether an entity may be written: it is ours, and not one that stays as it is. Were it closed, and the run killed, nothing
// would know how to open it again.
func (g *guard) writes(e kong.Entity) bool { return g.plan.owner.owns(e) && g.plan.kept[e.Key()] == "" }

func (g *guard) addServices() {
	for before, after := range g.sides(kong.Services) {
		e := either(before, after)
		if g.plan.owner.keeps(e) {
			continue
		}
		s := &service{before: before, after: after, ours: g.writes(e), change: g.changeOf(e.Key())}
		g.services[e.ID()] = s
		g.serviceOrder = append(g.serviceOrder, s)
	}
}

func (g *guard) addRoutes() {
	for before, after := range g.sides(kong.Routes) {
		e := either(before, after)
		r := &route{before: before, after: after, ours: g.writes(e), change: g.changeOf(e.Key())}
		r.from, r.to = g.serviceOf(before), g.serviceOf(after)
		if r.from != nil {
			r.from.routes = append(r.from.routes, r)
		}
		if r.to != nil && r.to != r.from {
			r.to.arrivals = append(r.to.arrivals, r)
		}
		g.routes[e.ID()] = r
		g.routeOrder = append(g.routeOrder, r)
	}
}

func (g *guard) serviceOf(e kong.Entity) *service {
	to, _ := e.Ref("service")
	return g.services[to.ID]
}

func (g *guard) addPlugins() {
	for before, after := range g.sides(kong.Plugins) {
		w := &pluginWrite{change: g.changeOf(either(before, after).Key())}
		if !before.IsZero() {
			g.scope(w, before, func(on *guards) { on.had++ })
		}
		if !after.IsZero() {
			g.scope(w, after, func(on *guards) { on.has++ })
		}
		loose := len(w.routes)+len(w.services) == 0
		g.guarded = g.guarded || !loose
		g.everywhere = g.everywhere || loose
		if w.change < 0 || !matters(g.plan.changes[w.change]) {
			continue
		}
		if loose {
			g.unscoped = true
			if c := g.plan.changes[w.change]; isGlobal(c) {
				g.global[c.Op] = true
			}
			continue
		}
		w.op = g.plan.changes[w.change].Op
		g.plugins[w.change] = w
		for _, r := range w.routes {
			r.writes = append(r.writes, w)
		}
		for _, s := range w.services {
			s.writes = append(s.writes, w)
		}
	}
}

// isGlobal reports whether a change is about a plugin for all requests.
func isGlobal(c Change) bool {
	for range c.Entity().Refs() {
		return false
	}
	return c.Entity().Kind() == kong.Plugins
}

// scope notes what the plugin guards. A plugin with a route and a service runs for requests that match both, which the
// route decides.
func (g *guard) scope(w *pluginWrite, plugin kong.Entity, count func(*guards)) {
	if to, ok := plugin.Ref("route"); ok {
		if r := g.routes[to.ID]; r != nil {
			count(&r.guards)
			if !slices.Contains(w.routes, r) {
				w.routes = append(w.routes, r)
			}
		}
		return
	}
	to, _ := plugin.Ref("service")
	if s := g.services[to.ID]; s != nil {
		count(&s.guards)
		if !slices.Contains(w.services, s) {
			w.services = append(w.services, s)
		}
	}
}

// soil marks the services and routes by which requests get elsewhere afterwards: those that change themselves, services whose
// upstream or its targets do, and routes to such services.
func (g *guard) soil() {
	upstreams := map[string]bool{}
	for _, c := range g.plan.changes {
		for _, e := range []kong.Entity{c.Before, c.After} {
			if name := g.upstreamName(e); name != "" && matters(c) {
				upstreams[name] = true
			}
		}
	}
	for _, s := range g.serviceOrder {
		s.dirty = s.change >= 0 && matters(g.plan.changes[s.change]) ||
			upstreams[s.before.Text("host")] || upstreams[s.after.Text("host")]
	}
	for _, r := range g.routeOrder {
		r.dirty = r.from != r.to || r.change >= 0 && matters(g.plan.changes[r.change]) ||
			r.from != nil && r.from.dirty || r.to != nil && r.to.dirty
	}
}

// upstreamName returns the name of the upstream that e is, or is a target of, else "".
func (g *guard) upstreamName(e kong.Entity) string {
	switch e.Kind() {
	case kong.Upstreams:
		return e.Text("name")
	case kong.Targets:
		to, _ := e.Ref("upstream")
		if u, ok := g.plan.live.Get(to); ok {
			return u.Text("name")
		}
	default:
	}
	return ""
}

// harmless are fields that decide neither which requests get where nor what a plugin does to them, beside tags.
//
// Source: Kong 3.9.3, kong/db/schema/entities/*.lua.
var harmless = map[kong.Kind][]string{
	kong.Plugins:  {"instance_name"},
	kong.Routes:   {"name", "https_redirect_status_code", "request_buffering", "response_buffering"},
	kong.Services: {"name", "retries", "connect_timeout", "read_timeout", "write_timeout"},
	kong.Targets:  {"weight"},
	kong.Upstreams: {"algorithm", "slots", "healthchecks", "hash_on", "hash_on_header", "hash_on_cookie", "hash_on_cookie_path",
		"hash_on_query_arg", "hash_on_uri_capture", "hash_fallback", "hash_fallback_header", "hash_fallback_query_arg",
		"hash_fallback_uri_capture"},
}

// matters reports whether the change makes a difference to which requests get where, or to what a plugin does to them.
func matters(c Change) bool {
	if c.Op != Update {
		return true
	}
	return slices.ContainsFunc(c.Fields, func(f Field) bool {
		return f.Name() != "tags" && !slices.Contains(harmless[c.After.Kind()], f.Name())
	})
}
