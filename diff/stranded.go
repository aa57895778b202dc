package diff

import (
	"slices"

	"github.com/gwsync/gwsync/render/kong"
)

// strands reports whether an upstream is deleted to which requests may still be sent when that is done: a worker balances without it at
// once, and takes up where its services lead from then on only when it rebuilds its routes. Until then requests would be answered 503.
// Nobody waits for routes that go without successors: requests to them fail anyway.
//
// Source: Kong 3.9.3, kong/runloop/balancer/upstreams.lua (an event deletes the balancer), kong/runloop/handler.lua (a timer, the router).
func (s *schedule) strands() bool {
	gone := map[string]bool{}
	for _, c := range s.guard.plan.changes {
		if c.Op == Delete && c.Entity().Kind() == kong.Upstreams {
			gone[c.Before.Name()] = true
		}
	}
	successors := len(s.steps[step{opening, writeOrder(kong.Routes)}]) > 0
	return len(gone) > 0 && slices.ContainsFunc(s.guard.routeOrder, func(r *route) bool {
		if !r.isOpen() || r.from == nil || r.isGone() && !successors {
			return false
		}
		host, _ := r.from.before.Field("host")
		name, _ := host.(string)
		return gone[name]
	})
}
