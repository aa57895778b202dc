package sandbox

import (
	"maps"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// checkDocument returns what is wrong with the entities of a configuration, each for itself. Kong looks twice: first
// at references as they are written, and if that fails with references resolved, since some rules are about what is
// referred to.
func (k *Kong) checkDocument(doc map[string]any) map[string]any {
	first := k.checkEntities(doc, schema.ByName)
	if first == nil {
		return nil
	}
	full, _ := deepCopy(doc).(map[string]any)
	k.fillReferences(full)
	second := k.checkEntities(full, schema.ByObject)
	if second == nil {
		return nil
	}
	merged, _ := mergeErrors(second, onlyNulls(first)).(map[string]any)
	return merged
}

// checkEntities validates a document whose entities refer to others in the way that refs says.
func (k *Kong) checkEntities(doc map[string]any, refs schema.References) map[string]any {
	errs := map[string]any{}
	for name, v := range doc {
		e := k.tables.Entity(name)
		switch {
		case e != nil:
			if err := k.checkList(e, v, refs); err != nil {
				errs[name] = err
			}
		case name == "_transform":
			if _, ok := v.(bool); !ok && v != nil {
				errs[name] = "expected a boolean"
			}
		case name == "_comment":
			if _, ok := v.(string); !ok && v != nil {
				errs[name] = "expected a string"
			}
		case name != "_ignore" && name != "_format_version":
			errs[name] = "unknown field"
		}
	}
	switch v, ok := doc["_format_version"].(string); {
	case doc["_format_version"] == nil:
		errs["_format_version"] = "required field missing"
	case !ok:
		errs["_format_version"] = "expected a string"
	case v != "3.0" && v != "2.1" && v != "1.1":
		errs["_format_version"] = "expected one of: 1.1, 2.1, 3.0"
	}
	if len(errs) == 0 {
		return nil
	}
	return errs
}

// checkList validates entities of one kind. It returns nil, a message, or errors by index.
func (k *Kong) checkList(e *schema.Entity, v any, refs schema.References) any {
	if m, ok := v.(map[string]any); v == nil || ok && len(m) == 0 {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		return "expected an array"
	}
	var errs []any
	for i, entity := range list {
		if err := k.checkItem(e, entity, refs); err != nil {
			errs = append(append(errs, make([]any, i-len(errs))...), err)
		}
	}
	if errs == nil {
		return nil
	}
	return errs
}

// checkItem validates an entity and those inside it.
func (k *Kong) checkItem(e *schema.Entity, v any, refs schema.References) any {
	if v == nil {
		return "required field missing"
	}
	data, ok := v.(map[string]any)
	if !ok {
		return "expected a record"
	}
	filled, errs := e.Fill(own(e, data), schema.Insert)
	if errs == nil {
		if errs = e.ValidateDeclared(filled, refs); errs == nil {
			errs = map[string]any{}
		}
	}
	inside := refs
	if refs == schema.ByName {
		inside = schema.ByPlace
	}
	for _, c := range e.Children() {
		if err := k.checkList(c.Entity, data[c.Entity.Name], inside); err != nil {
			errs[c.Entity.Name] = err
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errs
}

// deriveID gives the entity the id that Kong derives from its name, or from what else must be unique about it. Where
// there is nothing to derive it from it gets a random one, if that is wanted.
//
// Source: kong/db/schema/others/declarative_config.lua, get_key_for_uuid_gen.
func (d *item) deriveID(random bool) {
	if _, ok := d.data["id"]; ok || d.shadowed() {
		return
	}
	if key, ok := d.derivation(); ok {
		d.data["id"] = kong.ID(kong.Kind(d.kind.Name), key)
	} else if random {
		d.data["id"] = newUUID()
	}
}

// shadowed says that d stands inside an entity that has a field of the same name, which is where Kong forgets about it.
func (d *item) shadowed() bool { return d.parent != nil && d.parent.kind.Field(d.kind.Name) != nil }

func (d *item) derivation() (string, bool) {
	if len(d.kind.CacheKey) == 0 {
		name, ok := d.data[d.kind.Key].(string)
		return name, ok
	}
	key := d.kind.Name + ":*"
	for _, name := range d.kind.CacheKey {
		f := d.kind.Field(name)
		value, present := d.data[name]
		s, isText := value.(string)
		switch {
		case f.Is("auto"):
			return "", false
		case isText:
			key += ":" + s
		case present:
		case d.parent != nil && d.field.Name == name:
			id, ok := d.parent.data["id"].(string)
			if !ok {
				return "", false
			}
			key += ":" + id
		case f.Is("required"):
			return "", false
		default:
			key += ":"
		}
	}
	return key, true
}

// fillReferences gives all entities ids, replaces references by name, and adds those that entities inside others imply.
func (k *Kong) fillReferences(doc map[string]any) {
	ids := map[string]map[string]string{}
	for _, e := range k.tables.Entities {
		ids[e.Name] = map[string]string{}
	}
	k.eachDeclared(doc, func(d *item) {
		d.deriveID(true)
		id, ok := d.data["id"].(string)
		if !ok {
			return
		}
		ids[d.kind.Name][id] = id
		if name, ok := d.data[d.kind.Key].(string); ok {
			ids[d.kind.Name][name] = id
		}
	})
	k.eachDeclared(doc, func(d *item) {
		if d.parent != nil && d.data[d.field.Name] == nil && !d.shadowed() {
			d.data[d.field.Name] = map[string]any{"id": d.parent.data["id"]}
		}
		for _, f := range d.kind.Foreign() {
			if name, ok := d.data[f.Name].(string); ok && ids[f.Reference()][name] != "" {
				d.data[f.Name] = map[string]any{"id": ids[f.Reference()][name]}
			}
		}
	})
}

// onlyNulls returns the errors that say that something must not be set.
func onlyNulls(err any) any {
	switch err := err.(type) {
	case string:
		if err == "value must be null" {
			return err
		}
	case []any:
		var out []any
		for i, e := range err {
			if e := onlyNulls(e); e != nil {
				out = append(append(out, make([]any, i-len(out))...), e)
			}
		}
		if out != nil {
			return out
		}
	case map[string]any:
		out := map[string]any{}
		for name, e := range err {
			if e := onlyNulls(e); e != nil {
				out[name] = e
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// mergeErrors returns a with what b says beyond it.
func mergeErrors(a, b any) any {
	if b == nil {
		return a
	}
	switch b := b.(type) {
	case []any:
		list, ok := a.([]any)
		if !ok {
			return b
		}
		out := make([]any, max(len(list), len(b)))
		copy(out, list)
		for i, e := range b {
			out[i] = mergeErrors(out[i], e)
		}
		return out
	case map[string]any:
		m, ok := a.(map[string]any)
		if !ok {
			return b
		}
		out := maps.Clone(m)
		for name, e := range b {
			out[name] = mergeErrors(out[name], e)
		}
		return out
	}
	return b
}
