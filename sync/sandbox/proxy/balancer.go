package proxy

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gwsync/gwsync/render/kong"
)

// peer is a place that can answer a request.
type peer struct {
	host string
	port int
}

func (p peer) String() string {
	return net.JoinHostPort(strings.Trim(p.host, "[]"), strconv.Itoa(p.port))
}

// upstream is an upstream of the configuration with its targets.
type upstream struct {
	entity   kong.Entity
	members  []member
	balancer balancer
	// checked says that health checks are on. They make no difference as long as the echo answers.
	checked bool
}

// balancer spreads requests over the members of an upstream. It is safe for concurrent use.
type balancer interface {
	// next returns whom to ask, and whether there is anybody. What it returned is given back by done.
	next(*choice) (peer, bool)
	// done says that a peer was asked, and how long that took.
	done(p peer, took time.Duration)
}

// choice is what a balancer knows of a request, over all its tries.
type choice struct {
	lost   map[peer]bool // the peers whose names do not resolve
	failed map[peer]bool // those that were asked in vain
	key    string        // what the request is hashed on
}

// newUpstream compiles an upstream. The balancer of before, which may be nil, goes on if it would be the same.
func newUpstream(e kong.Entity, targets []kong.Entity, before *upstream) *upstream {
	u := &upstream{entity: e, checked: checksHealth(e), members: make([]member, len(targets))}
	for i, t := range targets {
		u.members[i] = newMember(t)
	}
	if before != nil && slices.Equal(before.members, u.members) && algorithmOf(before.entity) == algorithmOf(e) &&
		number(before.entity, "slots", 0) == number(e, "slots", 0) {
		u.balancer = before.balancer
		return u
	}
	switch algorithmOf(e) {
	case "consistent-hashing":
		u.balancer = newContinuum(u.members, int(number(e, "slots", defaultSlots)))
	case "least-connections":
		u.balancer = newLeastConnections(u.members)
	case "latency":
		u.balancer = newLatency(u.members)
	default:
		u.balancer = newRing(u.members)
	}
	return u
}

// algorithmOf returns how an upstream balances. Hashing is the default of an upstream that says what to hash on.
//
// Source: Kong 3.9.3, kong/db/schema/entities/upstreams.lua.
func algorithmOf(e kong.Entity) string {
	if a := e.Text("algorithm"); a != "" {
		return a
	}
	if h := e.Text("hash_on"); h != "" && h != "none" {
		return "consistent-hashing"
	}
	return "round-robin"
}

// unmodelledFor names what the proxy would have to do and does not, "" if nothing. Health checks count only where a target
// would really be asked: the echo is always healthy.
func (u *upstream) unmodelledFor(o *Options) string {
	if u.checked {
		for _, m := range u.members {
			if l := o.link(m.peer); l.dial != nil {
				return "health checks"
			}
		}
	}
	return ""
}

// checksHealth reports whether anything can take a target of the upstream out of the ring: an interval of active checks, or
// a number of failures that passive checks count up to.
func checksHealth(e kong.Entity) bool {
	v, _ := e.Field("healthchecks")
	var checks struct {
		Active struct {
			Healthy, Unhealthy struct {
				Interval float64 `json:"interval"`
			}
		} `json:"active"`
		Passive struct {
			Unhealthy struct {
				HTTPFailures int `json:"http_failures"`
				TCPFailures  int `json:"tcp_failures"`
				Timeouts     int `json:"timeouts"`
			} `json:"unhealthy"`
		} `json:"passive"`
	}
	if decode(v, &checks) != nil {
		return true
	}
	active, passive := checks.Active, checks.Passive.Unhealthy
	return active.Healthy.Interval > 0 || active.Unhealthy.Interval > 0 ||
		passive.HTTPFailures > 0 || passive.TCPFailures > 0 || passive.Timeouts > 0
}

// member is a target in a ring.
type member struct {
	peer   peer
	weight int64
}

// newMember reads a target: "host:port" or "host" (Kong's default port for targets is 8000) and a weight (default 100).
func newMember(t kong.Entity) member {
	m := member{peer: peer{host: t.Text("target"), port: 8000}, weight: 100}
	if host, port, err := net.SplitHostPort(m.peer.host); err == nil {
		if n, err := strconv.Atoi(port); err == nil {
			m.peer = peer{host: host, port: n}
		}
	}
	if w, ok := t.Field("weight"); ok {
		m.weight, _ = w.(int64)
	}
	return m
}

// ring hands out targets in turn. Over any run of requests as long as the sum of the weights, divided by their greatest common
// divisor, each target gets exactly its share.
//
// Kong puts every target into a wheel as often as its weight says and shuffles it, at random (Kong 3.9.3,
// kong/runloop/balancer/round_robin.lua). Here the order is nginx's smooth one, so that a run can be repeated.
type ring struct {
	members []member

	mu     sync.Mutex
	credit []int64
}

func newRing(members []member) *ring {
	return &ring{members: members, credit: make([]int64, len(members))}
}

func (*ring) done(peer, time.Duration) {}

// next returns the next target that has a weight and is not lost, and whether there is one.
func (r *ring) next(c *choice) (peer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	best, total := -1, int64(0)
	for i, m := range r.members {
		if m.weight <= 0 || c.lost[m.peer] {
			continue
		}
		r.credit[i] += m.weight
		total += m.weight
		if best < 0 || r.credit[i] > r.credit[best] {
			best = i
		}
	}
	if best < 0 {
		return peer{}, false
	}
	r.credit[best] -= total
	return r.members[best].peer, true
}
