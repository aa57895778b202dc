package kong

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Schemas are the schemas of a Kong's kinds and plugins, read from its own GET /schemas/KIND and
// /schemas/plugins/NAME, so that defaults and secrets are those of the Kong at hand. The zero Schemas know nothing.
//
// Schemas are immutable: [Schemas.WithKind] and [Schemas.WithPlugin] return more.
type Schemas struct {
	kinds   map[Kind]*field
	plugins map[string]*field
}

// field is what matters here of one field of a Kong schema.
//
// Source: Kong 3.9.3, kong/db/schema/init.lua.
type field struct {
	kind      string
	def       Value
	hasDef    bool
	required  bool
	encrypted bool
	fields    map[string]*field
	elements  *field
	values    *field
	// replaced are the deprecated shorthands of a record: the path of the field that each stands for. Kong takes them, and answers them
	// beside the fields.
	replaced map[string][]string
}

// WithKind returns the schemas and that of kind k, as GET /schemas/KIND answers it.
func (s Schemas) WithKind(k Kind, schema []byte) (Schemas, error) {
	f, err := parseSchema(schema)
	if err != nil {
		return Schemas{}, fmt.Errorf("schema of %s: %w", k, err)
	}
	kinds := maps.Clone(s.kinds)
	if kinds == nil {
		kinds = map[Kind]*field{}
	}
	kinds[k] = f
	return Schemas{kinds: kinds, plugins: s.plugins}, nil
}

// WithPlugin returns the schemas and that of the plugin called name, as GET /schemas/plugins/NAME answers it.
func (s Schemas) WithPlugin(name string, schema []byte) (Schemas, error) {
	f, err := parseSchema(schema)
	if err != nil {
		return Schemas{}, fmt.Errorf("schema of plugin %s: %w", name, err)
	}
	plugins := maps.Clone(s.plugins)
	if plugins == nil {
		plugins = map[string]*field{}
	}
	plugins[name] = f
	return Schemas{kinds: s.kinds, plugins: plugins}, nil
}

// HasKind reports whether the schema of kind k is known.
func (s Schemas) HasKind(k Kind) bool { return s.kinds[k] != nil }

// HasPlugin reports whether the schema of the plugin called name is known.
func (s Schemas) HasPlugin(name string) bool { return s.plugins[name] != nil }

// Fill returns e as Kong would answer it: with the defaults of its kind and, for a plugin, of its configuration, and with
// arrays that the schema calls sets in a fixed order, but without deprecated shorthands: the fields say what those say. What has no
// schema here stays as it is.
func (s Schemas) Fill(e Entity) (Entity, error) {
	schema := s.of(e)
	if schema == nil {
		return e, nil
	}
	filled, _ := schema.fill(e.fields).(map[string]Value)
	return New(e.key.Kind, e.key.ID, filled, e.origin)
}

// Resolve returns e, as a Kong answered it, without deprecated shorthands, which it answers beside the fields that they stand for.
func (s Schemas) Resolve(e Entity) (Entity, error) {
	schema := s.of(e)
	if schema == nil {
		return e, nil
	}
	return New(e.key.Kind, e.key.ID, schema.resolveAll(e.fields), e.origin)
}

// Secret reports whether the value at the path, a list of field names and array indices from the entity's top, must never be
// shown: by the table of kinds, because Kong's schema stores it encrypted, or because a tag of e says so ([SecretTag]). So is all below a
// secret.
func (s Schemas) Secret(e Entity, path ...string) bool {
	row, _ := e.key.Kind.Row()
	if len(path) > 0 && row.Secret(path[0]) || e.tagsSecret(path) {
		return true
	}
	var f *field
	for i, name := range path {
		switch {
		case i == 0:
			f = s.top(e, name)
		case f.replaced[name] != nil:
			return s.Secret(e, slices.Concat(path[:i], f.replaced[name], path[i+1:])...)
		default:
			f = f.child(name)
		}
		switch {
		case f == nil:
			return false
		case f.encrypted:
			return true
		}
	}
	return false
}

// top returns the schema of a field at an entity's top level, nil if it is not known. It says what s.of(e).child(name) does.
func (s Schemas) top(e Entity, name string) *field {
	kind := s.kinds[e.key.Kind]
	if kind == nil {
		return nil
	}
	if plugin := s.plugins[e.Text("name")]; plugin != nil && e.key.Kind == Plugins && plugin.fields[name] != nil {
		return plugin.fields[name]
	}
	return kind.child(name)
}

// of returns the schema of an entity, nil if it is not known. A plugin's schema replaces what the kind says of its fields.
func (s Schemas) of(e Entity) *field {
	kind := s.kinds[e.key.Kind]
	if e.key.Kind != Plugins {
		return kind
	}
	plugin := s.plugins[e.Text("name")]
	if plugin == nil || kind == nil {
		return kind
	}
	both := *kind
	both.fields = maps.Clone(kind.fields)
	maps.Copy(both.fields, plugin.fields)
	return &both
}

func (f *field) child(name string) *field {
	switch {
	case f.fields != nil:
		return f.fields[name]
	case f.elements != nil:
		return f.elements
	}
	return f.values
}

// fill returns v with defaults added, as a canonical value.
func (f *field) fill(v Value) Value {
	switch {
	case v == nil && f.hasDef:
		return f.fill(f.def)
	case v == nil && f.kind == "record" && f.required:
		return f.fill(map[string]Value{})
	}
	switch t := v.(type) {
	case map[string]Value:
		return f.fillMap(t)
	case []any:
		return f.fillList(t)
	}
	return v
}

func (f *field) fillMap(v map[string]Value) Value {
	out := f.resolve(v)
	if f.values != nil {
		for name := range out {
			out[name] = f.values.fill(out[name])
		}
	}
	for name, sub := range f.fields {
		if filled := sub.fill(out[name]); filled != nil {
			out[name] = filled
		}
	}
	return out
}

// resolve returns v with the fields that deprecated shorthands stand for instead of those, in a map of its own. What a field itself says
// counts, as it does for Kong.
func (f *field) resolve(v map[string]Value) map[string]Value {
	out := maps.Clone(v)
	for _, name := range slices.Sorted(maps.Keys(f.replaced)) {
		short := out[name]
		if delete(out, name); short != nil {
			out = withDefault(out, f.replaced[name], short)
		}
	}
	return out
}

// resolveAll does so for the records in v, too.
func (f *field) resolveAll(v map[string]Value) map[string]Value {
	out := f.resolve(v)
	for name, sub := range f.fields {
		if below, ok := out[name].(map[string]Value); ok {
			out[name] = sub.resolveAll(below)
		}
	}
	return out
}

// withDefault returns v with a value at a path where there is none. It does not change v.
func withDefault(v map[string]Value, path []string, value Value) map[string]Value {
	below, isMap := v[path[0]].(map[string]Value)
	switch {
	case v[path[0]] != nil && (len(path) == 1 || !isMap):
		return v
	case len(path) > 1:
		value = withDefault(below, path[1:], value)
	}
	out := maps.Clone(v)
	if out == nil {
		out = map[string]Value{}
	}
	out[path[0]] = value
	return out
}

func (f *field) fillList(v []any) Value {
	out := slices.Clone(v)
	if f.elements != nil {
		for i := range out {
			out[i] = f.elements.fill(out[i])
		}
	}
	if f.kind == "set" {
		return sortedSet(out)
	}
	return out
}

// rawField is a field as /schemas spells it: fields are a list of objects of one name each.
type rawField struct {
	Type      string                `json:"type"`
	Default   json.RawMessage       `json:"default"`
	Required  bool                  `json:"required"`
	Encrypted bool                  `json:"encrypted"`
	Fields    []map[string]rawField `json:"fields"`
	Elements  *rawField             `json:"elements"`
	Values    *rawField             `json:"values"`

	Shorthands []map[string]rawShorthand `json:"shorthand_fields"`
}

// rawShorthand is a shorthand as /schemas spells it. Kong answers the first of the fields that replace it.
type rawShorthand struct {
	Deprecation struct {
		ReplacedWith []struct {
			Path []string `json:"path"`
		} `json:"replaced_with"`
	} `json:"deprecation"`
}

func parseSchema(schema []byte) (*field, error) {
	var raw rawField
	if err := json.Unmarshal(schema, &raw); err != nil {
		return nil, err
	}
	if raw.Fields == nil {
		return nil, fmt.Errorf("no fields in it")
	}
	raw.Type = "record"
	return raw.field()
}

func (r rawField) field() (*field, error) {
	f := &field{kind: r.Type, required: r.Required, encrypted: r.Encrypted}
	if len(r.Default) > 0 && !bytes.Equal(r.Default, []byte("null")) {
		v, err := decodeJSON(r.Default)
		if err != nil {
			return nil, fmt.Errorf("default: %w", err)
		}
		f.def, f.hasDef = v, true
	}
	if r.Type == "record" {
		f.fields = map[string]*field{}
	}
	for _, named := range r.Fields {
		for name, sub := range named {
			s, err := sub.field()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			f.fields[name] = s
		}
	}
	for _, named := range r.Shorthands {
		for name, short := range named {
			if with := short.Deprecation.ReplacedWith; len(with) > 0 && len(with[0].Path) > 0 {
				if f.replaced == nil {
					f.replaced = map[string][]string{}
				}
				f.replaced[name] = with[0].Path
			}
		}
	}
	var err error
	if r.Elements != nil {
		if f.elements, err = r.Elements.field(); err != nil {
			return nil, err
		}
	}
	if r.Values != nil {
		if f.values, err = r.Values.field(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// decodeJSON returns the canonical value of one JSON document.
func decodeJSON(b []byte) (Value, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return canonical(v)
}
