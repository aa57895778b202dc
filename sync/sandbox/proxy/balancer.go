package proxy

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

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
	entity kong.Entity
	ring   *ring
	// unmodelled names what the upstream asks for that the proxy does not do; "" if nothing.
	unmodelled string
	// checked says that health checks are on. They make no difference as long as the echo answers.
	checked bool
}

// newUpstream compiles an upstream. The ring of before, which may be nil, goes on turning if the targets are the same.
func newUpstream(e kong.Entity, targets []kong.Entity, before *upstream) *upstream {
	u := &upstream{entity: e, unmodelled: unmodelledBalancing(e), checked: checksHealth(e)}
	members := make([]member, len(targets))
	for i, t := range targets {
		members[i] = newMember(t)
	}
	if before != nil && slices.Equal(before.ring.members, members) {
		u.ring = before.ring
		return u
	}
	u.ring = &ring{members: members, credit: make([]int64, len(members))}
	return u
}

func unmodelledBalancing(e kong.Entity) string {
	if a := e.Text("algorithm"); a != "" && a != "round-robin" {
		return "algorithm " + a
	}
	if h := e.Text("hash_on"); h != "" && h != "none" {
		return "hash_on " + h
	}
	if _, ok := e.Field("client_certificate"); ok {
		return "client_certificate"
	}
	return ""
}

// unmodelledFor names what the proxy would have to do and does not, "" if nothing. Health checks count only where a target
// would really be asked: the echo is always healthy.
func (u *upstream) unmodelledFor(o *Options) string {
	if u.checked {
		for _, m := range u.ring.members {
			if l := o.link(m.peer); l.dial != nil {
				return "health checks"
			}
		}
	}
	return u.unmodelled
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

// next returns the next target that has a weight and is not lost, and whether there is one.
func (r *ring) next(lost map[peer]bool) (peer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	best, total := -1, int64(0)
	for i, m := range r.members {
		if m.weight <= 0 || lost[m.peer] {
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
