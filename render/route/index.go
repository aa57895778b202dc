package route

import (
	"regexp/syntax"
	"slices"
)

// index finds the entries whose expression can hold for a request, by what they demand of its host and path. Most routes demand
// a host or a path or both, and then few others demand the same.
//
// It is an economy only: every entry that holds is among the candidates.
type index struct {
	hosts axis[*axis[[]int]] // by host, then by path, the numbers of entries, ascending
}

// demand is what an expression requires of a text: the zero demand is nothing.
type demand struct {
	shape
	text string
}

// shape is how a text is compared: by ==, ^= or =^, perhaps in lower case; "" asks nothing.
type shape struct {
	op    operator
	lower bool
}

// axis files things under demands of one text.
type axis[T any] struct {
	filed  map[demand]T
	shapes []shapeLengths
}

// shapeLengths are the lengths of the demanded texts of a shape, ascending.
type shapeLengths struct {
	shape
	lengths []int
}

// file files under d what of makes of the thing that is there, which is zero at first.
func (x *axis[T]) file(d demand, of func(T) T) {
	if x.filed == nil {
		x.filed = map[demand]T{}
	}
	x.filed[d] = of(x.filed[d])
	i := slices.IndexFunc(x.shapes, func(s shapeLengths) bool { return s.shape == d.shape })
	if i < 0 {
		i = len(x.shapes)
		x.shapes = append(x.shapes, shapeLengths{shape: d.shape})
	}
	lengths := &x.shapes[i].lengths
	if at, ok := slices.BinarySearch(*lengths, len(d.text)); !ok {
		*lengths = slices.Insert(*lengths, at, len(d.text))
	}
}

// find calls yield for what is filed under demands that a text meets, and under none. Nothing else is if the text is absent.
func (x *axis[T]) find(text string, present bool, yield func(T)) {
	for _, s := range x.shapes {
		full := text
		switch {
		case s.op != "" && !present:
			continue
		case s.lower:
			full = lowerText(text)
		}
		for _, n := range s.lengths {
			if n > len(full) {
				break
			}
			part := full
			switch s.op {
			case "":
				part = ""
			case opPrefix:
				part = full[:n]
			case opPostfix:
				part = full[len(full)-n:]
			case opEqual:
				if n != len(full) {
					continue
				}
			}
			if t, ok := x.filed[demand{s.shape, part}]; ok {
				yield(t)
			}
		}
	}
}

// add files entry number i, which must be higher than those before.
func (x *index) add(i int, e Expr) {
	for _, h := range orNone(demands(e, "http.host")) {
		x.hosts.file(h, func(paths *axis[[]int]) *axis[[]int] {
			if paths == nil {
				paths = &axis[[]int]{}
			}
			for _, p := range orNone(demands(e, "http.path")) {
				paths.file(p, func(list []int) []int {
					if len(list) > 0 && list[len(list)-1] == i {
						return list
					}
					return append(list, i)
				})
			}
			return paths
		})
	}
}

// candidates calls yield for lists of entries, each ascending, that together hold all that c may meet.
func (x *index) candidates(c *context, yield func([]int)) {
	x.hosts.find(c.host, c.hasHost, func(paths *axis[[]int]) { paths.find(c.path, true, yield) })
}

func orNone(ds []demand) []demand {
	if len(ds) == 0 {
		return []demand{{}}
	}
	return ds
}

// demands returns demands of a field of which one must be met for e to hold, or none if nothing is known.
func demands(e Expr, field string) []demand {
	switch e := e.(type) {
	case *predicate:
		if d, ok := e.demand(); ok && e.field.name == field {
			return []demand{d}
		}
	case allOf:
		for _, x := range e {
			if ds := demands(x, field); ds != nil {
				return ds
			}
		}
	case anyOf:
		var out []demand
		for _, x := range e {
			ds := demands(x, field)
			if ds == nil {
				return nil
			}
			out = append(out, ds...)
		}
		return out
	}
	return nil
}

// demand returns what the predicate requires of a text that the request has once at most.
func (p *predicate) demand() (demand, bool) {
	d := demand{shape{p.op, p.field.lower}, p.value.text}
	switch p.op {
	case opEqual, opPrefix, opPostfix:
		return d, p.value.kind == textKind
	case opRegex:
		d.op, d.text = opPrefix, p.value.regex.prefix()
		return d, d.text != ""
	}
	return demand{}, false
}

// prefix returns a text that all that the regex matches begins with, "" if none is known.
func (r Regex) prefix() string {
	tree, err := syntax.Parse(r.re.String(), syntax.Perl)
	if err != nil || tree.Op != syntax.OpConcat || tree.Sub[0].Op != syntax.OpBeginText {
		return ""
	}
	out := ""
	for _, sub := range tree.Sub[1:] {
		if sub.Op == syntax.OpCapture {
			sub = sub.Sub[0]
		}
		if sub.Op != syntax.OpLiteral || sub.Flags&syntax.FoldCase != 0 {
			break
		}
		out += string(sub.Rune)
	}
	return out
}
