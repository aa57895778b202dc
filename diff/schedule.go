package diff

import "github.com/gwsync/gwsync/render/kong"

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
	case s.handsOver(c):
		s.addAt(step{opening, releaseOrder}, c.Op, c.After, i)
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
