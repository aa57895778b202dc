package schema

import (
	"slices"
	"strings"
	"time"

	"github.com/gwsync/gwsync/render/kong"
)

// Env is the Kong that schemas are read for.
type Env struct {
	Flavor kong.Flavor
	// DBLess says that there is no database.
	DBLess bool
	// Now is the clock of created_at, updated_at and of certificates' expiry.
	Now func() time.Time
	// UUID makes ids, Secret makes keys that a client left out.
	UUID, Secret func() string
	// Route refuses a route whose matching fields the router does not understand.
	Route func(fields map[string]any) error
}

// Tables are the schemas of one Kong.
type Tables struct {
	// Entities are all kinds, each after those it refers to.
	Entities []*Entity
	env      *Env
	types    map[string]*Field
}

// Entity returns the entity of that name, or nil.
func (t *Tables) Entity(name string) *Entity {
	for _, e := range t.Entities {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// Entity is the schema of one kind of entity.
type Entity struct {
	Record
	Name string
	// Key is the field by which the Admin API finds an entity beside its id, if any.
	Key string
	// Admin and Nested are the kind's names in paths, at the top level and below another entity.
	Admin, Nested string
	// CacheKey are the fields that together must be unique, and that a DB-less Kong derives ids from.
	CacheKey []string
	// TTL says that entities may expire.
	TTL bool
	// SubschemaKey is the field whose value picks a subschema, if any.
	SubschemaKey string
	subschemas   map[string]*Record
	foreign      []*Field
	children     []Child
	env          *Env
}

// Subschema returns the part of e's schema for entities whose subschema key has that value, or nil.
func (e *Entity) Subschema(name string) *Record { return e.subschemas[name] }

// Subschemas returns the names of e's subschemas, sorted.
func (e *Entity) Subschemas() []string {
	var out []string
	for name := range e.subschemas {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// subschema returns the subschema that data picks, or nil. Where the key is a set the first member that names one counts.
func (e *Entity) subschema(data map[string]any) *Record {
	switch key := data[e.SubschemaKey].(type) {
	case string:
		return e.subschemas[key]
	case []any:
		for _, k := range key {
			if s, ok := k.(string); ok && e.subschemas[s] != nil {
				return e.subschemas[s]
			}
		}
	}
	return nil
}

// Foreign returns e's fields that refer to other entities.
func (e *Entity) Foreign() []*Field { return e.foreign }

// Child is a kind of entity that refers to another one.
type Child struct {
	Entity *Entity
	Field  *Field
}

// Children returns the kinds that refer to e, with the field by which they do.
func (e *Entity) Children() []Child { return e.children }

// Record is a list of named fields with checks over several of them.
type Record struct {
	Fields     []*Field
	Shorthands []*Field
	Checks     []*EntityCheck
	byName     map[string]*Field
}

// Field returns the field of that name, or nil.
func (r *Record) Field(name string) *Field { return r.byName[name] }

func (r *Record) add(f *Field) {
	if r.byName == nil {
		r.byName = map[string]*Field{}
	}
	r.Fields = append(r.Fields, f)
	r.byName[f.Name] = f
}

// at returns the field at a path of names with dots between them, or nil.
func (r *Record) at(path string) *Field {
	head, tail, nested := strings.Cut(path, ".")
	f := r.Field(head)
	if !nested || f == nil || f.Record == nil {
		if nested {
			return nil
		}
		return f
	}
	return f.Record.at(tail)
}

// Field is the schema of one value.
type Field struct {
	Name string
	// Type is string, integer, number, boolean, foreign, array, set, map, record or json.
	Type string
	// Attrs are the attributes as /schemas shows them.
	Attrs map[string]any
	// Elements is what an array or a set holds, Keys and Values what a map does.
	Elements, Keys, Values *Field
	// Record is what a record holds.
	Record *Record

	check      string  // a validator that is code
	convert    string  // what turns a shorthand into fields
	to         string  // the field that a shorthand stands for
	target     *Entity // what a foreign field refers to
	validators []validator
}

// Is reports whether the attribute is set to true.
func (f *Field) Is(attr string) bool { return f.Attrs[attr] == true }

// Text returns an attribute that is a string.
func (f *Field) Text(attr string) string {
	s, _ := f.Attrs[attr].(string)
	return s
}

// Reference returns the kind that a foreign field refers to.
func (f *Field) Reference() string { return f.Text("reference") }

// Cascade says that an entity goes with the one that its field f refers to.
func (f *Field) Cascade() bool { return f.Text("on_delete") == "cascade" }

func (f *Field) isNull(attr string) bool {
	v, ok := f.Attrs[attr]
	return ok && v == nil
}

// EntityCheck is a rule about several fields.
type EntityCheck struct {
	// Kind is the rule's name: at_least_one_of, conditional, ...
	Kind string
	// Arg is the rule's argument as /schemas shows it.
	Arg any

	fields             []string // that the rule is about
	ifField, thenField string
	ifMatch, thenMatch *Field // the fields with the attributes that decide
	elseMatch          *Field
	then, otherwise    []string
	err, otherwiseErr  string
	runMissing         bool
	runInvalid         bool
	custom             validator // a rule that is code
}
