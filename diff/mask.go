package diff

import (
	"strconv"

	"github.com/gwsync/gwsync/render/kong"
)

// Masked returns e as it may be shown, and how many secrets it has: in place of each is [Redacted]. What has to be unique, such as the key
// of a credential, gets the entity's id as well: "(secret ID)". The shape stays, so that what is masked can be read by whatever reads
// entities.
func Masked(e kong.Entity, schemas kong.Schemas) (kong.Entity, int, error) {
	m := masker{comparer: comparer{schemas: schemas, before: e, after: e}}
	m.row, _ = e.Kind().Row()
	out := e
	for name, v := range e.Fields() {
		before := m.n
		shown := m.value(name, v, false)
		if m.n == before {
			continue
		}
		var err error
		if out, err = out.With(name, shown); err != nil {
			return kong.Entity{}, 0, err
		}
	}
	return out, m.n, nil
}

// masker walks through an entity and counts its secrets.
type masker struct {
	comparer
	n int
}

// value returns the value of a field, or element, of the current path, all of it masked if what is around it is secret.
func (m *masker) value(name string, v kong.Value, secret bool) kong.Value {
	m.path = append(m.path, name)
	defer func() { m.path = m.path[:len(m.path)-1] }()
	secret = secret || m.secret()
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = m.value(strconv.Itoa(i), v[i], secret)
		}
		return out
	case map[string]kong.Value:
		out := make(map[string]kong.Value, len(v))
		for name := range v {
			out[name] = m.value(name, v[name], secret)
		}
		return out
	}
	if !secret && !isPrivateKey(v) {
		return v
	}
	m.n++
	for _, unique := range m.row.Unique {
		if m.path[0] == unique {
			return "(secret " + m.after.ID() + ")"
		}
	}
	return Redacted
}
