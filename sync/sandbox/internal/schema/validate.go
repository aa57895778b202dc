package schema

// Validate returns what is wrong with data, by field; nil if nothing is. Rules over several fields report under "@entity".
//
// Source: kong/db/schema/init.lua, Schema:validate.
func (e *Entity) Validate(data map[string]any) map[string]any {
	return e.validate(data, validation{full: true})
}

// ValidateDeclared is [Entity.Validate] for an entity of a declarative configuration, which refers to others in the
// way that refs says.
func (e *Entity) ValidateDeclared(data map[string]any, refs References) map[string]any {
	return e.validate(data, validation{full: true, refs: refs})
}

// References is how entities refer to others.
type References int

// The ways to refer to others: by an object with the id; by a name or an id; not at all, since the entity stands
// inside the other one.
const (
	ByObject References = iota
	ByName
	ByPlace
)

// ValidateUpdate is [Entity.Validate] for an entity after an update: Kong words some messages differently, and lets
// missing fields pass.
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
		implied := f.Type == "foreign" && v.refs == ByPlace
		if f.Is("required") && value == nil && (present || v.full) && !implied {
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

// CheckField returns what is wrong with a value of one field, or nil.
func (e *Entity) CheckField(name string, value any) any {
	f := e.Field(name)
	if f == nil {
		return "unknown field"
	}
	return validation{env: e.env, full: true}.field(f, value)
}
