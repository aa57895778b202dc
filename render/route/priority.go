package route

import (
	"errors"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// Priority returns where Kong 3.9.3 ranks a route among those of HTTP or of streams: routes of higher priority are tried first, and
// among equals those of higher id. It is an error for a classic route that Kong splits because its paths are of several kinds
// (regexes, or prefixes of different lengths): each part has a priority of its own, see [Split].
//
// What Kong means is a word of bit fields: the number of criteria (bits 63-61), plain hosts only (60), the number of headers
// (59-52), a regex path (51), regex_priority (50-19), the length of the path prefix (18-0). What it computes differs, since
// it shifts Lua numbers, which takes 32 bits and the shift modulo 32: the number of criteria lands in bits 31-29, the number of
// headers in bits 27-20, and both mix with regex_priority. So a plain host outranks a regex path, which outranks any number of
// criteria up to three.
//
// A result with bit 31 set is a negative number, which fills the upper half with ones: so it is with four criteria or more, with a
// regex_priority from -4096 to -1, and with every other 4096 of it (4096 to 8191, 12288 to 16383, ...; with criteria added, from 3072
// on). Such a route outranks nearly all others, and is one to avoid: LuaJIT widens negative numbers differently once it has
// compiled the code, so that the order among such routes varies, and that Kong may fail to find a route again that it wants to
// replace; its router is stuck from then on (atc.lua: assertion failed). A classic route's priority of 1<<63 or more tells them.
//
// Routes with an expression have 0xFF in the upper byte, and their own priority below.
//
// Classic routes of streams have bit 61 for snis, and for sources and destinations both, and below it bits for what the sources (7, 6, 4)
// and the destinations (3, 2, 0) name: an address, a port, a network.
//
// Source: Kong 3.9.3, kong/router/transform.lua, get_priority and stream_get_priority.
func Priority(r kong.Entity) (uint64, error) {
	if _, ok := r.Field("expression"); ok {
		return 0xFF<<56 | uint64(integer(r, "priority")), nil
	}
	if isStream(r) {
		return streamPriority(r), nil
	}
	if len(Split(r)) > 1 {
		return 0, errors.New("the paths of the route are of several kinds")
	}
	return weigh(r).priority(), nil
}

// weight is what a classic route of HTTP is ranked by.
type weight struct {
	plainHosts    bool // has hosts, and none with a wildcard
	criteria      int  // kinds of them
	headers       int
	regexPath     bool
	regexPriority int64 // 0 without regex paths
	prefix        int   // the length of the path, if it is no regex
}

func weigh(r kong.Entity) weight {
	w := weight{criteria: criteria(r), headers: min(len(headerValues(r)), 255)}
	hosts := r.Strings("hosts")
	w.plainHosts = len(hosts) > 0 && !strings.Contains(strings.Join(hosts, ""), "*")
	switch paths := r.Strings("paths"); {
	case len(paths) == 0:
	case isRegexPath(paths[0]):
		w.regexPath, w.regexPriority = true, integer(r, "regex_priority")
	default:
		w.prefix = len(paths[0])
	}
	return w
}

func (w weight) priority() uint64 {
	var high uint64
	if w.plainHosts {
		high |= 1 << 60
	}
	if w.regexPath {
		high |= 1 << 51
	}
	return high | uint64(int64(w.mixed()|int32(w.prefix&0x7FFFF)))
}

// mixed returns the part of the priority in which Kong mixes three things.
func (w weight) mixed() int32 {
	return shift(int64(w.criteria), 61) | shift(int64(w.headers), 52) | shift(w.regexPriority, 19)
}

func streamPriority(r kong.Entity) uint64 {
	src, hasSrc := addrBits(r, "sources")
	dst, hasDst := addrBits(r, "destinations")
	out := src<<4 | dst
	if len(r.Strings("snis")) > 0 || hasSrc && hasDst {
		out |= 1 << 61
	}
	return out
}

// addrBits returns what a route's sources or destinations name, and whether there are any.
func addrBits(r kong.Entity, field string) (bits uint64, any bool) {
	const addressBit, portBit, networkBit = 1 << 3, 1 << 2, 1
	list := addresses(r, field)
	for _, a := range list {
		switch {
		case strings.Contains(a.ip, "/"):
			bits |= networkBit
		case a.ip != "":
			bits |= addressBit
		}
		if a.hasPort {
			bits |= portBit
		}
	}
	return bits, len(list) > 0
}

// criteria returns how many kinds of criteria a classic route has.
func criteria(r kong.Entity) int {
	n := 0
	for _, name := range []string{"sources", "destinations", "methods", "hosts", "snis", "paths"} {
		v, _ := r.Field(name)
		if list, _ := v.([]any); len(list) > 0 {
			n++
		}
	}
	if len(headerValues(r)) > 0 {
		n++
	}
	return n
}

// shift is LuaJIT's bit.lshift of a number: both operands are cut to 32 and 5 bits.
func shift(n int64, by uint) int32 { return int32(uint32(n) << (by & 31)) }

// integer returns a whole number of a route, or 0.
func integer(r kong.Entity, field string) int64 {
	v, _ := r.Field(field)
	n, _ := v.(int64)
	return n
}
