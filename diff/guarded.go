package diff

import (
	"iter"
	"slices"

	"github.com/gwsync/gwsync/render/kong"
)

// service is a service before and after; either may be missing. One that is not ours to write is the same before and after.
type service struct {
	before, after kong.Entity
	ours          bool
	change        int // -1 without one
	guards
	// routes are on the service in the live state; arrivals are routes of ours that come to it, new or from elsewhere.
	routes, arrivals []*route
	// dirty says that requests get elsewhere by it afterwards.
	dirty bool
	// shut says that the service is disabled while guards change.
	shut bool
}

// route is a route before and after; either may be missing. One that is not ours to write is the same before and after.
type route struct {
	before, after kong.Entity
	ours          bool
	change        int // -1 without one
	guards
	// from and to are the services before and after, nil without one.
	from, to *service
	// dirty says that it matches other requests afterwards, or sends them elsewhere.
	dirty bool
	// closed says that it matches nothing while guards change, because it is parked or its service is shut.
	closed, parked bool
	// retires says that it goes, and stays as it is until all else is open.
	retires bool
}

// guards are the plugins on one route or one service.
type guards struct {
	had, has int // how many are there before and after, foreign ones included
	writes   []*pluginWrite
}

// pluginWrite is the create, update or delete of a plugin on a route or service.
type pluginWrite struct {
	op       Op
	change   int
	services []*service
	routes   []*route
	// early says that the delete must be done before anything is opened, late that it must wait until all is.
	early, late bool
}

// isLive reports whether the service lets its routes match in the live state.
func (s *service) isLive() bool { return s == nil || !s.before.IsZero() && isEnabled(s.before) }

// willLive reports whether the service will let its routes match.
func (s *service) willLive() bool { return s == nil || !s.after.IsZero() && isEnabled(s.after) }

// isShut reports whether the service is disabled from the close phases to the open ones.
func (s *service) isShut() bool {
	switch {
	case s == nil:
		return false
	case s.before.IsZero():
		return !isEnabled(s.after)
	}
	return s.shut || !isEnabled(s.before)
}

// isOpen reports whether requests can match the route in the live state.
func (r *route) isOpen() bool { return !r.before.IsZero() && !isParked(r.before) && r.from.isLive() }

// willOpen reports whether requests will be able to match the route.
func (r *route) willOpen() bool { return !r.after.IsZero() && !isParked(r.after) && r.to.willLive() }

// isGuarded reports whether plugins are on the route, or on its service, before or after.
func (r *route) isGuarded() bool {
	return r.had+r.has > 0 || r.from != nil && r.from.had+r.from.has > 0 || r.to != nil && r.to.had+r.to.has > 0
}

// wasGuarded reports whether plugins are on the route, or on its service, in the live state, or whether it has none and lets nobody in.
func (r *route) wasGuarded() bool { return r.had > 0 || r.from == nil || r.from.had > 0 }

func (r *route) isNew() bool  { return r.before.IsZero() }
func (r *route) isGone() bool { return r.after.IsZero() }

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
func (s *service) behalf() int {
	if s.change >= 0 {
		return s.change
	}
	for _, w := range s.writes {
		return w.change
	}
	for _, r := range slices.Concat(s.routes, s.arrivals) {
		if r.change >= 0 {
			return r.change
		}
		for _, w := range r.writes {
			return w.change
		}
	}
	return 0 // not reached: one of these is why it is shut
}

// pluginWrites iterates over the writes that change the route's guards, before or after.
func (r *route) pluginWrites() iter.Seq[*pluginWrite] {
	return func(yield func(*pluginWrite) bool) {
		lists := [][]*pluginWrite{r.writes}
		if r.from != nil {
			lists = append(lists, r.from.writes)
		}
		if r.to != nil && r.to != r.from {
			lists = append(lists, r.to.writes)
		}
		for _, list := range lists {
			for _, w := range list {
				if !yield(w) {
					return
				}
			}
		}
	}
}

// affected iterates over the routes whose guards the write changes, before or after.
func (w *pluginWrite) affected() iter.Seq[*route] {
	return func(yield func(*route) bool) {
		for _, r := range w.routes {
			if !yield(r) {
				return
			}
		}
		for _, s := range w.services {
			for _, r := range slices.Concat(s.routes, s.arrivals) {
				if !yield(r) {
					return
				}
			}
		}
	}
}
