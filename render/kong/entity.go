package kong

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// Value is a JSON value in canonical form: string, bool, int64, float64, []any or map[string]any. Values that a function
// of this package returns are shared: treat them as read-only.
type Value = any

// Key identifies an entity: its kind and its id, a UUID in lower case.
type Key struct {
	Kind Kind
	ID   string
}

// String returns "kind/id".
func (k Key) String() string { return string(k.Kind) + "/" + k.ID }

// Compare orders keys by kind and id.
func (k Key) Compare(l Key) int { return cmp.Or(cmp.Compare(k.Kind, l.Kind), cmp.Compare(k.ID, l.ID)) }

// Origin says which manifest an entity comes from; zero for what was read from a Kong.
type Origin struct {
	Object diag.Object
	// Field is the part of the object that became the entity, such as "spec.rules[0].matches[1]"; "" for all of it.
	Field string
	// Pos is where that stands.
	Pos diag.Pos
}

// Entity is one Kong entity in canonical form (see the package comment). It is immutable; the zero Entity is none. Copies share what they
// hold, which is a few words more than the entity's JSON.
type Entity struct{ r *record }

// record is what an entity holds. It is never written once an Entity has it.
type record struct {
	row *Row
	// text is the canonical form: a JSON object, the id first and then the fields by name.
	text string
	// id and name are parts of text, unless they are spelled with escapes there.
	id, name string
	// tags and refs are where in text the values of these fields begin, 0 for none; refs in the order of the row's.
	tags uint32
	refs [3]uint32

	// named says that name is the natural name.
	named bool

	origin *Origin
	// stored is the entity as a declarative configuration has it, with nulls, which are not the same to Kong as defaults. It is ""
	// for entities that do not come from one.
	stored string
}

// appendID appends the beginning of an entity's canonical form.
func appendID(b []byte, id string) []byte {
	return appendString(append(b, `{"id":`...), strings.ToLower(id))
}

// isAutomatic reports whether a field, at the top level, is no part of what an entity says: the id, and times that Kong notes.
func isAutomatic(name string) bool {
	return name == "id" || name == "created_at" || name == "updated_at"
}

// settle puts the value of a field, which b ends with, beginning at b[start], in its one form.
func (r *Row) settle(b []byte, start int, name string) []byte {
	switch b[start] {
	case '"':
		if i := r.ref(name); i >= 0 && !r.Refs[i].Many {
			id := strings.ToLower(text(string(b[start:])))
			return append(appendString(append(b[:start], `{"id":`...), id), '}')
		}
	case '[':
		if slices.Contains(r.Sets, name) {
			return sortSet(b, start)
		}
	}
	return b
}

// ref returns the index of the reference that a field is, -1 if it is none.
func (r *Row) ref(name string) int {
	return slices.IndexFunc(r.Refs, func(ref Ref) bool { return ref.Field == name })
}

// entity returns the entity of canonical text.
func entity(row *Row, t string) Entity {
	r := &record{row: row, text: t}
	r.mark()
	return Entity{r}
}

// mark notes where in the text those parts are that are asked for again and again.
func (r *record) mark() {
	other := len(namers)
	for i := 1; i < len(r.text)-1; i++ {
		colon := skip(r.text, i)
		end := skip(r.text, colon+1)
		name, v := r.text[i+1:colon-1], r.text[colon+1:end]
		switch {
		case i == 1:
			r.id = text(v)
		case name == "tags":
			r.tags = uint32(colon + 1) //nolint:gosec // no answer of a Kong is as large
		case r.row.ref(name) >= 0:
			r.refs[r.row.ref(name)] = uint32(colon + 1) //nolint:gosec // as above
		case v[0] != '"':
		case name == r.row.Name && name != "":
			r.name, r.named, other = text(v), true, -1
		default:
			if n := slices.Index(namers[:max(other, 0)], name); n >= 0 {
				r.name, other = text(v), n
			}
		}
		i = end
	}
	if r.name == "" && other != -1 {
		r.name = r.id
	}
}

// namers are the fields that say what to call an entity that has no natural name, the best first.
var namers = []string{"name", "target", "group", "custom_id"}

func originOf(o Origin) *Origin {
	if o == (Origin{}) {
		return nil
	}
	return &o
}

// IsZero reports whether e is no entity.
func (e Entity) IsZero() bool { return e.r == nil }

// Key returns the entity's identity.
func (e Entity) Key() Key { return Key{Kind: e.Kind(), ID: e.ID()} }

// Kind returns the entity's kind.
func (e Entity) Kind() Kind {
	if e.r == nil {
		return ""
	}
	return e.r.row.Kind
}

// ID returns the entity's id.
func (e Entity) ID() string {
	if e.r == nil {
		return ""
	}
	return e.r.id
}

// Origin returns which manifest the entity comes from.
func (e Entity) Origin() Origin {
	if e.r == nil || e.r.origin == nil {
		return Origin{}
	}
	return *e.r.origin
}

// WithOrigin returns the entity with another origin.
func (e Entity) WithOrigin(o Origin) Entity {
	if e.r == nil {
		return e
	}
	r := *e.r
	r.origin = originOf(o)
	return Entity{&r}
}

// Name returns what people call the entity: its natural name, or a description for kinds that have none.
func (e Entity) Name() string {
	if e.r == nil {
		return ""
	}
	return e.r.name
}

// String returns what people call the entity, with its kind: "service echo". It holds no other field, so that no verb of fmt prints
// a secret.
func (e Entity) String() string {
	row, _ := e.Kind().Row()
	return row.Singular + " " + e.Name()
}

// GoString returns what [Entity.String] returns.
func (e Entity) GoString() string { return e.String() }

// raw returns the canonical text of a field's value, "" if it is not set.
func (e Entity) raw(name string) string {
	if e.r == nil || name == "id" {
		return ""
	}
	if name == "tags" {
		return e.at(e.r.tags)
	}
	if i := e.r.row.ref(name); i >= 0 {
		return e.at(e.r.refs[i])
	}
	return lookup(e.r.text, name)
}

// at returns the value that begins at a place of the text, "" for none.
func (e Entity) at(start uint32) string {
	if start == 0 {
		return ""
	}
	return e.r.text[start:skip(e.r.text, int(start))]
}

// Field returns the value of a field at the top level, and whether it is set.
func (e Entity) Field(name string) (Value, bool) {
	t := e.raw(name)
	return value(t), t != ""
}

// Text returns the value of a field that holds a string, else "".
func (e Entity) Text(name string) string { return text(e.raw(name)) }

// Strings returns the strings of a field that holds an array of them.
func (e Entity) Strings(name string) []string { return stringsIn(e.raw(name)) }

func stringsIn(t string) []string {
	out := []string{}
	for v := range elements(t) {
		if v[0] == '"' {
			out = append(out, text(v))
		}
	}
	return out
}

// Tags returns the entity's tags, sorted.
func (e Entity) Tags() []string { return e.Strings("tags") }

// HasTag reports whether the entity carries the tag.
func (e Entity) HasTag(tag string) bool {
	if e.r == nil || e.r.tags == 0 {
		return false
	}
	for v := range elements(e.r.text[e.r.tags:]) {
		if text(v) == tag && v[0] == '"' {
			return true
		}
	}
	return false
}

// Fields iterates over the top-level fields that are set, by name. The id is not among them. Each value is decoded for the caller.
func (e Entity) Fields() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for name, v := range e.Texts() {
			if !yield(name, value(v)) {
				return
			}
		}
	}
}

// Texts iterates over what [Entity.Fields] does, with the values' canonical texts: equal values have equal ones.
func (e Entity) Texts() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if e.r == nil {
			return
		}
		first := true
		for name, v := range members(e.r.text) {
			if !first && !yield(name, v) {
				return
			}
			first = false
		}
	}
}

// fields returns the fields as a map of the caller's own.
func (e Entity) fields() map[string]Value { return maps.Collect(e.Fields()) }

// With returns the entity with one field set to v, or removed where v is nil.
func (e Entity) With(name string, v any) (Entity, error) {
	fields := e.fields()
	fields[name] = v
	return New(e.Kind(), e.ID(), fields, e.Origin())
}

// WithID returns the entity under another id.
func (e Entity) WithID(id string) Entity {
	if e.r == nil {
		return e
	}
	b := appendID(make([]byte, 0, len(e.r.text)+len(id)), id)
	end := skip(e.r.text, len(`{"id":`))
	changed := entity(e.r.row, string(append(b, e.r.text[end:]...)))
	changed.r.origin, changed.r.stored = e.r.origin, e.r.stored
	return changed
}

// Ref returns the key of the entity that a foreign key field refers to, and whether it is set.
func (e Entity) Ref(field string) (Key, bool) {
	if e.r == nil {
		return Key{}, false
	}
	i := e.r.row.ref(field)
	if i < 0 || e.r.row.Refs[i].Many {
		return Key{}, false
	}
	id := refID(e.at(e.r.refs[i]))
	return Key{Kind: e.r.row.Refs[i].Kind, ID: id}, id != ""
}

// Refs iterates over the entities that e refers to, in the order of the table of kinds.
func (e Entity) Refs() iter.Seq2[Ref, Key] {
	return func(yield func(Ref, Key) bool) {
		if e.r == nil {
			return
		}
		for i, r := range e.r.row.Refs {
			t := e.at(e.r.refs[i])
			if !r.Many {
				if id := refID(t); id != "" && !yield(r, Key{Kind: r.Kind, ID: id}) {
					return
				}
				continue
			}
			for _, id := range stringsIn(t) {
				if !yield(r, Key{Kind: r.Kind, ID: id}) {
					return
				}
			}
		}
	}
}

// refID returns the id in the canonical text of a reference, "" if there is none.
func refID(t string) string { return text(member(t, "id")) }

// Natural returns the entity's natural key, by which Kong keeps it unique apart from its id; "" for kinds, or entities, that
// have none. Natural keys of different kinds are not comparable.
func (e Entity) Natural() string {
	switch {
	case e.r == nil:
		return ""
	case e.r.named:
		return e.r.name
	case e.r.row.Name != "":
		return ""
	}
	return string(e.appendUnique(nil))
}

// appendUnique appends the fields that together identify an entity that has no name; nothing if none of them is set.
func (e Entity) appendUnique(b []byte) []byte {
	start, some := len(b), false
	for _, name := range e.r.row.Unique {
		t := e.raw(name)
		some = some || t != ""
		b = append(append(b, t...), 0)
	}
	if !some {
		return b[:start]
	}
	return b
}

// Equal reports whether e and o are the same entity with the same fields. Origins are not compared.
func (e Entity) Equal(o Entity) bool {
	if e.r == nil || o.r == nil {
		return e.r == o.r
	}
	return e.r.row.Kind == o.r.row.Kind && e.r.text == o.r.text
}

// AppendJSON appends the entity as one JSON object, the id first and then the fields by name.
func (e Entity) AppendJSON(b []byte) []byte {
	if e.r == nil {
		return append(b, `{"id":""}`...)
	}
	return append(b, e.r.text...)
}

// MarshalJSON returns what [Entity.AppendJSON] appends.
func (e Entity) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }
