package diff

import (
	"cmp"

	"github.com/gwsync/gwsync/render/kong"
	router "github.com/gwsync/gwsync/render/route"
)

// While routes come and go one by one, a request must not get to a third one, which neither the old state nor the new one has for it: one
// for all paths, say, without the guard of the one for /admin. So where there are guards, routes come in the order in which Kong's router
// tries them, and go in the opposite one: what is there by then beside a request's route ranks below that.
//
// A worker reads all routes at one moment, so that the order in which they are written is the one in which it takes them up.
//
// Source: Kong 3.9.3, kong/runloop/handler.lua, new_router, which reads up to 50,000 routes by one query, and begins anew if there are more
// and one of them changes meanwhile.

// rankOf returns where Kong's router tries a route: those of higher rank first, and none is 0. A route whose paths Kong tries in several
// places ranks where the first of them does.
func rankOf(r kong.Entity) uint64 {
	var first uint64
	for _, part := range router.Split(r) {
		if p, err := router.Priority(part); err == nil {
			first = max(first, p)
		}
	}
	return first + 1
}

// compareRanks compares the writes of a step by when they are due.
func (at step) compareRanks(a, b Write) int {
	if at.stage == opening {
		a, b = b, a
	}
	return cmp.Compare(a.rank, b.rank)
}

// ranks are the writes of a phase that wait for each other by rank: those of one rank for all of the one before.
type ranks struct {
	rank uint64
	// first is the write of this rank that waits for all those before; the others wait for it.
	first         int
	before, these []int
}

// inRank makes the present write wait for those that come before it by rank.
func (o *ordering) inRank(w *Write) {
	r := &o.ranks
	switch {
	case w.rank == 0:
		return
	case w.rank != r.rank:
		*r = ranks{rank: w.rank, first: o.write, before: r.these}
		o.waits = append(o.waits, r.before...)
	case len(r.before) > 0:
		o.waits = append(o.waits, r.first)
	}
	r.these = append(r.these, o.write)
}
