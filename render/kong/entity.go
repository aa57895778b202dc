package kong

import (
	"bytes"
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
// hold, which is a few words more than what the entity has of its own.
type Entity struct{ r *record }

// record is what an entity holds. It is never written once an Entity has it.
type record struct {
	// form and own are the canonical form: a JSON object, the id first and then the fields by name.
	form *form
	own  string

	origin *Origin
	// stored is the entity as a declarative configuration has it, with nulls, which are not the same to Kong as defaults. It is nil
	// for entities that do not come from one.
	stored *string
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
func entity(row *Row, t string) Entity { return Entity{&record{form: row.whole, own: t}} }

// text returns the entity's canonical text.
func (e Entity) text() string {
	if e.r.form.isWhole() {
		return e.r.own
	}
	return string(e.AppendJSON(nil))
}

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
	return e.r.form.row.Kind
}

// ID returns the entity's id.
func (e Entity) ID() string {
	if e.r == nil {
		return ""
	}
	own := e.r.own
	if e.r.form.isWhole() {
		own = own[len(`{"id":`):]
	}
	return text(own[:skipString(own, 0)])
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
	name, _ := e.called()
	return name
}

// namers are the fields that say what to call an entity that has no natural name, the best first.
var namers = []string{"name", "target", "group", "custom_id"}

// called returns what people call the entity, and whether that is its natural name.
func (e Entity) called() (name string, naturally bool) {
	if e.r == nil {
		return "", false
	}
	if v := e.Raw(e.r.form.row.Name); v != "" && v[0] == '"' {
		return text(v), true
	}
	for _, namer := range namers {
		if v := e.Raw(namer); v != "" && v[0] == '"' {
			return cmp.Or(text(v), e.ID()), false
		}
	}
	return e.ID(), false
}

// String returns what people call the entity, with its kind: "service echo". It holds no other field, so that no verb of fmt prints
// a secret.
func (e Entity) String() string {
	row, _ := e.Kind().Row()
	return row.Singular + " " + e.Name()
}

// GoString returns what [Entity.String] returns.
func (e Entity) GoString() string { return e.String() }

// Raw returns the canonical text of a field's value, "" if it is not set: equal values have equal ones.
func (e Entity) Raw(name string) string {
	if e.r == nil || name == "id" {
		return ""
	}
	return e.r.form.lookup(e.r.own, name)
}

// Field returns the value of a field at the top level, and whether it is set.
func (e Entity) Field(name string) (Value, bool) {
	t := e.Raw(name)
	return value(t), t != ""
}

// Text returns the value of a field that holds a string, else "".
func (e Entity) Text(name string) string { return text(e.Raw(name)) }

// Strings returns the strings of a field that holds an array of them.
func (e Entity) Strings(name string) []string { return stringsIn(e.Raw(name)) }

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
	return e.anyTag(func(t string) bool { return t == tag })
}

// anyTag reports whether what is asked holds for a tag of the entity.
func (e Entity) anyTag(is func(tag string) bool) bool {
	return e.r != nil && e.r.form.anyTag(e.r.own, is)
}

// Fields iterates over the top-level fields that are set, by name. The id is not among them. Each value is decoded for the caller.
func (e Entity) Fields() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for name, v := range e.texts() {
			if !yield(name, value(v)) {
				return
			}
		}
	}
}

// texts iterates over what [Entity.Fields] does, with the values' canonical texts.
func (e Entity) texts() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if e.r == nil {
			return
		}
		f := e.r.form
		for _, m := range f.members {
			if m.name != "id" && !yield(m.name, f.value(e.r.own, m)) {
				return
			}
		}
		if !f.isWhole() {
			return
		}
		for name, v := range members(e.r.own) {
			if name != "id" && !yield(name, v) {
				return
			}
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
	t := e.text()
	b := appendID(make([]byte, 0, len(t)+len(id)), id)
	changed := entity(e.r.form.row, string(append(b, t[skipString(t, len(`{"id":`)):]...)))
	changed.r.origin, changed.r.stored = e.r.origin, e.r.stored
	return changed
}

// Ref returns the key of the entity that a foreign key field refers to, and whether it is set.
func (e Entity) Ref(field string) (Key, bool) {
	if e.r == nil {
		return Key{}, false
	}
	row := e.r.form.row
	i := row.ref(field)
	if i < 0 || row.Refs[i].Many {
		return Key{}, false
	}
	id := refID(e.Raw(field))
	return Key{Kind: row.Refs[i].Kind, ID: id}, id != ""
}

// Refs iterates over the entities that e refers to, in the order of the table of kinds.
func (e Entity) Refs() iter.Seq2[Ref, Key] {
	return func(yield func(Ref, Key) bool) {
		if e.r == nil {
			return
		}
		for _, r := range e.r.form.row.Refs {
			t := e.Raw(r.Field)
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
	if e.r == nil {
		return ""
	}
	if e.r.form.row.Name == "" {
		var room [256]byte
		return string(e.appendUnique(room[:0]))
	}
	if name, ok := e.called(); ok {
		return name
	}
	return ""
}

// appendUnique appends the fields that together identify an entity that has no name; nothing if none of them is set.
func (e Entity) appendUnique(b []byte) []byte {
	start, some := len(b), false
	for _, name := range e.r.form.row.Unique {
		t := e.Raw(name)
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
	if e.r.form == o.r.form {
		return e.r.own == o.r.own
	}
	var mine, others [1024]byte
	return e.Kind() == o.Kind() && bytes.Equal(e.AppendJSON(mine[:0]), o.AppendJSON(others[:0]))
}

// AppendJSON appends the entity as one JSON object, the id first and then the fields by name.
func (e Entity) AppendJSON(b []byte) []byte {
	if e.r == nil {
		return append(b, `{"id":""}`...)
	}
	return e.r.form.appendText(b, e.r.own)
}

// MarshalJSON returns what [Entity.AppendJSON] appends.
func (e Entity) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }
