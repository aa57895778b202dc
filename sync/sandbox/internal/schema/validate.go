package schema

import (
	"math"
	"strconv"
)

// Validate returns what is wrong with data, by field; nil if nothing is. Rules over several fields report under "@entity".
//
// Source: kong/db/schema/init.lua, Schema:validate.
func (e *Entity) Validate(data map[string]any) map[string]any {
	return e.validate(data, validation{full: true})
}

// ValidateDeclared is [Entity.Validate] for an entity of a declarative configuration, which refers to others in the way that refs says.
func (e *Entity) ValidateDeclared(data map[string]any, refs References) map[string]any {
	return e.validate(data, validation{full: true, refs: refs})
}

// References is how entities refer to others.
type References int

// The ways to refer to others: by an object with the id; by a name or an id; not at all, since the entity stands inside the other one.
const (
	ByObject References = iota
	ByName
	ByPlace
)

// ValidateUpdate is [Entity.Validate] for an entity after an update: Kong words some messages differently, and lets missing fields pass.
func (e *Entity) ValidateUpdate(data map[string]any) map[string]any {
	return e.validate(data, validation{update: true})
}

func (e *Entity) validate(data map[string]any, v validation) map[string]any {
	var sub *Record
	if e.SubschemaKey != "" {
		key := data[e.SubschemaKey]
		if key == nil {
			return map[string]any{e.SubschemaKey: "required field missing"}
		}
		if sub = e.subschema(data); sub == nil {
			return map[string]any{e.SubschemaKey: e.unknownSubschema(key)}
		}
	}
	v.env, v.ttl = e.env, e.TTL
	return v.record(&e.Record, sub, data)
}

func (e *Entity) unknownSubschema(key any) string {
	if list, ok := key.([]any); ok && len(list) > 0 {
		key = list[0]
	}
	name := text(key)
	switch e.Name {
	case "plugins":
		return "plugin '" + name + "' not enabled; add it to the 'plugins' configuration property"
	case "vaults":
		return "vault '" + name + "' is not installed"
	}
	return "unknown type: " + name
}

// validation is one pass over an entity.
type validation struct {
	env *Env
	// full demands all required fields, as for an entity that is new.
	full bool
	// update words messages for an update; it holds for records inside, too.
	update bool
	ttl    bool
	refs   References
}

// record validates data by the fields and checks of r, and of sub where that is not nil. It returns nil or errors by field.
func (v validation) record(r, sub *Record, data map[string]any) map[string]any {
	errs := map[string]any{}
	for name, value := range data {
		if name == "updated_at" || name == "ttl" && v.ttl {
			continue
		}
		f := fieldOf(r, sub, name)
		if f == nil {
			errs[name] = "unknown field"
			continue
		}
		if err := v.field(f, value); err != nil {
			errs[name] = err
		}
	}
	for _, own := range r.Fields {
		f := fieldOf(r, sub, own.Name)
		value, present := data[f.Name]
		if f.Is("required") && value == nil && (present || v.full) && !(f.Type == "foreign" && v.refs == ByPlace) {
			errs[f.Name] = "required field missing"
		}
	}
	for _, c := range r.Checks {
		v.check(c, r, nil, data, errs)
	}
	if sub != nil {
		for _, c := range sub.Checks {
			v.check(c, sub, r, data, errs)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errs
}

func fieldOf(r, sub *Record, name string) *Field {
	f := r.Field(name)
	if f != nil && sub != nil {
		if s := sub.Field(name); s != nil {
			return s
		}
	}
	return f
}

// field returns nil, a message or a table of errors.
//
// Source: kong/db/schema/init.lua, Schema:validate_field.
func (v validation) field(f *Field, value any) any {
	if value == nil {
		return v.null(f)
	}
	if f.isNull("eq") {
		return f.message("value must be null")
	}
	if f.Is("abstract") {
		return "error in schema definition: abstract field was not specialized"
	}
	if err := v.typed(f, value); err != nil {
		return err
	}
	if s, ok := value.(string); ok && f.Is("referenceable") && isReference(s) {
		return nil
	}
	if list, ok := value.([]any); ok && len(list) == 0 && (f.Type == "map" || f.Type == "record") {
		value = map[string]any{}
	}
	for _, validate := range f.validators {
		if message := validate(v.env, value); message != "" {
			return f.message(message)
		}
	}
	return nil
}

func (v validation) null(f *Field) any {
	if eq, ok := f.Attrs["eq"]; ok && eq != nil {
		return "value must be " + text(eq)
	}
	if f.Is("required") {
		return "required field missing"
	}
	return nil
}

// message returns what f says instead of the message, if it does.
func (f *Field) message(m string) string {
	if err := f.Text("err"); err != "" {
		return err
	}
	return m
}

// typed checks that value has f's type, and what it is made of.
func (v validation) typed(f *Field, value any) any {
	switch f.Type {
	case "array", "set":
		list, ok := asList(value)
		if !ok {
			return map[string]string{"array": "expected an array", "set": "expected a set"}[f.Type]
		}
		return v.elements(f.Elements, list)
	case "map":
		return v.entries(f, value)
	case "record":
		m, ok := asMap(value)
		if list, isList := value.([]any); isList && !ok {
			m, ok = indexed(list), true
		}
		if !ok {
			return "expected a record"
		}
		filled, errs := v.env.fill(f.Record, nil, m, Insert)
		if errs != nil {
			return errs
		}
		return errorTable(validation{env: v.env, full: true, update: v.update}.record(f.Record, nil, filled))
	case "foreign":
		return v.foreign(f, value)
	case "integer":
		if n, ok := value.(float64); !ok || n != math.Floor(n) || math.IsInf(n, 0) {
			return "expected an integer"
		}
	case "number":
		if _, ok := value.(float64); !ok {
			return "expected a number"
		}
	case "string":
		if _, ok := value.(string); !ok {
			return "expected a string"
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			return "expected a boolean"
		}
	}
	return nil
}

// errorTable returns errs, or nil without a type.
func errorTable(errs map[string]any) any {
	if len(errs) == 0 {
		return nil
	}
	return errs
}

// elements returns the errors of a list by index, with gaps where there are none.
func (v validation) elements(f *Field, list []any) any {
	var errs []any
	for i, e := range list {
		err := v.field(f, e)
		if err == nil && e == nil {
			err = "required field missing"
		}
		if err != nil {
			errs = append(errs, make([]any, i-len(errs))...)
			errs = append(errs, err)
		}
	}
	if errs == nil {
		return nil
	}
	return errs
}

// entries returns the first error of a map's keys and values.
func (v validation) entries(f *Field, value any) any {
	m, ok := asMap(value)
	if !ok {
		if _, list := value.([]any); list {
			return "expected a string" // the keys of an array are numbers
		}
		return "expected a map"
	}
	for _, k := range sortedKeys(m) {
		if err := v.field(f.Keys, k); err != nil {
			return err
		}
		if err := v.field(f.Values, m[k]); err != nil {
			return err
		}
		if m[k] == nil {
			return "required field missing"
		}
	}
	return nil
}

// foreign checks a reference: an object with an id. What else it says has been resolved before; if that failed Kong takes the
// object for an entity and says what is wrong with it as such.
func (v validation) foreign(f *Field, value any) any {
	s, isText := value.(string)
	switch {
	case v.refs == ByPlace:
		return "value must be null"
	case v.refs == ByName && !isText:
		return "expected a string"
	case v.refs == ByName:
		return errorMessage(unless(s != "", "length must be at least 1"))
	}
	m, _ := value.(map[string]any)
	err := primaryKey(m)
	if err == nil {
		return nil
	}
	if m != nil && f.target != nil {
		if errs := f.target.validate(m, validation{}); errs != nil {
			return errs
		}
	}
	return err
}

func errorMessage(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// primaryKey returns what is wrong with the id of a reference, by field, or nil.
func primaryKey(m map[string]any) any {
	id, ok := m["id"]
	switch s, isText := id.(string); {
	case !ok:
		return map[string]any{"id": "missing primary key"}
	case id == nil:
		return map[string]any{"id": "required field missing"}
	case !isText:
		return map[string]any{"id": "expected a string"}
	case !IsUUID(s):
		return map[string]any{"id": "expected a valid UUID"}
	}
	return nil
}

// asList returns v as the array that it is in Lua.
func asList(v any) ([]any, bool) {
	if m, ok := v.(map[string]any); ok && len(m) == 0 {
		return []any{}, true
	}
	l, ok := v.([]any)
	return l, ok
}

// asMap returns v as the object that it is in Lua.
func asMap(v any) (map[string]any, bool) {
	if l, ok := v.([]any); ok && len(l) == 0 {
		return map[string]any{}, true
	}
	m, ok := v.(map[string]any)
	return m, ok
}

// indexed returns an array as the table by index that it is in Lua.
func indexed(list []any) map[string]any {
	out := map[string]any{}
	for i, e := range list {
		out[strconv.Itoa(i+1)] = e
	}
	return out
}

// CheckField returns what is wrong with a value of one field, or nil.
func (e *Entity) CheckField(name string, value any) any {
	f := e.Field(name)
	if f == nil {
		return "unknown field"
	}
	return validation{env: e.env, full: true}.field(f, value)
}
