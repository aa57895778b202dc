package diff

import (
	"github.com/gwsync/gwsync/render/kong"
	router "github.com/gwsync/gwsync/render/route"
)

// Groups returns the number of each change's group, by index into [Plan.Changes]: the writes of one group depend on none of another.
// Where a write fails, its group has to stop, as if the run had been killed there, and every other may go on: what the package comment
// says of failing closed holds for each route by itself.
//
// A group is what hangs together by references, by the name of an upstream that is a service's host, or by a unique key that passes from
// one entity to another, changed or not. Credentials hang together with all plugins, if both change: whom the ones let in depends on the
// others. So does everything with a plugin for all requests, and, where routes are guarded, what routes come, go or are closed that may
// match the same requests: by their hosts, none for any.
func (p Plan) Groups() []int {
	g := groups{parent: map[node]node{}}
	for _, state := range []kong.State{p.live, p.desired} {
		for e := range state.All() {
			g.link(e)
			if upstream, ok := p.upstreamOf(e); ok {
				g.union(node{key: e.Key()}, node{key: upstream})
			}
		}
	}
	credentials, guards, global := false, false, false
	for _, c := range p.changes {
		kind := c.Entity().Kind()
		credentials = credentials || kind.IsCredential()
		guards = guards || kind == kong.Plugins && matters(c)
		global = global || isGlobal(c)
	}
	for _, c := range p.changes {
		kind := c.Entity().Kind()
		if global || credentials && guards && (kind.IsCredential() || kind == kong.Plugins) {
			g.union(node{key: c.Entity().Key()}, node{name: "access"})
		}
	}
	g.linkRanked(p)
	numbers := map[node]int{}
	out := make([]int, len(p.changes))
	for i, c := range p.changes {
		root := g.find(node{key: c.Entity().Key()})
		n, ok := numbers[root]
		if !ok {
			n = len(numbers)
			numbers[root] = n
		}
		out[i] = n
	}
	return out
}

// linkRanked joins the changes of routes that wait for each other by rank, as far as they may have requests in common.
func (g groups) linkRanked(p Plan) {
	hosts := map[node]bool{}
	everywhere := node{}
	for w := range p.Writes() {
		if w.rank == 0 {
			continue
		}
		change := node{key: p.changes[w.Change].Entity().Key()}
		for _, e := range []kong.Entity{w.Entity, p.changes[w.Change].Before, p.changes[w.Change].After} {
			if e.Kind() != kong.Routes || isParked(e) {
				continue
			}
			named, ok := router.Hosts(e)
			if !ok {
				everywhere = node{name: "any host"}
				g.union(change, everywhere)
			}
			for _, h := range named {
				at := node{name: "host " + h}
				hosts[at] = true
				g.union(change, at)
			}
		}
	}
	if everywhere != (node{}) {
		for at := range hosts {
			g.union(at, everywhere)
		}
	}
}

// node is what changes can hang together by: an entity, or a unique name of a kind.
type node struct {
	key  kong.Key
	name string
}

// groups are sets of nodes that hang together; each set is a tree.
type groups struct{ parent map[node]node }

// link joins an entity with all that it refers to, and with its unique name.
func (g groups) link(e kong.Entity) {
	self := node{key: e.Key()}
	for _, to := range e.Refs() {
		g.union(self, node{key: to})
	}
	if unique := e.Natural(); unique != "" {
		g.union(self, node{kong.Key{Kind: e.Kind()}, unique})
	}
	for _, v := range uniques(e) {
		g.union(self, node{kong.Key{Kind: v.kind}, v.field + "=" + v.value})
	}
}

// upstreamOf returns the upstream whose name is the host of a service, if there is one.
func (p Plan) upstreamOf(e kong.Entity) (kong.Key, bool) {
	if e.Kind() != kong.Services {
		return kong.Key{}, false
	}
	for _, s := range []kong.State{p.live, p.desired} {
		if upstream, ok := s.Find(kong.Upstreams, e.Text("host")); ok {
			return upstream.Key(), true
		}
	}
	return kong.Key{}, false
}

func (g groups) union(a, b node) {
	if a, b = g.find(a), g.find(b); a != b {
		g.parent[a] = b
	}
}

// find returns the root of a node's tree, and makes the way there shorter for the next time.
func (g groups) find(n node) node {
	for {
		up, ok := g.parent[n]
		if !ok {
			return n
		}
		if above, ok := g.parent[up]; ok {
			g.parent[n] = above
		}
		n = up
	}
}
