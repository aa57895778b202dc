package proxy

import (
	"math"
	"sync"
	"time"
)

// leastConnections gives each request to the target with the fewest open requests for its weight, of equal ones to the one that
// was asked longest ago.
//
// Source: Kong 3.9.3, kong/runloop/balancer/least_connections.lua.
type leastConnections struct {
	members []member

	mu   sync.Mutex
	open []int64  // how many requests are open
	last []uint64 // the turn of the last one
	turn uint64
}

func newLeastConnections(members []member) *leastConnections {
	return &leastConnections{members: members, open: make([]int64, len(members)), last: make([]uint64, len(members))}
}

func (b *leastConnections) next(c *choice) (peer, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	best := b.best(c)
	if best < 0 && len(c.failed) > 0 {
		clear(c.failed) // all have failed: begin again
		best = b.best(c)
	}
	if best < 0 {
		return peer{}, false
	}
	b.open[best]++
	b.turn++
	b.last[best] = b.turn
	return b.members[best].peer, true
}

func (b *leastConnections) best(c *choice) int {
	best, least := -1, math.Inf(1)
	for i, m := range b.members {
		if m.weight <= 0 || c.lost[m.peer] || c.failed[m.peer] {
			continue
		}
		load := float64(b.open[i]+1) / float64(m.weight)
		if best < 0 || load < least || load == least && b.last[i] < b.last[best] {
			best, least = i, load
		}
	}
	return best
}

func (b *leastConnections) done(p peer, _ time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, m := range b.members {
		if m.peer == p {
			b.open[i]--
			return
		}
	}
}

// latency gives each request to the target that answered fastest for its weight, by a moving average that fades over ten
// seconds, of equal ones to the first. A target that was never asked counts as infinitely fast.
//
// Source: Kong 3.9.3, kong/runloop/balancer/latency.lua.
type latency struct {
	members []member

	mu      sync.Mutex
	average []float64 // in seconds
	touched []time.Time
}

const latencyDecay = 10 * time.Second

func newLatency(members []member) *latency {
	return &latency{members: members, average: make([]float64, len(members)), touched: make([]time.Time, len(members))}
}

func (b *latency) next(c *choice) (peer, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	best, lowest, now := -1, 0.0, time.Now()
	for i, m := range b.members {
		if m.weight <= 0 || c.lost[m.peer] || c.failed[m.peer] {
			continue
		}
		score := b.faded(i, 0, now) / float64(m.weight)
		if best < 0 || score < lowest {
			best, lowest = i, score
		}
	}
	if best < 0 {
		return peer{}, false
	}
	return b.members[best].peer, true
}

// faded returns the average of a member with a new figure, which weighs the more the older the average is.
func (b *latency) faded(i int, took float64, now time.Time) float64 {
	weight := math.Exp(-now.Sub(b.touched[i]).Seconds() / latencyDecay.Seconds())
	return b.average[i]*weight + took*(1-weight)
}

// done takes note of a time, in milliseconds as nginx counts.
func (b *latency) done(p peer, took time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, m := range b.members {
		if m.peer == p {
			now := time.Now()
			b.average[i] = b.faded(i, took.Truncate(time.Millisecond).Seconds(), now)
			b.touched[i] = now
			return
		}
	}
}
