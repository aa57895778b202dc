package schema

import (
	"math"
	"strconv"

	"github.com/gwsync/gwsync/render/kong"
)

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
	case !kong.IsUUID(s):
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
