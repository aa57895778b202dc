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
	settled := entity(e.r.form.row, string(s.appendEntity(nil, e, defaults)))
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
		filled = s.appendEntity(filled[:0], e, true)
		if held = live.AppendJSON(held[:0]); bytes.Equal(filled, held) {
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
		return e.AppendJSON(b)
	}
	to := filling{record: schema, b: appendID(b, e.ID()), defaults: defaults}
	isShort := func(m formMember) bool { _, ok := schema.replaced[m.name]; return ok }
	if f := e.r.form; !f.isWhole() && !slices.ContainsFunc(f.members, isShort) {
		for _, m := range f.members[1:] {
			to.add(m.name, f.value(e.r.own, m))
		}
		return append(to.end(), '}')
	}
	for name, v := range members(schema.resolved(e.text())) {
		if name != "id" {
			to.add(name, v)
		}
	}
	return append(to.end(), '}')
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

// appendMembers appends the members of an object, those that are missing among them. The first is to stand at b[first].
func (f *field) appendMembers(b []byte, first int, t string, defaults bool) []byte {
	to := filling{record: f, b: b, first: first, defaults: defaults}
	for name, v := range members(t) {
		to.add(name, v)
	}
	return to.end()
}

// filling is the text of an object to which members are appended, by name.
type filling struct {
	record   *field
	b        []byte
	first    int
	next     int // of the record's fields
	defaults bool
}

// add appends a member, after those that are missing before it.
func (to *filling) add(name, v string) {
	f := to.record
	for ; to.next < len(f.names) && f.names[to.next] < name; to.next++ {
		to.b = f.appendAbsent(to.b, to.first, to.next, to.defaults)
	}
	sub := f.values
	if to.next < len(f.names) && f.names[to.next] == name {
		sub = f.subs[to.next]
		to.next++
	}
	if to.b = appendName(to.b, to.first, name); sub == nil {
		to.b = append(to.b, v...)
		return
	}
	to.b = sub.appendValue(to.b, v, to.defaults)
}

// end appends what is missing behind the last member.
func (to *filling) end() []byte {
	for ; to.next < len(to.record.names); to.next++ {
		to.b = to.record.appendAbsent(to.b, to.first, to.next, to.defaults)
	}
	return to.b
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
