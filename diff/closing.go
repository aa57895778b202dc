package diff

import "slices"

// decide chooses which routes are closed while guards change, how (parked, or with their service), and which plugin deletes have
// to be early or late. What it decides is in the fields closed, parked, shut, early and late.
func (g *guard) decide() {
	for _, r := range g.routeOrder {
		r.retires = g.canRetire(r)
	}
	for _, s := range g.serviceOrder {
		if s.ours && !s.before.IsZero() && !s.after.IsZero() && s.isLive() && !s.willLive() {
			g.shut(s) // it is disabled for good: then at once
		}
	}
	for _, r := range g.routeOrder {
		if g.needsClosing(r) {
			g.close(r)
		}
		if r.closed || !r.isOpen() {
			g.deletesEarly(r.writesSeen()...)
		} else if r.to != nil && r.from != r.to {
			g.deletesEarly(r.to.writes...) // it arrives when all is opened, and must find the whole new set
		}
	}
	for _, w := range g.plugins {
		w.late = w.op == Delete && !w.early && w.wantsLate()
	}
	for _, r := range g.routeOrder {
		r.parked = r.needsParking()
	}
}

// needsClosing reports whether the route, which requests can match, would at some moment have half of its guards.
func (g *guard) needsClosing(r *route) bool {
	switch {
	case !r.isOpen() || !r.canClose():
		return false
	case g.global[Update] && r.changes(g.plan):
		return true
	case r.isGone():
		return r.had > 0 && !r.retires // without plugins of its own it is closed by its very delete
	case !r.willOpen():
		return len(r.writesSeen()) > 0
	case r.from != r.to:
		return len(r.writes) > 0 || r.from.changesGuards()
	}
	writes := r.writesSeen()
	return len(writes) > 1 || len(writes) == 1 && writes[0].op == Update && r.dirty
}

// canRetire reports whether a route that goes can stay as it is until all else is open: of its guards nothing changes but that they go, and
// nobody is let in meanwhile who was not before.
func (g *guard) canRetire(r *route) bool {
	if !r.isGone() || g.admits && r.wasGuarded() {
		return false
	}
	return !slices.ContainsFunc(r.writesSeen(), func(w *pluginWrite) bool { return w.op != Delete })
}

// writesSeen returns the writes that change the route's guards.
func (r *route) writesSeen() []*pluginWrite {
	return slices.Collect(r.pluginWrites())
}

// changes reports whether the route itself matches other requests afterwards, or sends them elsewhere.
func (r *route) changes(p Plan) bool { return r.change >= 0 && matters(p.changes[r.change]) }

// canClose reports whether the route can be closed without writing what is not ours.
func (r *route) canClose() bool { return r.ours || r.from != nil && r.from.ours }

// changesGuards reports whether plugins of the service are created or updated, which a route that leaves it would see.
func (s *service) changesGuards() bool {
	if s == nil {
		return false
	}
	return slices.ContainsFunc(s.writes, func(w *pluginWrite) bool { return w.op != Delete })
}

// close closes the route, and whatever has to be closed with it: a foreign route only closes with its service, and a
// delete that is to be done early must not be seen by open routes that need it late.
func (g *guard) close(r *route) {
	for todo := []*route{r}; len(todo) > 0; {
		r, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if r.closed || !r.isOpen() || !r.canClose() {
			continue
		}
		r.closed = true
		if !r.ours && !r.from.shut {
			r.from.shut = true
			todo = append(todo, r.from.routes...)
		}
		for w := range r.pluginWrites() {
			todo = append(todo, w.makeEarly()...)
		}
	}
}

// shut closes the service with all its routes.
func (g *guard) shut(s *service) {
	s.shut = true
	for _, r := range s.routes {
		g.close(r)
	}
}

// deletesEarly makes the deletes among the writes early, and closes the routes that would have needed them late.
func (g *guard) deletesEarly(writes ...*pluginWrite) {
	for _, w := range writes {
		for _, r := range w.makeEarly() {
			g.close(r)
		}
	}
}

// makeEarly makes a delete early and returns the routes that have to be closed for that.
func (w *pluginWrite) makeEarly() []*route {
	if w.early || w.op != Delete {
		return nil
	}
	w.early = true
	var out []*route
	for r := range w.affected() {
		if r.wantsLate(w) {
			out = append(out, r)
		}
	}
	return out
}

func (w *pluginWrite) wantsLate() bool {
	for r := range w.affected() {
		if !r.isGone() && r.wantsLate(w) {
			return true
		}
	}
	return false
}

// wantsLate reports whether the route stays open and needs the plugin until it is changed: as long as it matches what it did
// before, or as long as it is on the service that it leaves.
func (r *route) wantsLate(w *pluginWrite) bool {
	switch {
	case r.closed || !r.isOpen() || w.op != Delete:
		return false
	case r.isGone():
		return r.retires
	case r.from == r.to:
		return r.dirty
	}
	return r.from != nil && slices.Contains(r.from.writes, w)
}

// needsParking reports whether the route has to be closed by itself. Among those are routes of a service that is disabled, by us or
// already: they are opened one by one, each in its turn, not all with their service.
func (r *route) needsParking() bool {
	switch {
	case !r.ours || r.isNew() || isParked(r.before):
		return false
	case r.from.isShut():
		return r.willOpen()
	}
	return r.closed
}
