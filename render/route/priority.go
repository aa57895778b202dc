package route

import (
	"errors"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// Priority returns where Kong 3.9.3 ranks a route: routes of higher priority are tried first, and among equals those of higher
// id. It is an error for a route of streams, and for a classic route that Kong splits because its paths are of several kinds
// (regexes, or prefixes of different lengths): each part has a priority of its own, see [Split].
//
// What Kong means is a word of bit fields: the number of criteria (bits 63-61), plain hosts only (60), the number of headers
// (59-52), a regex path (51), regex_priority (50-19), the length of the path prefix (18-0). What it computes differs, since
// it shifts Lua numbers, which takes 32 bits and the shift modulo 32: the number of criteria lands in bits 31-29, the number of
// headers in bits 27-20, and both mix with regex_priority. So a plain host outranks a regex path, which outranks any number of
// criteria up to three.
//
// A result with bit 31 set is a negative number, which fills the upper half with ones: so it is with four criteria or more, and with
// every other 4096 of regex_priority (4096 to 8191, 12288 to 16383, ...; with criteria added, from 3072 on). Such a route outranks
// nearly all others, and is one to avoid: LuaJIT widens negative numbers differently once it has compiled the code, so that
// the order among such routes varies, and that Kong may fail to find a route again that it wants to replace; its router is
// stuck from then on (atc.lua: assertion failed). A classic route's priority of 1<<63 or more tells them.
//
// Routes with an expression have 0xFF in the upper byte, and their own priority below.
//
// Source: kong/router/transform.lua, get_priority.
func Priority(r kong.Entity) (uint64, error) {
	if _, ok := r.Field("expression"); ok {
		return 0xFF<<56 | uint64(integer(r, "priority")), nil
	}
	if isStream(r) {
		return 0, errors.New("a route of streams has no priority among HTTP's")
	}
	const plainHostBit, regexBit = 1 << 60, 1 << 51
	paths := r.Strings("paths")
	var length int
	var regexPriority int64
	var high uint64
	if len(paths) > 0 {
		if len(Split(r)) > 1 {
			return 0, errors.New("the paths of the route are of several kinds")
		}
		if isRegexPath(paths[0]) {
			high |= regexBit
			regexPriority = integer(r, "regex_priority")
		} else {
			length = len(paths[0])
		}
	}
	if hosts := r.Strings("hosts"); len(hosts) > 0 && !strings.Contains(strings.Join(hosts, ""), "*") {
		high |= plainHostBit
	}
	headers := min(len(headerValues(r)), 255)
	low := shift(int64(criteria(r)), 61) | shift(int64(headers), 52) | shift(regexPriority, 19) | int32(length&0x7FFFF)
	return high | uint64(int64(low)), nil
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
