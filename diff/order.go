package diff

import (
	"slices"

	"github.com/gwsync/gwsync/render/kong"
)

// order fills in [Write.After] of the writes of one phase: each waits for those that it needs, and for no others.
func (p Plan) order(writes []Write) {
	o := ordering{plan: p, last: make(map[kong.Key]int, len(writes)), groups: map[group][]int{}}
	for i := range writes {
		w := &writes[i]
		o.write = i
		o.own(w)
		o.inRank(w)
		if w.Op == Delete {
			o.remove(w.Entity)
		} else {
			o.put(w.Entity)
		}
		o.note(w)
		w.After = o.after()
	}
}

// ordering goes through the writes of a phase in their order.
type ordering struct {
	plan Plan
	// write is the index of the present write, and waits are those of the writes it waits for.
	write int
	waits []int
	// last is the latest write of each entity.
	last map[kong.Key]int
	// groups are writes that some later ones wait for as a whole.
	groups map[group][]int
	ranks  ranks
	// slab holds the lists that were made.
	slab []int
}

// group names a group of writes: what they do to what.
type group struct {
	relation relation
	kind     kong.Kind
	value    string
}

type relation int

const (
	// leaving are the writes after which an entity refers no more to the one named by kind and id.
	leaving relation = iota
	// arriving are the creates and updates of what belongs to the one named by kind and id: its plugins, its targets.
	arriving
	// backing are the writes of the upstream of a name and of its targets.
	backing
	// balanced are the deletes of services that send requests to the upstream of a name.
	balanced
	// releasing are the writes that release a unique value.
	releasing
)

func of(r relation, k kong.Key) group { return group{r, k.Kind, k.ID} }

// join adds the present write to a group.
func (o *ordering) join(g group) { o.groups[g] = append(o.groups[g], o.write) }

// await makes the present write wait for a group. It then stands for the group: who waits for it waits for all, so that the number of waits
// stays linear.
func (o *ordering) await(g group) {
	if members := o.groups[g]; len(members) > 0 {
		o.waits = append(o.waits, members...)
		o.groups[g] = append(members[:0], o.write)
	}
}

// own makes a write wait for an earlier one of the same entity.
func (o *ordering) own(w *Write) {
	if i, ok := o.last[w.Entity.Key()]; ok {
		o.waits = append(o.waits, i)
	}
	o.last[w.Entity.Key()] = o.write
}

// put makes the write of an entity wait for those of what it refers to, and for the release of what it takes. A service refers to an
// upstream by name, and a route by it: it may be closed as long as its service's targets are old ones. A certificate waits until the server
// names have left for which it is right no longer.
func (o *ordering) put(e kong.Entity) {
	for _, to := range e.Refs() {
		if i, ok := o.last[to]; ok {
			o.waits = append(o.waits, i)
		}
	}
	if host := o.host(e); host != "" {
		o.await(group{backing, kong.Upstreams, host})
	}
	if e.Kind() == kong.Certificates {
		o.await(of(leaving, e.Key()))
	}
	for _, v := range uniques(e) {
		o.await(group{releasing, v.kind, v.field + "=" + v.value})
	}
}

// remove makes a delete wait until nothing refers to the entity, and until what replaces it is there.
func (o *ordering) remove(e kong.Entity) {
	o.await(of(leaving, e.Key()))
	switch e.Kind() {
	case kong.Plugins, kong.Targets:
		for _, to := range e.Refs() {
			if to.Kind != kong.Consumers {
				o.await(of(arriving, to))
			}
		}
	default:
	}
	if name := o.upstream(e); name != "" {
		o.await(group{balanced, kong.Upstreams, name})
	}
}

// note adds a write to the groups that later ones may wait for.
func (o *ordering) note(w *Write) {
	e := w.Entity
	if before, ok := o.plan.live.Get(e.Key()); ok {
		for ref, to := range before.Refs() {
			if now, _ := e.Ref(ref.Field); w.Op == Delete || ref.Many || now != to {
				o.join(of(leaving, to))
			}
		}
		for _, v := range uniques(before) {
			if w.Op != Delete && e.Text(v.field) != v.value {
				o.join(group{releasing, v.kind, v.field + "=" + v.value})
			}
		}
	}
	if name := o.upstream(e); name != "" {
		o.join(group{backing, kong.Upstreams, name})
	}
	switch {
	case w.Op == Delete && e.Kind() == kong.Services:
		o.join(group{balanced, kong.Upstreams, e.Text("host")})
	case w.Op != Delete && (e.Kind() == kong.Plugins || e.Kind() == kong.Targets):
		for _, to := range e.Refs() {
			o.join(of(arriving, to))
		}
	}
}

// host returns the host of the service that e is, or that e is a route of, else "".
func (o *ordering) host(e kong.Entity) string {
	if to, ok := e.Ref("service"); ok && e.Kind() == kong.Routes {
		e = o.get(to)
	}
	if e.Kind() == kong.Services {
		return e.Text("host")
	}
	return ""
}

// get returns an entity as it is desired, or else as it is.
func (o *ordering) get(k kong.Key) kong.Entity {
	e, ok := o.plan.desired.Get(k)
	if !ok {
		e, _ = o.plan.live.Get(k)
	}
	return e
}

// upstream returns the name of the upstream that e is, or is a target of, else "".
func (o *ordering) upstream(e kong.Entity) string {
	if e.Kind() == kong.Upstreams {
		return e.Text("name")
	}
	if to, ok := e.Ref("upstream"); ok && e.Kind() == kong.Targets {
		return o.get(to).Text("name")
	}
	return ""
}

// after returns the waits of the present write, sorted and each once, and forgets them.
func (o *ordering) after() []int {
	if len(o.waits) == 0 {
		return nil
	}
	slices.Sort(o.waits)
	list := slices.DeleteFunc(slices.Compact(o.waits), func(i int) bool { return i == o.write })
	from := len(o.slab)
	o.slab = append(o.slab, list...)
	o.waits = o.waits[:0]
	return o.slab[from:len(o.slab):len(o.slab)]
}
