package proxy

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// continuum is consistent hashing: a circle of slots, some of which belong to a target. A request goes to the target of the slot
// that its key hashes to, or the nearest one below. For targets that are addresses it is Kong's own circle; those that are names
// stand in it by their names, where Kong would take the addresses that they resolve to.
//
// Source: Kong 3.9.3, kong/runloop/balancer/consistent_hashing.lua.
type continuum struct {
	slots []int // the member of a slot, counted from 1; 0 for none
	peers []peer
}

const (
	defaultSlots = 10000
	minSlots     = 1000
	// slotsPerTarget is how many slots each of several targets of the same weight gets.
	slotsPerTarget = 160
)

func newContinuum(members []member, slots int) *continuum {
	sorted := slices.SortedFunc(slices.Values(members), func(a, b member) int {
		return cmp.Or(cmp.Compare(a.peer.host, b.peer.host), cmp.Compare(a.peer.port, b.peer.port))
	})
	c := &continuum{slots: make([]int, max(slots, minSlots))}
	total := int64(0)
	for _, m := range sorted {
		c.peers = append(c.peers, m.peer)
		total += m.weight
	}
	for i, m := range sorted {
		if m.weight <= 0 {
			continue
		}
		entries := max(1, int(float64(m.weight)/float64(total)*float64(len(sorted))*slotsPerTarget))
		name := m.peer.host + "::" + strconv.Itoa(m.peer.port) + " "
		for n, set := 1, 0; set < entries && n <= len(c.slots); n++ {
			if slot := c.slot(name + strconv.Itoa(n)); c.slots[slot] == 0 {
				c.slots[slot] = i + 1
				set++
			}
		}
	}
	return c
}

func (c *continuum) slot(key string) int { return int(xxhash32(key) % uint32(len(c.slots))) }

func (c *continuum) next(ch *choice) (peer, bool) {
	start := c.slot(ch.key)
	for i := range c.slots {
		n := c.slots[(start-i+len(c.slots))%len(c.slots)]
		if n > 0 && !ch.lost[c.peers[n-1]] {
			return c.peers[n-1], true
		}
	}
	return peer{}, false
}

func (*continuum) done(peer, time.Duration) {}

// xxhash32 is the hash of that name with the seed 0.
//
// Source: github.com/Cyan4973/xxHash, doc/xxhash_spec.md.
func xxhash32(s string) uint32 {
	const p1, p2, p3, p4, p5 uint32 = 2654435761, 2246822519, 3266489917, 668265263, 374761393
	b := []byte(s)
	h := p5
	if len(b) >= 16 {
		seed := uint32(0)
		v := [4]uint32{seed + p1 + p2, seed + p2, seed, seed - p1}
		for ; len(b) >= 16; b = b[16:] {
			for i := range v {
				v[i] = bits.RotateLeft32(v[i]+binary.LittleEndian.Uint32(b[4*i:])*p2, 13) * p1
			}
		}
		h = bits.RotateLeft32(v[0], 1) + bits.RotateLeft32(v[1], 7) + bits.RotateLeft32(v[2], 12) + bits.RotateLeft32(v[3], 18)
	}
	h += uint32(len(s))
	for ; len(b) >= 4; b = b[4:] {
		h = bits.RotateLeft32(h+binary.LittleEndian.Uint32(b)*p3, 17) * p4
	}
	for _, c := range b {
		h = bits.RotateLeft32(h+uint32(c)*p5, 11) * p1
	}
	h = (h ^ h>>15) * p2
	h = (h ^ h>>13) * p3
	return h ^ h>>16
}

// hashKey returns what a request to an upstream is hashed on, "" if it has none of it. It makes up a cookie for a client that
// has none.
//
// Source: Kong 3.9.3, kong/runloop/balancer/init.lua, get_value_to_hash.
func (x *exchange) hashKey(u kong.Entity) string {
	for _, on := range []string{"hash_on", "hash_fallback"} {
		what := u.Text(on)
		if what == "" || what == "none" {
			return ""
		}
		if key, ok := x.hashed(u, on, what); ok {
			return key
		}
	}
	return ""
}

func (x *exchange) hashed(u kong.Entity, on, what string) (string, bool) {
	switch what {
	case "consumer":
		return x.consumer.ID(), !x.consumer.IsZero()
	case "ip":
		return x.sender.Addr().Unmap().String(), true
	case "header":
		return hashedHeader(x.requestHeader(), u.Text(on+"_header"))
	case "cookie":
		return x.hashedCookie(u), true
	case "path":
		path := route.NormalizePath(x.path())
		if plain, err := url.PathUnescape(path); err == nil {
			path = plain
		}
		return path, true
	case "query_arg":
		values, ok := parseArgs(x.query())[u.Text(on+"_query_arg")]
		var texts []string
		for _, v := range values {
			if v.bare {
				v.value = "true" // which is what Lua prints for it
			}
			texts = append(texts, v.value)
		}
		slices.Sort(texts)
		return strings.Join(texts, ","), ok
	case "uri_capture":
		key, ok := x.match.Captures[u.Text(on+"_uri_capture")]
		return key, ok
	}
	return "", false
}

// hashedHeader returns the values of a header as nginx's variable $http_NAME has them. In the names of those variables _ stands for
// -, so that a name with a - never finds anything.
func hashedHeader(h http.Header, name string) (string, bool) {
	if strings.Contains(name, "-") {
		return "", false
	}
	for _, name := range []string{name, strings.ReplaceAll(name, "_", "-")} {
		if values := h.Values(name); len(values) > 0 {
			return strings.Join(values, ", "), true
		}
	}
	return "", false
}

// hashedCookie returns the value of the cookie that the upstream hashes on. If the client has none, the answer sets it.
func (x *exchange) hashedCookie(u kong.Entity) string {
	name := u.Text("hash_on_cookie")
	now := http.Request{Header: x.requestHeader()}
	for _, c := range now.Cookies() {
		if strings.EqualFold(c.Name, name) {
			return c.Value
		}
	}
	id := newRequestID()
	value := id[:8] + "-" + id[8:12] + "-4" + id[13:16] + "-a" + id[17:20] + "-" + id[20:]
	path := cmp.Or(u.Text("hash_on_cookie_path"), "/")
	x.cookie = name + "=" + value + "; Path=" + path + "; Same-Site=Lax; HttpOnly"
	return value
}
