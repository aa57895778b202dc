package diff

import (
	"maps"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// Public returns an entity without its secrets, and the paths of those, as JSON pointers: what may be written down of it. An array that has
// a secret in it is left out as a whole.
func Public(schemas kong.Schemas, e kong.Entity) (public kong.Entity, omitted []string, err error) {
	p := publisher{comparer: comparer{schemas: schemas, before: e, after: e}}
	p.row, _ = e.Kind().Row()
	fields := map[string]any{}
	for name, v := range e.Fields() {
		p.path = []string{name}
		if v, keep := p.value(v); keep {
			fields[name] = v
		}
	}
	public, err = kong.New(e.Kind(), e.ID(), fields, e.Origin())
	return public, p.omitted, err
}

// publisher leaves out what a comparer would redact.
type publisher struct {
	comparer
	omitted []string
}

// value returns the value at the current path without its secrets, and whether anything may be told of it.
func (p *publisher) value(v kong.Value) (out kong.Value, keep bool) {
	if p.secret() || isPrivateKey(v) {
		p.omitted = append(p.omitted, pointer(p.path))
		return nil, false
	}
	switch v := v.(type) {
	case map[string]kong.Value:
		return p.object(v), true
	case []any:
		if !equal(p.redact(v), v) {
			p.omitted = append(p.omitted, pointer(p.path))
			return nil, false
		}
	}
	return v, true
}

func (p *publisher) object(v map[string]kong.Value) map[string]any {
	out := map[string]any{}
	for _, name := range unionKeys(v, nil) {
		p.path = append(p.path, name)
		if member, keep := p.value(v[name]); keep {
			out[name] = member
		}
		p.path = p.path[:len(p.path)-1]
	}
	return out
}

// Graft returns an entity with the values that another one has at the given paths, as of [Public], and whether that has them all.
func Graft(public, from kong.Entity, omitted []string) (whole kong.Entity, complete bool, err error) {
	whole = public
	for _, path := range omitted {
		v := valueAt(from, path)
		if v == nil {
			return public, false, nil
		}
		if whole, err = withValue(whole, path, v); err != nil {
			return public, false, err
		}
	}
	return whole, true, nil
}

// withValue returns an entity with a value at a path of names.
func withValue(e kong.Entity, path string, v kong.Value) (kong.Entity, error) {
	names := strings.Split(strings.TrimPrefix(path, "/"), "/")
	top := unescape(names[0])
	if len(names) == 1 {
		return e.With(top, v)
	}
	field, _ := e.Field(top)
	return e.With(top, inserted(field, names[1:], v))
}

// inserted returns a copy of an object with a value at a path of names below it.
func inserted(in kong.Value, names []string, v kong.Value) kong.Value {
	if len(names) == 0 {
		return v
	}
	object, _ := in.(map[string]kong.Value)
	out := maps.Clone(object)
	if out == nil {
		out = map[string]kong.Value{}
	}
	name := unescape(names[0])
	out[name] = inserted(out[name], names[1:], v)
	return out
}
