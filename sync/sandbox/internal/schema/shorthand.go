package schema

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/sync/sandbox/internal/lua"
)

// resolve turns the shorthands in data into fields. Where a shorthand is deprecated what the fields say counts, else what the
// shorthand says.
func (env *Env) resolve(r *Record, data map[string]any) map[string]any {
	var errs map[string]any
	fail := func(name string, err any) {
		if errs == nil {
			errs = map[string]any{}
		}
		errs[name] = err
	}
	for _, s := range r.Shorthands {
		value, ok := data[s.Name]
		if !ok {
			continue
		}
		if err := (validation{env: env, full: true}).field(s, value); err != nil {
			fail(s.Name, err)
			continue
		}
		if message := s.contradicts(data, value); message != "" {
			fail(s.Name, message)
			continue
		}
		delete(data, s.Name)
		_, deprecated := s.Attrs["deprecation"]
		for name, v := range s.expand(value) {
			overlay(data, name, v, deprecated)
		}
	}
	return errs
}

// overlay sets a field that a shorthand stands for; inside records only the fields that it names.
func overlay(data map[string]any, name string, v any, deprecated bool) {
	m, isMap := v.(map[string]any)
	if !isMap {
		if old := data[name]; !deprecated || old == nil {
			data[name] = v
		}
		return
	}
	below, _ := data[name].(map[string]any)
	out := make(map[string]any, len(below)+len(m))
	for k, e := range below {
		out[k] = e
	}
	for k, e := range m {
		overlay(out, k, e, deprecated)
	}
	data[name] = out
}

// replaced reports whether s is deprecated in favor of a field.
func (s *Field) replaced() bool {
	d, _ := s.Attrs["deprecation"].(map[string]any)
	return d["replaced_with"] != nil
}

// contradicts returns a message if the field that replaces s says something else.
func (s *Field) contradicts(data map[string]any, value any) string {
	if value == nil || !s.replaced() {
		return ""
	}
	other, _ := get(data, s.to)
	if other == nil || reflect.DeepEqual(other, value) {
		return ""
	}
	return "both deprecated and new field are used but their values mismatch: " + s.Name + " = " + lua.Text(value) +
		" vs " + s.to + " = " + lua.Text(other)
}

// expand returns the fields that the shorthand stands for.
func (s *Field) expand(value any) map[string]any {
	switch s.convert {
	case "service_url":
		return serviceURL(value)
	case "upstream_algorithm":
		if value == "least-connections" || value == "latency" {
			return map[string]any{"algorithm": value, "hash_on": nil}
		}
		return map[string]any{"algorithm": value}
	case "upstream_hash_on":
		return hashOn(value)
	case "session_idletime":
		if value == nil {
			value = 0.0
		}
		return map[string]any{"idling_timeout": value}
	case "session_samesite":
		if value == "off" {
			value = "Lax"
		}
		return map[string]any{"cookie_same_site": value}
	case "nothing":
		return nil
	}
	out := value
	path := strings.Split(s.to, ".")
	for i := len(path) - 1; i > 0; i-- {
		out = map[string]any{path[i]: out}
	}
	return map[string]any{path[0]: out}
}

// hashOn is an upstream's hash_on, which decides on the algorithm, too.
func hashOn(value any) map[string]any {
	switch value {
	case nil:
		return map[string]any{"hash_on": "none"}
	case "none":
		return map[string]any{"hash_on": value, "algorithm": "round-robin"}
	}
	return map[string]any{"hash_on": value, "algorithm": "consistent-hashing"}
}

// serviceURL splits a service's url.
//
// Source: kong/db/schema/entities/services.lua.
func serviceURL(value any) map[string]any {
	s, _ := value.(string)
	u := parseURL(s)
	port, err := strconv.ParseFloat(u.port, 64)
	protocol := u.scheme
	if protocol == "" {
		protocol = "http"
		if port == 443 {
			protocol = "https"
		}
	}
	out := map[string]any{"protocol": protocol, "host": orNull(u.host), "path": orNull(u.path)}
	switch {
	case u.port != "" && err == nil:
		out["port"] = port
	case u.port != "":
		out["port"] = u.port
	case protocol == "https":
		out["port"] = 443.0
	default:
		out["port"] = 80.0
	}
	return out
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// get returns the value at a path of names with dots between them, and whether there is one. A null is one.
func get(data map[string]any, path string) (any, bool) {
	head, tail, nested := strings.Cut(path, ".")
	v, ok := data[head]
	if !nested {
		return v, ok
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	return get(m, tail)
}
