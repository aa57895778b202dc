package diff_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// world is a Kong in memory that takes one write at a time and refuses what Kong would refuse.
type world map[kong.Key]kong.Entity

func newWorld(s kong.State) world {
	w := world{}
	for e := range s.All() {
		w[e.Key()] = e
	}
	return w
}

func (w world) state(t *testing.T) kong.State {
	t.Helper()
	s, err := kong.NewState(slices.Collect(maps.Values(w))...)
	if err != nil {
		t.Fatalf("the model holds what no Kong can hold: %v", err)
	}
	return s
}

// write returns the Kong after one write, or why that write breaks a law or would be refused. What is not ours may be written where it
// is adopted.
func (w world) write(wr diff.Write, adopted map[kong.Key]bool) (world, error) {
	e, next := wr.Entity, maps.Clone(w)
	old, exists := w[e.Key()]
	if exists != (wr.Op != diff.Create) {
		return nil, fmt.Errorf("%v: exists is %v", wr, exists)
	}
	if foreign := exists && !diff.Owned(old, instance); foreign && !adopted[old.Key()] || !foreign && !diff.Owned(e, instance) {
		return nil, fmt.Errorf("%v: not ours (law 6)", wr)
	}
	if wr.Op == diff.Delete {
		delete(next, e.Key())
		for _, other := range w {
			for _, to := range other.Refs() {
				if to == e.Key() {
					return nil, fmt.Errorf("%v: %s %s refers to it (law 3)", wr, other.Kind(), other.Name())
				}
			}
		}
		return next, nil
	}
	for _, to := range e.Refs() {
		if _, ok := w[to]; !ok {
			return nil, fmt.Errorf("%v: refers to %s, which does not exist (law 3)", wr, to)
		}
	}
	for _, other := range w {
		if other.Kind() == e.Kind() && other.ID() != e.ID() && e.Natural() != "" && other.Natural() == e.Natural() {
			return nil, fmt.Errorf("%v: the natural key is taken", wr)
		}
		for _, field := range []string{"custom_id", "instance_name"} {
			if other.Kind() == e.Kind() && other.ID() != e.ID() && e.Text(field) != "" && other.Text(field) == e.Text(field) {
				return nil, fmt.Errorf("%v: %s has that %s", wr, other.Name(), field)
			}
		}
	}
	next[e.Key()] = e
	return next, nil
}

// guards are the plugins that a route carries: what each does, without its id, scope and tags.
type guards map[string]bool

func (g guards) covers(of guards) bool {
	for p := range of {
		if !g[p] {
			return false
		}
	}
	return true
}

func (g guards) String() string { return fmt.Sprint(slices.Sorted(maps.Keys(g))) }

// traffic is what a Kong serves on one route that can match: with which guards, and where requests get.
type traffic struct {
	guards guards
	// route is what matches, service where it is sent.
	route, service string
	// undisturbed is the same before and after where a route has no reason to be closed meanwhile.
	undisturbed string
}

// refuses reports whether requests get nowhere: a route without a service answers 503 itself.
func (t traffic) refuses() bool { return t.service == "" && len(t.guards) == 0 }

// view is what a Kong's workers read off a state: the router's part, and the list of plugins.
type view struct {
	open               map[string]traffic // by route, without guards
	on                 map[string]string  // the service of an open route
	onRoute, onService map[string][]string
	winners            map[string]rank // the route of each of [requests] that one matches
	onAll              []string        // plugins for all requests
	foreign            map[string]bool // services with routes that are not ours
}

func newView(w world) view {
	v := view{open: map[string]traffic{}, on: map[string]string{}, onRoute: map[string][]string{}, onService: map[string][]string{},
		winners: map[string]rank{}, foreign: map[string]bool{}}
	ranks := map[string]rank{}
	for k, e := range w {
		switch k.Kind {
		case kong.Plugins:
			if r, ok := e.Ref("route"); ok {
				v.onRoute[r.ID] = append(v.onRoute[r.ID], effect(e, "tags", "instance_name", "service", "route"))
			} else if s, ok := e.Ref("service"); ok {
				v.onService[s.ID] = append(v.onService[s.ID], effect(e, "tags", "instance_name", "service"))
			} else {
				v.onAll = append(v.onAll, effect(e, "tags", "instance_name"))
			}
		case kong.Routes:
			if to, ok := e.Ref("service"); ok && !diff.Owned(e, instance) {
				v.foreign[to.ID] = true
			}
			if service, enabled := w.destination(e); enabled && !neverMatches(e) {
				to, _ := e.Ref("service")
				v.open[e.ID()], v.on[e.ID()] = traffic{route: effect(e, "tags", "name"), service: service}, to.ID
				ranks[e.ID()] = rankOf(e)
			}
		default:
		}
	}
	for _, path := range requests {
		for _, r := range ranks {
			if winner, ok := v.winners[path]; r.matches(path) && (!ok || r.compare(winner) > 0) {
				v.winners[path] = r
			}
		}
	}
	return v
}

// requests are paths that are requested. A route for all of them may be all that is left for a request whose route is closed.
var requests = []string{"/a", "/b", "/c"}

// rank is what a route matches, and which of two that do is tried first.
type rank struct {
	exact, prefix string
	priority      uint64
	id            string
	foreign       bool
}

func rankOf(e kong.Entity) rank {
	r := rank{id: e.ID(), prefix: "none", foreign: !diff.Owned(e, instance)}
	r.priority, _ = route.Priority(e)
	if paths := e.Strings("paths"); len(paths) > 0 {
		r.prefix = paths[0]
	}
	if _, err := fmt.Sscanf(e.Text("expression"), "http.path == %q", &r.exact); err != nil {
		_, _ = fmt.Sscanf(e.Text("expression"), "http.path ^= %q", &r.prefix)
	}
	return r
}

func (r rank) matches(path string) bool { return path == r.exact || strings.HasPrefix(path, r.prefix) }

func (r rank) compare(o rank) int {
	return cmp.Or(cmp.Compare(r.priority, o.priority), cmp.Compare(r.id, o.id))
}

// serve returns what a Kong serves whose router has taken up the one view, and whose plugin list the other.
func serve(router, plugins view) map[string]traffic {
	out := map[string]traffic{}
	for id, t := range router.open {
		t.guards = guards{}
		for _, list := range [][]string{plugins.onRoute[id], plugins.onService[router.on[id]]} {
			for _, p := range list {
				t.guards[p] = true
			}
		}
		slices.Sort(plugins.onRoute[id])
		slices.Sort(plugins.onService[router.on[id]])
		slices.Sort(plugins.onAll)
		t.undisturbed = fmt.Sprint(router.on[id], plugins.onRoute[id], plugins.onService[router.on[id]], plugins.onAll)
		if router.foreign[router.on[id]] {
			t.undisturbed = ""
		}
		out[id] = t
	}
	return out
}

// destination returns where the route's service sends requests, and whether it is enabled.
func (w world) destination(route kong.Entity) (string, bool) {
	to, ok := route.Ref("service")
	if !ok {
		return "", true
	}
	s, ok := w[to]
	if enabled, set := s.Field("enabled"); !ok || set && enabled == false {
		return "", false
	}
	var targets []string
	for k, e := range w {
		if up, ok := e.Ref("upstream"); ok && k.Kind == kong.Targets && w[up].Name() == s.Text("host") {
			targets = append(targets, e.Text("target"))
		}
	}
	slices.Sort(targets)
	return effect(s, "tags", "name") + fmt.Sprint(targets), true
}

// neverMatches knows the contradictions of package diff by their meaning, not by its code.
func neverMatches(route kong.Entity) bool {
	return route.Text("expression") == "(net.dst.port == 0) && (net.dst.port == 1)" ||
		slices.Equal(route.Strings("paths"), []string{"~/$gwsync-parked"})
}

// effect returns the entity's fields, but for the given ones.
func effect(e kong.Entity, without ...string) string {
	var b []byte
	for name, v := range e.Fields() {
		if !slices.Contains(without, name) {
			b = fmt.Appendf(b, "%s=%v ", name, v)
		}
	}
	return string(b)
}

// watcher checks law 4: no request gets to another route than before or after, and whatever requests can match carries its whole old set of
// plugins or its whole new one, and a set that covers where they get, while the workers' routers and plugin lists lag behind, each by
// itself, since they last settled. A route that cannot be closed loses plugins of ours one by one, and nothing else.
type watcher struct {
	before, after map[string]traffic
	// others are routes of others, or that stay, on no service that is ours to write: nothing can close them.
	others map[string]bool
	// old and new are the routes of the requests.
	old, new map[string]rank
	window   []view
}

func newWatcher(live, final kong.State) *watcher {
	l, f := newView(newWorld(live)), newView(newWorld(final))
	return &watcher{before: serve(l, l), after: serve(f, f), others: others(final, nil), old: l.winners, new: f.winners, window: []view{l}}
}

// newPlanWatcher returns a watcher that knows what a plan leaves as it is.
func newPlanWatcher(p diff.Plan, live, final kong.State) *watcher {
	kept := map[kong.Key]bool{}
	for _, l := range p.Leftovers() {
		kept[l.Entity.Key()] = true
	}
	w := newWatcher(live, final)
	w.others = others(final, kept)
	return w
}

func others(s kong.State, kept map[kong.Key]bool) map[string]bool {
	writable := func(e kong.Entity) bool { return diff.Owned(e, instance) && !kept[e.Key()] }
	out := map[string]bool{}
	for r := range s.Of(kong.Routes) {
		to, _ := r.Ref("service")
		service, ok := s.Get(to)
		out[r.ID()] = !writable(r) && (!ok || !writable(service))
	}
	return out
}

func (w *watcher) settle() { w.window = w.window[len(w.window)-1:] }

// see checks the state after one more write, against all that workers may not have taken up yet.
func (w *watcher) see(state world) error {
	now := newView(state)
	for id, t := range w.before {
		if _, open := now.open[id]; !open && t.undisturbed != "" && t.undisturbed == w.after[id].undisturbed {
			return fmt.Errorf("route %s is closed without need", id)
		}
	}
	w.window = append(w.window, now)
	for _, earlier := range w.window {
		for _, pair := range [][2]view{{now, earlier}, {earlier, now}} {
			served := serve(pair[0], pair[1])
			for id, t := range served {
				if err := w.check(id, t); err != nil {
					return fmt.Errorf("route %s: %w", id, err)
				}
			}
			for path, r := range pair[0].winners {
				if err := w.elsewhere(path, r, served[r.id]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// elsewhere returns an error if a request gets to a route that neither the old state nor the new one has for it. It may if it gets
// through without any guard, or if that route ranks as the right one does: then only their ids decide, which nobody chose; or if it is
// somebody else's route to a service of ours that was disabled, which appears with that.
func (w *watcher) elsewhere(path string, r rank, t traffic) error {
	old, had := w.old[path]
	now, has := w.new[path]
	before, after := w.before[old.id], w.after[now.id]
	isOld := had && (r.id == old.id && t.route == before.route || r.priority == old.priority)
	isNew := has && (r.id == now.id && t.route == after.route || r.priority == now.priority)
	open := had && len(before.guards) == 0 && !before.refuses() || !had && has && len(after.guards) == 0
	_, wasOpen := w.before[r.id]
	if isOld || isNew || t.refuses() || open || r.foreign && !wasOpen {
		return nil
	}
	return fmt.Errorf("GET %s gets to route %s, %v\nbefore it was %s, %v\nafter it is %s, %v", path, r.id, t, old.id, before, now.id, after)
}

func (w *watcher) check(id string, t traffic) error {
	before, was := w.before[id]
	after, will := w.after[id]
	isOld := was && maps.Equal(t.guards, before.guards)
	isNew := will && maps.Equal(t.guards, after.guards)
	if !was && !will && t.refuses() {
		return nil // it stands in for a route that is closed
	}
	if w.others[id] && before.guards.covers(t.guards) && t.guards.covers(after.guards) {
		return nil // plugins of ours leave it, one by one
	}
	if !isOld && !isNew {
		return fmt.Errorf("carries %v, neither its old set %v nor its new one %v", t.guards, before.guards, after.guards)
	}
	if isOld && isNew || !was || !will {
		return nil
	}
	old := t.route == before.route && t.service == before.service
	now := t.route == after.route && t.service == after.service
	switch {
	case old && now:
	case old && !t.guards.covers(before.guards), now && !t.guards.covers(after.guards):
		return fmt.Errorf("serves\n%v, its old self was\n%v, its new one is\n%v", t, before, after)
	}
	return nil
}
