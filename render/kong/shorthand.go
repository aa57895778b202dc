package kong

import (
	"maps"
	"slices"
)

// shorthand is a deprecated field that stands for another one.
type shorthand struct {
	// path is that of the other one; none if Kong does not tell, see tell, or if it stands for nothing.
	path []string
	// wins says that it counts where both are there. Else the other one does.
	wins bool
	// nothing says that Kong takes it and does nothing by it.
	nothing bool
	// but are values that Kong takes for others.
	but map[Value]Value
}

// rawShorthand is a shorthand as /schemas spells it. Kong answers the first of the fields that replace it. Kong 3.6 and 3.7 name one field.
type rawShorthand struct {
	Backwards   []string `json:"translate_backwards"`
	Deprecation struct {
		ReplacedWith []struct {
			Path []string `json:"path"`
		} `json:"replaced_with"`
	} `json:"deprecation"`
}

// path returns the path of the field that the shorthand stands for, nil if it does not say.
func (r rawShorthand) path() []string {
	if with := r.Deprecation.ReplacedWith; len(with) > 0 {
		return with[0].Path
	}
	return r.Backwards
}

// replace notes a shorthand of a record.
func (f *field) replace(name string, s shorthand) {
	if f.replaced == nil {
		f.replaced = map[string]shorthand{}
	}
	f.replaced[name] = s
}

// tell says what those shorthands of a plugin's configuration stand for of which Kong has no more than the name in its answer, and reports
// whether there are any: what they come to is in the plugin's code.
func (f *field) tell(plugin string) (some bool) {
	for name, s := range f.replaced {
		if told, ok := untold(plugin, name); ok && s.path == nil {
			f.replaced[name], some = told, true
		}
	}
	f.deep = f.deep || some
	return some
}

// untold returns what a shorthand stands for of which Kong does not tell.
//
// Source: Kong 3.4 to 3.9.3, kong/plugins/session/schema.lua; Kong 3.8 to 3.9.3, kong/plugins/opentelemetry/schema.lua; which of both
// counts: kong/db/schema/init.lua, process_auto_fields.
func untold(plugin, name string) (shorthand, bool) {
	field := func(name string) (shorthand, bool) { return shorthand{path: []string{name}, wins: true}, true }
	switch plugin + "." + name {
	case "opentelemetry.endpoint":
		return shorthand{path: []string{"traces_endpoint"}}, true
	case "session.cookie_lifetime":
		return field("rolling_timeout")
	case "session.cookie_idletime":
		return field("idling_timeout")
	case "session.cookie_renew":
		return shorthand{nothing: true}, true
	case "session.cookie_discard":
		return field("stale_ttl")
	case "session.cookie_samesite":
		return shorthand{path: []string{"cookie_same_site"}, wins: true, but: map[Value]Value{"off": "Lax"}}, true
	case "session.cookie_httponly":
		return field("cookie_http_only")
	case "session.cookie_persistent":
		return field("remember")
	}
	return shorthand{}, false
}

// resolve returns v with the fields that deprecated shorthands stand for instead of those, in a map of its own.
func (f *field) resolve(v map[string]Value) map[string]Value {
	out := maps.Clone(v)
	for _, name := range slices.Sorted(maps.Keys(f.replaced)) {
		s, value := f.replaced[name], out[name]
		if s.path == nil && !s.nothing {
			continue
		}
		delete(out, name)
		if value == nil || s.nothing {
			continue
		}
		if text, ok := value.(string); ok && s.but[text] != nil {
			value = s.but[text]
		}
		if s.wins {
			delete(out, s.path[0]) // such a path is a single name
		}
		out = withDefault(out, s.path, value)
	}
	return out
}

// withDefault returns v with a value at a path where there is none. It does not change v.
func withDefault(v map[string]Value, path []string, value Value) map[string]Value {
	below, isMap := v[path[0]].(map[string]Value)
	switch {
	case v[path[0]] != nil && (len(path) == 1 || !isMap):
		return v
	case len(path) > 1:
		value = withDefault(below, path[1:], value)
	}
	out := maps.Clone(v)
	if out == nil {
		out = map[string]Value{}
	}
	out[path[0]] = value
	return out
}
