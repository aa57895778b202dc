package diff

import (
	"slices"

	"github.com/gwsync/gwsync/render/kong"
)

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
