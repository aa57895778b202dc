package diff

import (
	"slices"

	"github.com/gwsync/gwsync/render/kong"
)

// A cover stands in for a guarded route while that is closed or changes what it matches: else requests of the route would get to the next
// one that matches, which may lead to the same backend without a guard. It matches what the route did, and as it has neither a service nor
// plugins, Kong answers 503 itself.
//
// Its id is lower than others, so that of two routes of equal priority the one that is covered is tried first, or the one that takes its
// place.
//
// Source: Kong 3.9.3, kong/init.lua, "no Service found with those values".
const (
	coverTag    = "gwsync-cover"
	coverPrefix = "gwsync-cover."
	lowestID    = "00000000"
	coverDigits = 8 // of the id that end the name
)

// cover schedules a cover for a route that needs one, and its delete once all is open. One that a run which was killed has left behind is
// deleted as what it is: ours, and not desired.
func (s *schedule) cover(r *route) {
	if !s.guard.needsCover(r) {
		return
	}
	c := s.form(s.guard.coverOf(r.before))
	if _, left := s.guard.plan.live.Get(c.Key()); left {
		return
	}
	s.add(covering, Create, c, r.behalf())
	s.addRanked(retiring, Delete, c, r.behalf(), c)
}

// isCover reports whether an entity of ours is a cover.
func isCover(e kong.Entity) bool { return e.Kind() == kong.Routes && e.HasTag(coverTag) }

// needsCover reports whether a route that is guarded, and that requests can match, stops matching some before all is open.
func (g *guard) needsCover(r *route) bool {
	switch {
	case !r.isOpen() || !r.wasGuarded():
		return false
	case r.closed:
		return true
	case r.isGone():
		return !r.retires
	case !r.willOpen():
		return true
	}
	return r.change >= 0 && slices.ContainsFunc(g.plan.changes[r.change].Fields, func(f Field) bool { return selects(f.Name()) })
}

// selects reports whether a route's field decides which requests it matches, or which of several routes does.
func selects(field string) bool {
	return slices.Contains(matchers, field) || field == "protocols" || field == "priority" || field == "regex_priority"
}

// coverOf returns the cover of a route. Another one is called otherwise if it matches otherwise: one that was left behind stays what it is.
func (g *guard) coverOf(route kong.Entity) (kong.Entity, error) {
	c, err := route.With("service", nil)
	if err == nil {
		c, err = c.With("tags", append(slices.Clone(g.plan.owner.tags), coverTag))
	}
	if err != nil {
		return kong.Entity{}, err
	}
	id := lowestID + kong.ID(kong.Routes, string(c.AppendJSON(nil)))[len(lowestID):]
	return c.WithID(id).With("name", coverPrefix+route.Name()+"."+id[len(id)-coverDigits:])
}
