package schema

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

//go:embed tables/*.txt
var tables embed.FS

// Load reads the tables for the Kong that env describes.
func Load(env *Env) (*Tables, error) {
	t := &Tables{env: env, types: map[string]*Field{}}
	for _, name := range []string{"types", "entities", "plugins"} {
		text, err := tables.ReadFile("tables/" + name + ".txt")
		if err != nil {
			return nil, err
		}
		if err := t.parse(string(text)); err != nil {
			return nil, fmt.Errorf("tables/%s.txt:%w", name, err)
		}
	}
	for _, e := range t.Entities {
		if err := t.link(e); err != nil {
			return nil, fmt.Errorf("entity %s: %w", e.Name, err)
		}
	}
	return t, nil
}

// link completes e once all entities are known.
func (t *Tables) link(e *Entity) error {
	for _, f := range e.Fields {
		if f.Type != "foreign" {
			continue
		}
		if f.target = t.Entity(f.Reference()); f.target == nil {
			return fmt.Errorf("%s refers to unknown %q", f.Name, f.Reference())
		}
		e.foreign = append(e.foreign, f)
		f.target.children = append(f.target.children, Child{e, f})
	}
	for name, sub := range e.subschemas {
		if err := sub.link(&e.Record); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return e.link(nil)
}

// parse reads one file. open holds the record that lines of each depth belong to.
func (t *Tables) parse(text string) error {
	var open []*Record
	for n, line := range strings.Split(text, "\n") {
		body := strings.TrimLeft(line, " ")
		if body == "" || body[0] == '#' {
			continue
		}
		depth := (len(line) - len(body)) / 2
		if depth > len(open) || depth > 0 && open[depth-1] == nil {
			return fmt.Errorf("%d: indented too far", n+1)
		}
		var next *Record
		var err error
		if depth == 0 {
			next, err = t.statement(&scanner{body})
		} else {
			next, err = t.member(open[depth-1], &scanner{body})
		}
		if err != nil {
			return fmt.Errorf("%d: %w", n+1, err)
		}
		open = append(open[:depth], next)
	}
	return nil
}

// statement reads a line at depth 0 and returns the record that it opens.
func (t *Tables) statement(s *scanner) (*Record, error) {
	switch kind, name := s.word(), s.word(); kind {
	case "type":
		if s.word(); !strings.HasPrefix(s.rest, "=") {
			return nil, fmt.Errorf("type %s: missing =", name)
		}
		s.rest = s.rest[1:]
		f, _, err := t.field(name, s)
		if err != nil {
			return nil, err
		}
		t.types[name] = f
		return f.innermost(), nil
	case "entity":
		return t.entity(name, s)
	case "subschema":
		e := t.Entity(name)
		if e == nil {
			return nil, fmt.Errorf("no entity %q", name)
		}
		return e.addSubschema(s.words()...), nil
	case "plugin":
		return t.Entity("plugins").addSubschema(name), nil
	default:
		return nil, fmt.Errorf("unknown statement %q", kind)
	}
}

func (t *Tables) entity(name string, s *scanner) (*Record, error) {
	e := &Entity{Name: name, Admin: name, env: t.env}
	for s.peek() != "" {
		attr, v, err := s.attr()
		if err != nil {
			return nil, err
		}
		text, _ := v.(string)
		switch attr {
		case "key":
			e.Key = text
		case "admin":
			e.Admin = text
		case "nested":
			e.Nested = text
		case "cache_key":
			e.CacheKey = strings.Split(text, ",")
		case "subschema":
			e.SubschemaKey = text
		case "ttl":
			e.TTL = true
		default:
			return nil, fmt.Errorf("entity %s: unknown attribute %q", name, attr)
		}
	}
	if e.Nested == "" {
		e.Nested = e.Admin
	}
	t.Entities = append(t.Entities, e)
	return &e.Record, nil
}

func (e *Entity) addSubschema(names ...string) *Record {
	if e.subschemas == nil {
		e.subschemas = map[string]*Record{}
	}
	sub := &Record{}
	for _, list := range names {
		for _, name := range strings.Split(list, ",") {
			e.subschemas[name] = sub
		}
	}
	return sub
}

// member reads a line inside a record and returns the record that it opens, if it does.
func (t *Tables) member(r *Record, s *scanner) (*Record, error) {
	switch name := s.word(); name[0] {
	case '@':
		c, counts, err := t.entityCheck(name[1:], s)
		if err == nil && counts {
			r.Checks = append(r.Checks, c)
		}
		return nil, err
	case '~':
		f, _, err := t.field(name[1:], s)
		r.Shorthands = append(r.Shorthands, f)
		return nil, err
	default:
		f, counts, err := t.field(name, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if counts {
			r.add(f)
		}
		return f.innermost(), nil
	}
}

// field reads a type with its attributes. It also says whether the field counts in this Kong.
func (t *Tables) field(name string, s *scanner) (*Field, bool, error) {
	f := &Field{Name: name, Type: s.word(), Attrs: map[string]any{}}
	if base, ok := strings.CutPrefix(f.Type, ":"); ok {
		if t.types[base] == nil {
			return nil, false, fmt.Errorf("no type %q", base)
		}
		c := *t.types[base]
		f, c.Name, c.Attrs = &c, name, maps.Clone(c.Attrs)
	}
	counts := true
	var err error
	for err == nil {
		switch w := s.peek(); w {
		case "":
			return f, counts, f.compile()
		case "of":
			s.word()
			f.Elements, _, err = t.field("", s)
		case "keys":
			s.word()
			f.Keys, _, err = t.field("", s)
		case "values":
			if f.Keys == nil { // the values of the map that this field is a key of
				return f, counts, f.compile()
			}
			s.word()
			f.Values, _, err = t.field("", s)
		default:
			var attr string
			var v any
			if attr, v, err = s.attr(); attr == "if" {
				counts = t.env.is(v)
			} else if err == nil {
				err = f.set(attr, v)
			}
		}
	}
	return nil, false, err
}

// innermost returns the record that lines below f's own belong to, if any.
func (f *Field) innermost() *Record {
	switch {
	case f.Elements != nil:
		return f.Elements.innermost()
	case f.Values != nil:
		return f.Values.innermost()
	case f.Type == "record":
		return f.Record
	}
	return nil
}

// set gives f an attribute.
func (f *Field) set(attr string, v any) error {
	text, _ := v.(string)
	switch attr {
	case "check":
		f.check = text
	case "func":
		f.convert = text
	case "to":
		f.to = text
	case "deprecated":
		f.deprecation()["removal_in_version"] = v
	case "old_default":
		f.deprecation()["old_default"] = v
	case "replaced_with":
		f.to = text
		var path []any
		for _, name := range strings.Split(text, ".") {
			path = append(path, name)
		}
		f.deprecation()["replaced_with"] = []any{map[string]any{"path": path}}
	default:
		if !slices.Contains(attributes, attr) && !slices.Contains(validatorNames, attr) {
			return fmt.Errorf("unknown attribute %q", attr)
		}
		f.Attrs[attr] = v
	}
	return nil
}

func (f *Field) deprecation() map[string]any {
	d, ok := f.Attrs["deprecation"].(map[string]any)
	if !ok {
		d = map[string]any{}
		f.Attrs["deprecation"] = d
	}
	return d
}

// attributes are those that /schemas shows, beside the validators. The list is never written.
var attributes = strings.Fields(`required unique unique_across_ws auto default reference on_delete referenceable encrypted
	abstract transient json_schema err`)

// is reports whether a condition of the tables holds.
func (e *Env) is(condition any) bool {
	switch condition {
	case "off":
		return e.DBLess
	case "postgres":
		return !e.DBLess
	}
	return condition == string(e.Flavor) || condition == "traditional_compatible" && e.Flavor != kong.Expressions
}
