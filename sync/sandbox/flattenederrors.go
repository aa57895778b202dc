package sandbox

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// flattenErrors turns the errors of a configuration into a list by entity, each with the entity as it was written.
// What cannot be put down to an entity stays under fields.
//
// Source: kong/db/errors.lua, flatten_errors.
func (k *Kong) flattenErrors(input, errs map[string]any) *Error {
	input, _ = deepCopy(input).(map[string]any)
	rest := map[string]any{}
	f := errorFlattener{kong: k}
	for _, kind := range descending(errs) {
		entities, ok := input[kind].([]any)
		e := k.tables.Entity(kind)
		_, message := errs[kind].(string)
		if e == nil || !ok || message {
			rest[kind] = errs[kind]
			continue
		}
		list, _ := errs[kind].([]any)
		for i := len(list) - 1; i >= 0; i-- {
			if i < len(entities) && list[i] != nil {
				f.entity(e, entities[i], list[i])
			}
		}
	}
	err := declarativeError(rest)
	err.Body["flattened_errors"] = f.out
	if len(f.out) == 0 {
		err.Body["flattened_errors"] = map[string]any{}
	}
	return err
}

func descending(m map[string]any) []string {
	names := slices.Sorted(maps.Keys(m))
	slices.Reverse(names)
	return names
}

type errorFlattener struct {
	kong *Kong
	out  []any
}

// entity adds the errors of one entity, after those of the entities inside it.
func (f *errorFlattener) entity(e *schema.Entity, v, err any) {
	data, ok := v.(map[string]any)
	if message, isText := err.(string); isText {
		err = map[string]any{"@entity": message}
	}
	errs, isTable := err.(map[string]any)
	if !ok || !isTable || len(errs) == 0 {
		return
	}
	errs = maps.Clone(errs)
	for _, field := range e.Foreign() {
		if m, ok := data[field.Name].(map[string]any); ok {
			data[field.Name] = reference(m)
			f.entity(f.kong.tables.Entity(field.Reference()), m, errs[field.Name])
			delete(errs, field.Name)
		}
	}
	for _, c := range e.Children() {
		name := c.Entity.Name
		list, ok := data[name].([]any)
		if !ok {
			continue
		}
		delete(data, name)
		inner, _ := errs[name].([]any)
		delete(errs, name)
		for i, entity := range list {
			if m, ok := entity.(map[string]any); ok && i < len(inner) {
				if ref := reference(data); m[c.Field.Name] == nil && ref != nil {
					m[c.Field.Name] = ref
				}
				f.entity(c.Entity, m, inner[i])
			}
		}
	}
	if len(errs) > 0 {
		f.out = append(f.out, describeEntity(e, data, categorize(errs, "")))
	}
}

// reference returns the reference to an entity, or nil if it has no id.
func reference(data map[string]any) any {
	if id, ok := data["id"].(string); ok && kong.IsUUID(id) {
		return map[string]any{"id": id}
	}
	return nil
}

// describeEntity returns an entity with its errors.
func describeEntity(e *schema.Entity, data map[string]any, errs []any) map[string]any {
	for name, v := range data {
		if v == nil && e.Field(name) != nil && e.Field(name).Type == "foreign" {
			delete(data, name)
		}
	}
	out := map[string]any{"entity_type": strings.TrimSuffix(e.Name, "s"), "entity": asLua(data), "errors": errs}
	if name, ok := data["name"].(string); ok && name != "" {
		out["entity_name"] = name
	}
	if id, ok := data["id"].(string); ok && kong.IsUUID(id) {
		out["entity_id"] = id
	}
	if tags, ok := data["tags"].([]any); ok && !slices.ContainsFunc(tags, func(t any) bool { _, ok := t.(string); return !ok }) {
		out["entity_tags"] = tags
	}
	return out
}

// asLua returns v as Lua prints what it has read: an empty array is an empty object.
func asLua(v any) any {
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			return map[string]any{}
		}
		for i, e := range v {
			v[i] = asLua(e)
		}
	case map[string]any:
		for name, e := range v {
			v[name] = asLua(e)
		}
	}
	return v
}

// categorize returns errors as a list, with the path of the field that each is about.
func categorize(err any, path string) []any {
	join := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	var out []any
	switch err := err.(type) {
	case string:
		return []any{map[string]any{"type": "field", "field": path, "message": err}}
	case []any:
		for i := len(err) - 1; i >= 0; i-- {
			out = append(out, categorize(err[i], join(strconv.Itoa(i+1)))...)
		}
	case map[string]any:
		for _, name := range descending(err) {
			if name == "@entity" {
				out = append(out, entityErrors(err[name])...)
				continue
			}
			out = append(out, categorize(err[name], join(name))...)
		}
	}
	return out
}

func entityErrors(err any) []any {
	list, ok := err.([]any)
	if !ok {
		list = []any{err}
	}
	var out []any
	for _, message := range list {
		out = append(out, map[string]any{"type": "entity", "message": message})
	}
	return out
}
