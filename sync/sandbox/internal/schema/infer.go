package schema

import (
	"math"
	"strconv"
	"strings"
)

// Infer gives the values of a form, which are strings, the types that the schema wants, where they can be read as such. It
// changes args.
//
// Source: kong/api/arguments.lua, infer.
func (e *Entity) Infer(args map[string]any) {
	inferFields(&e.Record, e.subschema(args), args)
	if ttl, ok := args["ttl"]; ok && e.TTL {
		args["ttl"] = inferNumber(ttl)
	}
}

func inferFields(r, sub *Record, args map[string]any) {
	for name, value := range args {
		f := fieldOf(r, sub, name)
		if f == nil {
			f = r.shorthand(name)
		}
		if f != nil {
			args[name] = f.infer(value)
		}
	}
}

// shorthand returns the shorthand of that name, or nil.
func (r *Record) shorthand(name string) *Field {
	for _, s := range r.Shorthands {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// infer returns a value of a form as one of f's type, or unchanged. Nothing is null.
func (f *Field) infer(value any) any {
	if value == "" || value == nil {
		return nil
	}
	m, isMap := value.(map[string]any)
	switch f.Type {
	case "number", "integer":
		return inferNumber(value)
	case "boolean":
		if value == "true" || value == "false" {
			return value == "true"
		}
	case "array", "set":
		list, ok := value.([]any)
		if isMap {
			return value
		}
		if !ok {
			list = []any{value}
		}
		for i, e := range list {
			list[i] = f.Elements.infer(e)
		}
		return list
	case "map":
		for k, v := range m {
			m[k] = f.Values.infer(v)
		}
	case "foreign":
		if isMap && f.target != nil {
			f.target.Infer(m)
		}
	case "record":
		if isMap && !f.Is("abstract") {
			inferFields(f.Record, nil, m)
		}
	}
	return value
}

// inferNumber returns the number that a string is, or the value unchanged.
func inferNumber(value any) any {
	s, ok := value.(string)
	if !ok || strings.Contains(s, "_") {
		return value
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return value
	}
	return n
}
