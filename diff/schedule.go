package diff

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// stage is a part of an apply, see the package comment. Most are a phase of their own.
type stage int

const (
	create stage = iota
	covering
	closing
	guarding
	opening
	retiring
	deleting
	clearing
)

// step is the place of a phase: its stage, and within it an order by the rank of its kinds.
type step struct {
	stage stage
	order int
}

// schedule collects the writes of a plan.
type schedule struct {
	guard  *guard
	access access
	steps  map[step][]Write
	// settle says after which stages the workers must have caught up.
	settle map[stage]bool
	err    error
}

// schedule fills in the phases of the plan.
func (p *Plan) schedule() error {
	if len(p.conflicts) > 0 || len(p.changes) == 0 {
		return nil
	}
	s := &schedule{guard: newGuard(*p), access: newAccess(*p), steps: map[step][]Write{}, settle: map[stage]bool{}}
	s.guard.decide()
	for _, sv := range s.guard.serviceOrder {
		s.service(sv)
	}
	for _, r := range s.guard.routeOrder {
		s.route(r)
		s.cover(r)
	}
	for i, c := range p.changes {
		switch c.Entity().Kind() {
		case kong.Services, kong.Routes:
		case kong.Plugins:
			s.plugin(i, c)
		default:
			if c.Entity().Kind().IsCredential() {
				s.credential(i, c)
				continue
			}
			s.other(i, c)
		}
	}
	s.release()
	s.settles()
	p.phases, p.guarded = s.phases(), s.guarded()
	return s.err
}

// form returns e, an interim form of an entity, and keeps err.
func (s *schedule) form(e kong.Entity, err error) kong.Entity {
	if s.err == nil {
		s.err = err
	}
	return e
}

// add schedules one write. Entities of lower rank are written first and deleted last.
func (s *schedule) add(st stage, op Op, e kong.Entity, change int) {
	order := writeOrder(e.Kind())
	if op == Delete {
		order = deleteOrder(e.Kind())
	}
	s.addAt(step{st, order}, op, e, change)
}

func (s *schedule) addAt(at step, op Op, e kong.Entity, change int) {
	s.steps[at] = append(s.steps[at], Write{Op: op, Entity: e, Change: change})
}

// releaseOrder is before all others in a stage.
const releaseOrder = -1

// writeOrder and deleteOrder are where the writes and deletes of a kind stand in a stage. Between two ranks there is room.
func writeOrder(k kong.Kind) int  { return 2 * rank(k) }
func deleteOrder(k kong.Kind) int { return 100 - 2*rank(k) }

// other schedules what is neither service, route nor plugin. What is new is created first, unless requests can reach it at
// once: a target of an upstream that is there. Targets that leave an upstream are gone when what was closed is opened.
func (s *schedule) other(i int, c Change) {
	upstream, isTarget := c.Entity().Ref("upstream")
	_, live := s.guard.plan.live.Get(upstream)
	_, stays := s.guard.plan.desired.Get(upstream)
	switch {
	case c.Op == Delete && isTarget && stays:
		s.addAt(step{opening, writeOrder(kong.Targets) + 1}, c.Op, c.Before, i)
	case c.Op == Delete:
		s.add(deleting, c.Op, c.Before, i)
	case c.Op == Update || isTarget && live || rank(c.After.Kind()) > rank(kong.Routes):
		s.add(opening, c.Op, c.After, i)
	default:
		s.add(create, c.Op, c.After, i)
	}
}

func (s *schedule) service(sv *service) {
	switch {
	case !sv.ours:
	case sv.before.IsZero():
		s.add(create, Create, sv.after, sv.change)
	case sv.shut && sv.after.IsZero():
		s.add(closing, Update, s.form(disabled(sv.before)), sv.change)
		s.add(deleting, Delete, sv.before, sv.change)
	case sv.after.IsZero():
		s.add(deleting, Delete, sv.before, sv.change)
	case sv.shut:
		s.add(closing, Update, s.form(disabled(sv.after)), sv.behalf())
		if sv.willLive() {
			s.add(opening, Update, sv.after, sv.behalf())
		}
	case sv.change >= 0:
		s.add(opening, Update, sv.after, sv.change)
	}
}

func (s *schedule) route(r *route) {
	switch {
	case !r.ours:
	case r.isNew():
		s.newRoute(r)
	case r.isGone():
		s.goneRoute(r)
	case r.parked:
		s.add(closing, Update, s.form(parked(r.after)), r.behalf())
		s.open(Update, r.after, r.behalf())
	case r.change < 0:
	case r.from.isShut() && !r.willOpen():
		s.add(guarding, Update, r.after, r.change)
	default:
		s.open(Update, r.after, r.change)
	}
}

// open schedules the write by which requests can match a route, each where it ranks among those.
func (s *schedule) open(op Op, route kong.Entity, change int) {
	s.addRanked(opening, op, route, change, route)
}

// addRanked schedules a write of a route where another form of it ranks, or that itself.
func (s *schedule) addRanked(st stage, op Op, route kong.Entity, change int, ranked kong.Entity) {
	w := Write{Op: op, Entity: route, Change: change}
	if s.guard.guarded {
		w.rank = rankOf(ranked)
	}
	at := step{st, writeOrder(kong.Routes)}
	s.steps[at] = append(s.steps[at], w)
}

// newRoute schedules a route that is not there yet. Its plugins can only be created once it is there.
func (s *schedule) newRoute(r *route) {
	switch {
	case r.has == 0:
		s.open(Create, r.after, r.change)
	case !r.to.willLive():
		s.add(guarding, Create, r.after, r.change)
	default:
		s.add(guarding, Create, s.form(parked(r.after)), r.change)
		s.open(Update, r.after, r.change)
	}
}

// goneRoute schedules a delete. A route stays as it is until what takes its place is open, unless its guards change before. One with
// plugins of its own is closed first, and one without by its very delete.
func (s *schedule) goneRoute(r *route) {
	switch {
	case r.parked:
		s.add(closing, Update, s.form(parked(r.before)), r.change)
		s.add(guarding, Delete, r.before, r.change)
	case r.closed || !r.isOpen():
		s.add(guarding, Delete, r.before, r.change)
	case !r.retires:
		s.add(closing, Delete, r.before, r.change)
	case r.had > 0:
		s.addRanked(retiring, Update, s.form(parked(r.before)), r.change, r.before)
		s.add(deleting, Delete, r.before, r.change)
	default:
		s.addRanked(retiring, Delete, r.before, r.change, r.before)
	}
}

func (s *schedule) plugin(i int, c Change) {
	w := s.guard.plugins[i]
	if c.Op == Delete && isGlobal(c) {
		s.add(clearing, c.Op, c.Before, i)
		return
	}
	if c.Op == Delete && (w == nil || !w.early) {
		s.add(deleting, c.Op, c.Before, i)
		return
	}
	s.add(guarding, c.Op, c.Entity(), i)
}

// behalf returns the change that the route is closed for: its own, or else one of a plugin.
func (r *route) behalf() int {
	if r.change >= 0 {
		return r.change
	}
	for w := range r.pluginWrites() {
		return w.change
	}
	return r.from.behalf() // it leaves nothing of its own: it is closed with its service
}

// behalf returns the change that the service is shut for: its own, or else one of a plugin on it or on a route of it.
func (sv *service) behalf() int {
	if sv.change >= 0 {
		return sv.change
	}
	for _, w := range sv.writes {
		return w.change
	}
	for _, r := range slices.Concat(sv.routes, sv.arrivals) {
		if r.change >= 0 {
			return r.change
		}
		for _, w := range r.writes {
			return w.change
		}
	}
	return 0 // not reached: one of these is why it is shut
}

// settles decides where the workers must have caught up.
func (s *schedule) settles() {
	writes := s.steps[step{guarding, writeOrder(kong.Plugins)}]
	deletes := s.steps[step{guarding, deleteOrder(kong.Plugins)}]
	s.settle[closing] = s.has(closing) && (len(writes)+len(deletes) > 0 || s.access.guards)
	s.settle[guarding] = s.has(opening) && (s.guard.opens() || s.access.guards && s.access.among(s.steps, opening))
	for _, w := range s.guard.plugins {
		s.settle[opening] = s.settle[opening] || w.late && s.has(opening)
	}
	s.settle[retiring] = s.guard.retires() || s.strands()
	s.settle[deleting] = s.has(clearing) && s.guard.leaves()
	if s.guard.shuts() { // routes and services are not taken up together
		s.settle[covering] = s.has(covering)
		s.settle[opening] = s.settle[opening] || s.has(retiring)
	}
	if s.access.guards {
		s.settle[create] = s.access.among(s.steps, create)
		s.settle[opening] = s.settle[opening] || s.access.among(s.steps, deleting)
	}
}

func (s *schedule) has(st stage) bool {
	for at := range s.steps {
		if at.stage == st {
			return true
		}
	}
	return false
}

// opens reports whether the opening stage makes anything match, or get elsewhere, that depends on plugins being in effect.
func (g *guard) opens() bool {
	for _, r := range g.routeOrder {
		if r.isGone() && r.had > 0 && r.from.isShut() && r.from.willLive() {
			return true // its service is opened, and must not be together with it
		}
		if !r.willOpen() {
			continue
		}
		guarded := g.unscoped || r.has > 0 || r.to != nil && r.to.has > 0
		late := !r.isOpen() || r.closed || r.from != r.to || r.dirty && g.global[Create]
		for w := range r.pluginWrites() {
			late = late || r.dirty && w.op == Create
			guarded = true
		}
		if guarded && late {
			return true
		}
	}
	return false
}

// guarded reports whether anything is written that has to do with guards.
func (s *schedule) guarded() bool {
	g := s.guard
	return s.access.guards || slices.ContainsFunc(g.plan.changes, func(c Change) bool { return c.Entity().Kind().IsCredential() }) ||
		slices.ContainsFunc(g.routeOrder, func(r *route) bool { return r.dirty && (g.everywhere || r.isGuarded()) })
}

// seen reports whether plugins are created, changed or deleted that an open route has.
func (g *guard) seen() bool {
	return slices.ContainsFunc(g.routeOrder, func(r *route) bool {
		return r.isOpen() && (g.unscoped || len(r.writesSeen()) > 0)
	})
}

// retires reports whether routes retire whose plugins are deleted afterwards.
func (g *guard) retires() bool {
	return slices.ContainsFunc(g.routeOrder, func(r *route) bool { return r.retires && r.isOpen() && !r.closed && len(r.writesSeen()) > 0 })
}

// shuts reports whether services are disabled while guards change.
func (g *guard) shuts() bool {
	return slices.ContainsFunc(g.serviceOrder, func(s *service) bool { return s.shut })
}

// leaves reports whether routes that are open change or go, which may have needed a plugin that goes.
func (g *guard) leaves() bool {
	return slices.ContainsFunc(g.routeOrder, func(r *route) bool { return r.isOpen() && (r.isGone() || r.dirty) })
}

// phases returns the schedule in order. A settle that has no phase to follow gets an empty one.
func (s *schedule) phases() []Phase {
	var out []Phase
	var last stage
	for _, at := range slices.SortedFunc(maps.Keys(s.steps), step.compare) {
		together := at.stage == last || s.overlap(last, at.stage)
		for st := last; st < at.stage; st++ {
			together = together && !s.settle[st]
			out = s.settled(out, st)
		}
		last = at.stage
		writes := s.steps[at]
		slices.SortFunc(writes, func(a, b Write) int {
			return cmp.Or(cmp.Compare(a.Entity.Kind(), b.Entity.Kind()), at.compareRanks(a, b),
				cmp.Compare(a.Entity.Name(), b.Entity.Name()), cmp.Compare(a.Entity.ID(), b.Entity.ID()))
		})
		if !together || len(out) == 0 {
			out = append(out, Phase{})
		}
		phase := &out[len(out)-1]
		phase.Writes, phase.stage = append(phase.Writes, writes...), at.stage
	}
	for i := range out {
		s.guard.plan.order(out[i].Writes)
		out[i].Name = phaseName(out[i])
	}
	return out
}

// overlap reports whether the writes of two stages, with nothing between, need to be in order only where one refers to the other: what
// is new to an empty Kong, or changes nothing that is served.
func (s *schedule) overlap(a, b stage) bool {
	return a == create && (b == covering || b == opening || b == guarding && !s.guard.seen())
}

func (a step) compare(b step) int {
	return cmp.Or(cmp.Compare(a.stage, b.stage), cmp.Compare(a.order, b.order))
}

// settled returns the phases so far with a wait at the end, if the stage wants one after it.
func (s *schedule) settled(out []Phase, st stage) []Phase {
	switch {
	case !s.settle[st]:
		return out
	case len(out) == 0:
		return append(out, Phase{Settle: true})
	}
	out[len(out)-1].Settle = true
	return out
}

// phaseName returns what the phase does to which kinds: "close routes".
func phaseName(p Phase) string {
	if len(p.Writes) == 0 {
		return "settle"
	}
	kinds := map[kong.Kind]bool{}
	verb := p.Writes[0].Op.String()
	for _, w := range p.Writes {
		kinds[w.Entity.Kind()] = true
		if w.Op != p.Writes[0].Op {
			verb = "write"
		}
	}
	switch {
	case p.stage == covering && verb == Create.String():
		verb = "cover"
	case (p.stage == closing || p.stage == retiring) && verb == Update.String():
		verb = "close"
	}
	var names []string
	for _, k := range sortedKinds(kinds) {
		names = append(names, string(k))
	}
	return verb + " " + strings.Join(names, ", ")
}
