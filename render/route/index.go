package route

import "slices"

// index finds the entries whose expression can hold for a request, by what they demand of its host and path. Most routes demand
// a host or a path or both, and then few others demand the same.
type index struct {
	entries map[demand][]int // their numbers, ascending
	lengths []int            // of the prefixes among the demands, ascending
}

// demand is what an expression requires of a request: the zero demand is nothing.
type demand struct {
	hostOp, pathOp operator // == or, for the path, ^=; "" asks nothing
	lower          bool     // the host is compared in lower case
	host, path     string
}

// add files entry number i, which must be higher than those before.
func (x *index) add(i int, e Expr) {
	if x.entries == nil {
		x.entries = map[demand][]int{}
	}
	for _, h := range orNone(demands(e, hostDemand)) {
		for _, p := range orNone(demands(e, pathDemand)) {
			d := demand{hostOp: h.hostOp, lower: h.lower, host: h.host, pathOp: p.pathOp, path: p.path}
			if list := x.entries[d]; len(list) == 0 || list[len(list)-1] != i {
				x.entries[d] = append(list, i)
			}
			if n := len(p.path); p.pathOp == opPrefix {
				if at, ok := slices.BinarySearch(x.lengths, n); !ok {
					x.lengths = slices.Insert(x.lengths, at, n)
				}
			}
		}
	}
}

func orNone(ds []demand) []demand {
	if len(ds) == 0 {
		return []demand{{}}
	}
	return ds
}

// demands returns demands of which one must be met for e to hold, or none if nothing is known.
func demands(e Expr, of func(*predicate) (demand, bool)) []demand {
	switch e := e.(type) {
	case *predicate:
		if d, ok := of(e); ok {
			return []demand{d}
		}
	case allOf:
		for _, x := range e {
			if ds := demands(x, of); ds != nil {
				return ds
			}
		}
	case anyOf:
		var out []demand
		for _, x := range e {
			ds := demands(x, of)
			if ds == nil {
				return nil
			}
			out = append(out, ds...)
		}
		return out
	}
	return nil
}

func hostDemand(p *predicate) (demand, bool) {
	return demand{hostOp: opEqual, lower: p.field.lower, host: p.value.text}, p.field.name == "http.host" && p.op == opEqual
}

func pathDemand(p *predicate) (demand, bool) {
	return demand{pathOp: p.op, path: p.value.text},
		p.field.name == "http.path" && !p.field.lower && (p.op == opEqual || p.op == opPrefix)
}

// candidates calls yield for the entries that c may meet, in their order, until it returns false.
func (x *index) candidates(c *context, yield func(int) bool) {
	var lists [][]int
	collect := func(h demand) {
		for _, pathOp := range []operator{"", opEqual} {
			h.pathOp, h.path = pathOp, ""
			if pathOp == opEqual {
				h.path = c.path
			}
			if list := x.entries[h]; list != nil {
				lists = append(lists, list)
			}
		}
		h.pathOp = opPrefix
		for _, n := range x.lengths {
			if n > len(c.path) {
				break
			}
			h.path = c.path[:n]
			if list := x.entries[h]; list != nil {
				lists = append(lists, list)
			}
		}
	}
	collect(demand{})
	if c.hasHost {
		collect(demand{hostOp: opEqual, host: c.host})
		collect(demand{hostOp: opEqual, host: lowerText(c.host), lower: true})
	}
	merge(lists, yield)
}

// merge calls yield for the numbers in the ascending lists, in order and once each, until it returns false.
func merge(lists [][]int, yield func(int) bool) {
	for {
		lists = slices.DeleteFunc(lists, func(l []int) bool { return len(l) == 0 })
		if len(lists) == 0 {
			return
		}
		low := slices.MinFunc(lists, func(a, b []int) int { return a[0] - b[0] })[0]
		for i, l := range lists {
			if l[0] == low {
				lists[i] = l[1:]
			}
		}
		if !yield(low) {
			return
		}
	}
}
