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
	// whole are the schemas of plugins with that of their kind, whose fields they replace.
	whole map[string]*field
}

// field is what matters here of one field of a Kong schema.
//
// Source: Kong 3.9.3, kong/db/schema/init.lua.
type field struct {
	kind string
	// def is the default, in canonical text; "" for none. absent is what a field that is not there comes to.
	def, absent string
	required    bool
	encrypted   bool
	// secret says that it must not be shown: Kong encrypts it, or takes a reference to a vault for it, as for tokens in headers.
	secret bool
	// auto says that Kong makes up a value where there is none.
	auto bool
	// names are the fields of a record, sorted, and subs what is known of them.
	names    []string
	subs     []*field
	elements *field
	values   *field
	// deep says that there are defaults, sets or shorthands in it.
	deep bool
	// replaced are the deprecated shorthands of a record. Kong takes them, and answers some of them beside the fields.
	replaced map[string]shorthand
}

// WithKind returns the schemas and that of kind k, as GET /schemas/KIND answers it.
func (s Schemas) WithKind(k Kind, schema []byte) (Schemas, error) {
	f, err := parseSchema(schema)
	if err != nil {
		return Schemas{}, fmt.Errorf("schema of %s: %w", k, err)
	}
	out := Schemas{kinds: maps.Clone(s.kinds), plugins: s.plugins}
	if out.kinds == nil {
		out.kinds = map[Kind]*field{}
	}
	out.kinds[k] = f
	return out.join(), nil
}

// WithPlugin returns the schemas and that of the plugin called name, as GET /schemas/plugins/NAME answers it.
func (s Schemas) WithPlugin(name string, schema []byte) (Schemas, error) {
	f, err := parseSchema(schema)
	if err != nil {
		return Schemas{}, fmt.Errorf("schema of plugin %s: %w", name, err)
	}
	out := Schemas{kinds: s.kinds, plugins: maps.Clone(s.plugins)}
	if out.plugins == nil {
		out.plugins = map[string]*field{}
	}
	if config := f.child("config"); config != nil && config.tell(name) {
		f.deep = true
	}
	out.plugins[name] = f
	return out.join(), nil
}

// join returns the schemas with the plugins' joined to that of their kind.
func (s Schemas) join() Schemas {
	kind := s.kinds[Plugins]
	if kind == nil {
		return s
	}
	s.whole = make(map[string]*field, len(s.plugins))
	for name, plugin := range s.plugins {
		both := &field{kind: kind.kind, replaced: kind.replaced}
		fields := map[string]*field{}
		for _, f := range []*field{kind, plugin} {
			for i, name := range f.names {
				fields[name] = f.subs[i]
			}
		}
		both.index(fields)
		s.whole[name] = both
	}
	return s
}

// HasKind reports whether the schema of kind k is known.
func (s Schemas) HasKind(k Kind) bool { return s.kinds[k] != nil }

// HasPlugin reports whether the schema of the plugin called name is known.
func (s Schemas) HasPlugin(name string) bool { return s.plugins[name] != nil }

// Secret reports whether the value at the path, a list of field names and array indices from the entity's top, must never be
// shown: by the table of kinds, because Kong's schema stores it encrypted or takes it from a vault, or because a tag
// of e says so ([SecretTag]). So is all below a secret.
func (s Schemas) Secret(e Entity, path ...string) bool {
	if e.IsZero() {
		return false
	}
	if len(path) > 0 && e.r.form.row.Secret(path[0]) || e.tagsSecret(path) {
		return true
	}
	var f *field
	for i, name := range path {
		switch {
		case i == 0:
			if f = s.of(e); f != nil {
				f = f.child(name)
			}
		case f.replaced[name].path != nil:
			return s.Secret(e, slices.Concat(path[:i], f.replaced[name].path, path[i+1:])...)
		default:
			f = f.child(name)
		}
		switch {
		case f == nil:
			return false
		case f.secret:
			return true
		}
	}
	return false
}

// of returns the schema of an entity, nil if it is not known. A plugin's schema replaces what the kind says of its fields.
func (s Schemas) of(e Entity) *field {
	if e.Kind() == Plugins {
		if whole := s.whole[e.Text("name")]; whole != nil {
			return whole
		}
	}
	return s.kinds[e.Kind()]
}

// child returns what is known of a field of a record, or of an element of a collection.
func (f *field) child(name string) *field {
	switch {
	case f.kind == "record":
		if i, ok := slices.BinarySearch(f.names, name); ok {
			return f.subs[i]
		}
		return nil
	case f.elements != nil:
		return f.elements
	}
	return f.values
}

// rawField is a field as /schemas spells it: fields are a list of objects of one name each.
type rawField struct {
	Type      string                `json:"type"`
	Default   json.RawMessage       `json:"default"`
	Required  bool                  `json:"required"`
	Encrypted bool                  `json:"encrypted"`
	Reference bool                  `json:"referenceable"`
	Auto      bool                  `json:"auto"`
	Fields    []map[string]rawField `json:"fields"`
	Elements  *rawField             `json:"elements"`
	Values    *rawField             `json:"values"`

	Shorthands []map[string]rawShorthand `json:"shorthand_fields"`
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

func (r rawField) field() (f *field, err error) {
	f = &field{kind: r.Type, required: r.Required, encrypted: r.Encrypted, auto: r.Auto,
		secret: r.Encrypted || r.Reference}
	if len(r.Default) > 0 && !bytes.Equal(r.Default, []byte("null")) {
		if f.def, err = canonical(r.Default); err != nil {
			return nil, fmt.Errorf("default: %w", err)
		}
	}
	fields := map[string]*field{}
	for _, named := range r.Fields {
		for name, sub := range named {
			if fields[name], err = sub.field(); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	for _, named := range r.Shorthands {
		for name, short := range named {
			f.replace(name, shorthand{path: short.path()})
		}
	}
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
	f.index(fields)
	return f, nil
}
