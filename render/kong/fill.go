package kong

import (
	"bytes"
	"slices"
	"strings"
)

// Fill returns e as Kong would answer it: with the defaults of its kind and, for a plugin, of its configuration, and with
// arrays that the schema calls sets in a fixed order, but without deprecated shorthands: the fields say what those say. What has no
// schema here stays as it is.
func (s Schemas) Fill(e Entity) (Entity, error) { return s.settled(e, true), nil }

// Resolve returns e, as a Kong answered it, without deprecated shorthands, which it answers beside the fields that they stand for, and with
// arrays that the schema calls sets in the same order as [Schemas.Fill] puts them.
func (s Schemas) Resolve(e Entity) (Entity, error) { return s.settled(e, false), nil }

func (s Schemas) settled(e Entity, defaults bool) Entity {
	if s.of(e) == nil {
		return e
	}
	settled := entity(e.r.row, string(s.appendEntity(nil, e, defaults)))
	settled.r.origin = e.r.origin
	return settled
}

// Comparer returns what reports whether live is what a Kong answers that was given e: whether [Schemas.Resolve] of the one is
// [Schemas.Fill] of the other. It makes neither. It is for one goroutine.
func (s Schemas) Comparer() func(live, e Entity) bool {
	var filled, held []byte
	return func(live, e Entity) bool {
		if live.Kind() != e.Kind() || e.IsZero() {
			return false
		}
		if filled = s.appendEntity(filled[:0], e, true); string(filled) == live.r.text {
			return true
		}
		held = s.appendEntity(held[:0], live, false)
		return bytes.Equal(filled, held)
	}
}

// Keep returns e with the values that a Kong which holds live made up by itself, for fields that e does not have: keys and secrets. If they
// are not in what is written to it, Kong makes up others, and those who know the old ones are locked out.
//
// Source: Kong 3.9.3, kong/db/schema/init.lua, process_auto_fields (auto), and kong/plugins/session/schema.lua (a random default).
func (s Schemas) Keep(e, live Entity) (Entity, error) {
	schema := s.of(e)
	if schema == nil || live.IsZero() {
		return e, nil
	}
	fields := e.fields()
	if !schema.keep(fields, live.fields()) {
		return e, nil
	}
	return New(e.Kind(), e.ID(), fields, e.Origin())
}

// keep adds what Kong made up to the fields of a record, and reports whether there was anything.
func (f *field) keep(fields, live map[string]Value) (kept bool) {
	for i, name := range f.names {
		sub, v := f.subs[i], live[name]
		below, isRecord := v.(map[string]Value)
		switch {
		case v == nil:
		case fields[name] == nil && (sub.auto || sub.encrypted && sub.def != ""):
			fields[name], kept = v, true
		case isRecord && sub.keepsBelow():
			mine, _ := fields[name].(map[string]Value)
			if mine == nil {
				mine = map[string]Value{}
			}
			if sub.keep(mine, below) {
				fields[name], kept = mine, true
			}
		}
	}
	return kept
}

// keepsBelow reports whether the field is a record with fields of which Kong may make up the values.
func (f *field) keepsBelow() bool {
	return slices.ContainsFunc(f.subs, func(sub *field) bool {
		return sub.auto || sub.encrypted && sub.def != "" || sub.keepsBelow()
	})
}

// appendEntity appends the canonical text of an entity as [Schemas.Fill], or without defaults [Schemas.Resolve], has it.
func (s Schemas) appendEntity(b []byte, e Entity, defaults bool) []byte {
	schema := s.of(e)
	if schema == nil {
		return append(b, e.r.text...)
	}
	b = appendID(b, e.r.id)
	return append(schema.appendMembers(b, 0, schema.resolved(e.r.text), defaults), '}')
}

// appendValue appends a value with defaults added, nothing for none, or null, that has no default.
func (f *field) appendValue(b []byte, t string, defaults bool) []byte {
	if t == "[]" && f.isObject() {
		t = "{}"
	}
	if t == "" || t == "null" {
		switch {
		case !defaults:
			return append(b, t...)
		case f.def != "":
			t = f.def
		case f.kind == "record" && f.required:
			t = "{}"
		default:
			return append(b, t...)
		}
	}
	switch {
	case t[0] == '{' && f.deep:
		b = append(b, '{')
		return append(f.appendMembers(b, len(b), f.resolved(t), defaults), '}')
	case t[0] == '[' && f.deep:
		return f.appendElements(b, t, defaults)
	}
	return append(b, t...)
}

// isObject reports whether values of the field are objects. Kong's GET /config writes empty ones as lists: Lua has one word for both.
//
// Source: Kong 3.9.3, kong/db/declarative/export.lua (lyaml).
func (f *field) isObject() bool { return f.kind == "map" || f.kind == "record" }

// appendMembers appends the members of an object, those that are missing among them. The first is to stand at b[first]. An id of the top
// level is left out.
func (f *field) appendMembers(b []byte, first int, t string, defaults bool) []byte {
	next := 0 // of f's fields
	for name, v := range members(t) {
		if first == 0 && name == "id" {
			continue
		}
		for ; next < len(f.names) && f.names[next] < name; next++ {
			b = f.appendAbsent(b, first, next, defaults)
		}
		sub := f.values
		if next < len(f.names) && f.names[next] == name {
			sub = f.subs[next]
			next++
		}
		b = appendName(b, first, name)
		if sub == nil {
			b = append(b, v...)
			continue
		}
		b = sub.appendValue(b, v, defaults)
	}
	for ; next < len(f.names); next++ {
		b = f.appendAbsent(b, first, next, defaults)
	}
	return b
}

// appendAbsent appends a field that an object does not have, if it has a default.
func (f *field) appendAbsent(b []byte, first, i int, defaults bool) []byte {
	if !defaults || f.subs[i].absent == "" {
		return b
	}
	return append(appendName(b, first, f.names[i]), f.subs[i].absent...)
}

func (f *field) appendElements(b []byte, t string, defaults bool) []byte {
	start := len(b)
	b = append(b, '[')
	for v := range elements(t) {
		if len(b) > start+1 {
			b = append(b, ',')
		}
		if f.elements == nil {
			b = append(b, v...)
			continue
		}
		b = f.elements.appendValue(b, v, defaults)
	}
	if b = append(b, ']'); f.kind == "set" {
		return sortSet(b, start)
	}
	return b
}

// resolved returns an object with the fields that deprecated shorthands stand for instead of those.
func (f *field) resolved(t string) string {
	if len(f.replaced) == 0 {
		return t
	}
	some := false
	for name := range members(t) {
		_, short := f.replaced[name]
		some = some || short
	}
	if !some {
		return t
	}
	fields, _ := value(t).(map[string]Value)
	b, err := appendMap(nil, f.resolve(fields), false)
	if err != nil {
		return t // not reached: it was canonical
	}
	return string(b)
}

// index prepares the field of a schema for the above, once those below it are.
func (f *field) index(fields map[string]*field) {
	for name := range fields {
		f.names = append(f.names, name)
	}
	slices.SortFunc(f.names, strings.Compare)
	f.deep = f.kind == "set" || len(f.replaced) > 0 || f.isObject() && len(fields) == 0
	for _, name := range f.names {
		sub := fields[name]
		f.subs = append(f.subs, sub)
		f.deep = f.deep || sub.deep || sub.absent != ""
	}
	for _, sub := range []*field{f.elements, f.values} {
		f.deep = f.deep || sub != nil && (sub.deep || sub.absent != "")
	}
	f.absent = string(f.appendValue(nil, "", true))
}
