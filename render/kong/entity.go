package kong

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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

// Entity is one Kong entity in canonical form (see the package comment). It is immutable; the zero Entity is none.
type Entity struct {
	key    Key
	fields map[string]Value
	origin Origin
	// stored are the fields as a declarative configuration has them, with nulls, which are not the same to Kong as defaults.
	// It is nil for entities that do not come from one.
	stored map[string]Value
}

// New returns the entity of kind k with the given id and fields, in canonical form. It takes no hold of fields and does
// not change them. An "id" among the fields is ignored.
//
// A reference may be given as {"id": UUID} or as the UUID alone. Errors are for what has no canonical form: an empty id
// or kind, a value that JSON has no word for.
func New(k Kind, id string, fields map[string]any, origin Origin) (Entity, error) {
	if !plainYAML(string(k)) || id == "" {
		return Entity{}, fmt.Errorf("an entity needs a kind and an id, not %q and %q", k, id)
	}
	row, _ := k.Row()
	out := make(map[string]Value, len(fields))
	for name, v := range fields {
		switch name {
		case "id", "created_at", "updated_at":
			continue
		}
		c, err := canonical(v)
		if err != nil {
			return Entity{}, fmt.Errorf("%s %s: field %s: %w", row.Singular, id, name, err)
		}
		if c != nil {
			out[name] = c
		}
	}
	for _, r := range row.Refs {
		if s, ok := out[r.Field].(string); ok && !r.Many {
			out[r.Field] = map[string]Value{"id": strings.ToLower(s)}
		}
	}
	for _, name := range row.Sets {
		if list, ok := out[name].([]any); ok {
			out[name] = sortedSet(list)
		}
	}
	return Entity{key: Key{Kind: k, ID: strings.ToLower(id)}, fields: out, origin: origin}, nil
}

// canonical returns v with whole numbers as int64 and without nulls in objects.
func canonical(v any) (Value, error) { return normal(v, false) }

// normal is canonical, and may keep nulls.
func normal(v any, nulls bool) (Value, error) {
	switch v := v.(type) {
	case nil, bool, int64:
		return v, nil
	case string:
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("%q is not UTF-8", v)
		}
		return v, nil
	case int:
		return int64(v), nil
	case float64:
		return canonicalFloat(v)
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i, nil
		}
		f, err := v.Float64()
		if err != nil {
			return nil, fmt.Errorf("number %s: %w", v, err)
		}
		return canonicalFloat(f)
	case []string:
		out := make([]any, len(v))
		for i, s := range v {
			out[i] = s
		}
		return normal(out, nulls)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			c, err := normal(v[i], nulls)
			if err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
			out[i] = c
		}
		return out, nil
	case map[string]any:
		out := make(map[string]Value, len(v))
		for name, e := range v {
			c, err := normal(e, nulls)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if c != nil || nulls {
				out[name] = c
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("a %T is no JSON value", v)
}

func canonicalFloat(f float64) (Value, error) {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return nil, fmt.Errorf("%v is no JSON number", f)
	case f == math.Trunc(f) && math.Abs(f) < 1<<53:
		return int64(f), nil
	}
	return f, nil
}

// sortedSet returns the list in a fixed order, without repetitions.
func sortedSet(list []any) []any {
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b any) int { return strings.Compare(setKey(a), setKey(b)) })
	return slices.CompactFunc(out, func(a, b any) bool { return setKey(a) == setKey(b) })
}

func setKey(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(appendJSON(nil, v))
}

// IsZero reports whether e is no entity.
func (e Entity) IsZero() bool { return e.key == Key{} }

// Key returns the entity's identity.
func (e Entity) Key() Key { return e.key }

// Kind returns the entity's kind.
func (e Entity) Kind() Kind { return e.key.Kind }

// ID returns the entity's id.
func (e Entity) ID() string { return e.key.ID }

// Origin returns which manifest the entity comes from.
func (e Entity) Origin() Origin { return e.origin }

// WithOrigin returns the entity with another origin.
func (e Entity) WithOrigin(o Origin) Entity { e.origin = o; return e }

// Name returns what people call the entity: its natural name, or a description for kinds that have none.
func (e Entity) Name() string {
	row, _ := e.key.Kind.Row()
	if s, ok := e.fields[row.Name].(string); ok && row.Name != "" {
		return s
	}
	for _, name := range []string{"name", "target", "group", "custom_id"} {
		if s, ok := e.fields[name].(string); ok {
			return s
		}
	}
	return e.key.ID
}

// String returns what people call the entity, with its kind: "service echo". It holds no other field, so that no verb of fmt prints
// a secret.
func (e Entity) String() string {
	row, _ := e.key.Kind.Row()
	return row.Singular + " " + e.Name()
}

// GoString returns what [Entity.String] returns.
func (e Entity) GoString() string { return e.String() }

// Field returns the value of a field at the top level, and whether it is set.
func (e Entity) Field(name string) (Value, bool) {
	v, ok := e.fields[name]
	return v, ok
}

// Text returns the value of a field that holds a string, else "".
func (e Entity) Text(name string) string {
	s, _ := e.fields[name].(string)
	return s
}

// Strings returns the strings of a field that holds an array of them.
func (e Entity) Strings(name string) []string {
	list, _ := e.fields[name].([]any)
	out := make([]string, 0, len(list))
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// Tags returns the entity's tags, sorted.
func (e Entity) Tags() []string { return e.Strings("tags") }

// HasTag reports whether the entity carries the tag.
func (e Entity) HasTag(tag string) bool {
	list, _ := e.fields["tags"].([]any)
	return slices.Contains(list, any(tag))
}

// Fields iterates over the top-level fields that are set, by name. The id is not among them.
func (e Entity) Fields() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for _, name := range slices.Sorted(maps.Keys(e.fields)) {
			if !yield(name, e.fields[name]) {
				return
			}
		}
	}
}

// With returns the entity with one field set to v, or removed where v is nil.
func (e Entity) With(name string, v any) (Entity, error) {
	fields := maps.Clone(e.fields)
	fields[name] = v
	return New(e.key.Kind, e.key.ID, fields, e.origin)
}

// WithID returns the entity under another id.
func (e Entity) WithID(id string) Entity { e.key.ID = strings.ToLower(id); return e }

// Ref returns the key of the entity that a foreign key field refers to, and whether it is set.
func (e Entity) Ref(field string) (Key, bool) {
	row, _ := e.key.Kind.Row()
	for _, r := range row.Refs {
		if r.Field == field && !r.Many {
			id := refID(e.fields[field])
			return Key{Kind: r.Kind, ID: id}, id != ""
		}
	}
	return Key{}, false
}

// Refs iterates over the entities that e refers to, in the order of the table of kinds.
func (e Entity) Refs() iter.Seq2[Ref, Key] {
	return func(yield func(Ref, Key) bool) {
		row, _ := e.key.Kind.Row()
		for _, r := range row.Refs {
			if !r.Many {
				if id := refID(e.fields[r.Field]); id != "" && !yield(r, Key{Kind: r.Kind, ID: id}) {
					return
				}
				continue
			}
			for _, id := range e.Strings(r.Field) {
				if !yield(r, Key{Kind: r.Kind, ID: id}) {
					return
				}
			}
		}
	}
}

func refID(v Value) string {
	if m, ok := v.(map[string]Value); ok {
		s, _ := m["id"].(string)
		return s
	}
	return ""
}

// Natural returns the entity's natural key, by which Kong keeps it unique apart from its id; "" for kinds, or entities, that
// have none. Natural keys of different kinds are not comparable.
func (e Entity) Natural() string {
	row, _ := e.key.Kind.Row()
	if row.Name != "" {
		return e.Text(row.Name)
	}
	if len(row.Unique) == 0 {
		return ""
	}
	var b []byte
	some := false
	for _, name := range row.Unique {
		v, ok := e.fields[name]
		some = some || ok
		b = append(appendJSON(b, v), 0)
	}
	if !some {
		return ""
	}
	return string(b)
}

// Equal reports whether e and o are the same entity with the same fields. Origins are not compared.
func (e Entity) Equal(o Entity) bool {
	return e.key == o.key && len(e.fields) == len(o.fields) && reflect.DeepEqual(e.fields, o.fields)
}

// AppendJSON appends the entity as one JSON object, the id first and then the fields by name.
func (e Entity) AppendJSON(b []byte) []byte {
	b = append(b, `{"id":`...)
	b = appendString(b, e.key.ID)
	for name, v := range e.Fields() {
		b = append(b, ',')
		b = append(appendString(b, name), ':')
		b = appendJSON(b, v)
	}
	return append(b, '}')
}

// MarshalJSON returns what [Entity.AppendJSON] appends.
func (e Entity) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }

// appendJSON appends a canonical value as JSON, object fields by name.
func appendJSON(b []byte, v Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, e)
		}
		return append(b, ']')
	case map[string]Value:
		b = append(b, '{')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, name), ':')
			b = appendJSON(b, v[name])
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

// appendString appends s as a JSON string. Unlike json.Marshal it leaves <, > and & alone, as Kong does.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			var buf bytes.Buffer
			enc := json.NewEncoder(&buf)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(s); err != nil {
				return append(b, `""`...)
			}
			return append(b, bytes.TrimRight(buf.Bytes(), "\n")...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
