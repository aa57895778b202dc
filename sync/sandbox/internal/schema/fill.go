package schema

import (
	"maps"
	"slices"
)

// Context says what data is about to become.
type Context int

// The contexts in which data is filled in.
const (
	Insert Context = iota // a new entity
	Upsert                // an entity in place of another, or a new one
	Update                // a part of an entity
)

// Fill returns data with what Kong adds: shorthands resolved, defaults, ids, times, nulls; for an Update only times and what
// shorthands say. It does not change data. If a shorthand is wrong it returns errors by field instead.
//
// Source: kong/db/schema/init.lua, Schema:process_auto_fields.
func (e *Entity) Fill(data map[string]any, c Context) (map[string]any, map[string]any) {
	return e.env.fill(&e.Record, e, data, c)
}

// fill is [Entity.Fill] for any record. entity is nil below the top level.
func (env *Env) fill(r *Record, entity *Entity, data map[string]any, c Context) (map[string]any, map[string]any) {
	out := maps.Clone(data)
	if errs := env.resolve(r, out); errs != nil {
		return nil, errs
	}
	var sub *Record
	if entity != nil {
		sub = entity.subschema(out)
	}
	for _, own := range r.Fields {
		f := fieldOf(r, sub, own.Name)
		value, present := out[f.Name]
		if f.Is("auto") {
			value, present = env.auto(f, value, present, c)
		}
		value, present, errs := env.adjust(f, value, present, c)
		if errs != nil {
			return nil, errs
		}
		if present {
			out[f.Name] = value
		}
	}
	return out, nil
}

// auto fills in what Kong makes up.
func (env *Env) auto(f *Field, value any, present bool, c Context) (any, bool) {
	switch fresh := c != Update; {
	case f.Is("uuid"):
		if fresh && !present {
			return env.UUID(), true
		}
	case f.Type == "string":
		if fresh && !present {
			return env.Secret(), true
		}
	case f.Name == "created_at" && fresh && value == nil, f.Name == "updated_at":
		now := env.Now()
		if f.Type == "number" {
			return float64(now.UnixMilli()) / 1000, true
		}
		return float64(now.Unix()), true
	}
	return value, present
}

// adjust fills in value, which is f's, and says whether there is one.
func (env *Env) adjust(f *Field, value any, present bool, c Context) (any, bool, map[string]any) {
	if f.Is("abstract") {
		return value, present, nil
	}
	if f.Type == "record" && (value != nil || !present && f.Is("required") && c != Update) {
		if !present {
			value = f.missing()
		}
		if m, ok := asMap(value); ok {
			filled, errs := env.fill(f.Record, nil, m, c)
			return filled, true, errs
		}
	}
	value, errs := env.adjustEach(f, value, c)
	if errs != nil {
		return nil, false, errs
	}
	if !present && c != Update {
		value = f.missing()
		return value, value != nil || !f.Is("required"), nil
	}
	return value, present, nil
}

// adjustEach fills in the elements of an array or a set, without those that are double, or the values of a map.
func (env *Env) adjustEach(f *Field, value any, c Context) (any, map[string]any) {
	switch f.Type {
	case "array", "set":
		list, ok := asList(value)
		if !ok {
			return value, nil
		}
		out := make([]any, 0, len(list))
		for _, e := range list {
			if f.Type == "set" && has(out, e) {
				continue
			}
			e, _, errs := env.adjust(f.Elements, e, true, c)
			if errs != nil {
				return nil, errs
			}
			out = append(out, e)
		}
		return out, nil
	case "map":
		m, ok := asMap(value)
		if !ok {
			return value, nil
		}
		out := make(map[string]any, len(m))
		for k, e := range m {
			e, _, errs := env.adjust(f.Values, e, true, c)
			if errs != nil {
				return nil, errs
			}
			out[k] = e
		}
		return out, nil
	}
	return value, nil
}

// missing returns f's default, or nil. The default is f's own: callers do not change what they get, fill copies.
func (f *Field) missing() any {
	if d, ok := f.Attrs["default"]; ok {
		return d
	}
	if f.Type == "record" && f.Is("required") {
		return map[string]any{}
	}
	return nil
}

// Merge returns top with the fields of bottom that top does not have. Records merge field by field.
//
// Source: kong/db/schema/init.lua, Schema:merge_values.
func (e *Entity) Merge(top, bottom map[string]any) map[string]any {
	return merge(&e.Record, e.subschema(bottom), top, bottom)
}

func merge(r, sub *Record, top, bottom map[string]any) map[string]any {
	out := maps.Clone(bottom)
	if out == nil {
		out = map[string]any{}
	}
	for name, v := range top {
		f := fieldOf(r, sub, name)
		m, isMap := v.(map[string]any)
		if f != nil && f.Type == "record" && !f.Is("abstract") && isMap {
			below, _ := bottom[name].(map[string]any)
			v = merge(f.Record, nil, m, below)
		}
		out[name] = v
	}
	return out
}

// Shown returns data as Kong answers it: with the shorthands that fields have replaced.
func (e *Entity) Shown(data map[string]any) map[string]any {
	return shown(&e.Record, e.subschema(data), data)
}

func shown(r, sub *Record, data map[string]any) map[string]any {
	out := data
	set := func(name string, v any) {
		if len(out) == len(data) {
			out = maps.Clone(data)
		}
		out[name] = v
	}
	for _, f := range r.Fields {
		f := fieldOf(r, sub, f.Name)
		if m, ok := data[f.Name].(map[string]any); ok && f.Type == "record" && f.Record != nil {
			set(f.Name, shown(f.Record, nil, m))
		}
	}
	for _, s := range r.Shorthands {
		if s.replaced() {
			v, _ := get(data, s.to)
			set(s.Name, v)
		}
	}
	return out
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
