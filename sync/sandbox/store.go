package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// store holds the entities of one Kong, with the indexes that make finding, listing and checking an entity
// independent of how many there are.
type store struct {
	tables *schema.Tables
	kinds  map[string]*collection
	// tagged are all entities with tags, by id.
	tagged []tagged
	// earliest is when the first entity expires; zero if none does.
	earliest time.Time
}

type tagged struct{ id, kind string }

func compareTagged(a, b tagged) int {
	return cmp.Or(strings.Compare(a.id, b.id), strings.Compare(a.kind, b.kind))
}

// row is one entity as the database has it: all fields, with nulls. It is never changed.
type row struct {
	id   string
	data map[string]any
	json []byte // the entity as it is answered, but for what other entities add
}

// collection holds the entities of one kind.
type collection struct {
	schema *schema.Entity
	rows   map[string]*row
	ids    []string // sorted
	// unique finds an entity's id by field and value. The fields of a cache key count as one field, "cache_key".
	unique map[string]map[string]string
	// referrers finds the entities that refer to one, by field and by the id of the one.
	referrers map[string]map[string][]string
}

func newStore(t *schema.Tables) *store {
	s := &store{tables: t, kinds: map[string]*collection{}}
	for _, e := range t.Entities {
		c := &collection{schema: e, rows: map[string]*row{}, unique: map[string]map[string]string{}, referrers: map[string]map[string][]string{}}
		for _, f := range e.Fields {
			if f.Is("unique") {
				c.unique[f.Name] = map[string]string{}
			}
		}
		if len(e.CacheKey) > 1 {
			c.unique["cache_key"] = map[string]string{}
		}
		s.kinds[e.Name] = c
	}
	return s
}

// fieldID returns the id that a foreign field holds, or "".
func fieldID(v any) string {
	m, _ := v.(map[string]any)
	id, _ := m["id"].(string)
	return id
}

// uniqueValue returns what must be unique about data under that name of an index, or "" if nothing must.
func (c *collection) uniqueValue(index string, data map[string]any) string {
	if index != "cache_key" {
		if id := fieldID(data[index]); id != "" {
			return id
		}
		s, _ := data[index].(string)
		return s
	}
	var b strings.Builder
	for _, name := range c.schema.CacheKey {
		if s, ok := data[name].(string); ok {
			b.WriteString(s)
		}
		b.WriteString(fieldID(data[name]) + ":")
	}
	return b.String()
}

// references returns the ids that data refers to, by field.
func (c *collection) references(data map[string]any) map[string][]string {
	out := map[string][]string{}
	for _, f := range c.schema.Foreign() {
		if id := fieldID(data[f.Name]); id != "" {
			out[f.Name] = []string{id}
		}
	}
	if list, ok := data["ca_certificates"].([]any); ok {
		for _, v := range list {
			if id, ok := v.(string); ok {
				out["ca_certificates"] = append(out["ca_certificates"], id)
			}
		}
	}
	return out
}

// conflict returns an error if an entity other than id has what must be unique in data.
func (c *collection) conflict(id string, data map[string]any) *Error {
	for _, f := range c.schema.Fields {
		if index, ok := c.unique[f.Name]; ok {
			value := c.uniqueValue(f.Name, data)
			if other, taken := index[value]; taken && value != "" && other != id {
				return uniqueViolation(map[string]any{f.Name: data[f.Name]})
			}
		}
	}
	if len(c.schema.CacheKey) < 2 {
		return nil
	}
	if other, taken := c.unique["cache_key"][c.uniqueValue("cache_key", data)]; taken && other != id {
		fields := map[string]any{}
		for _, name := range c.schema.CacheKey {
			fields[name] = data[name]
		}
		return uniqueViolation(fields)
	}
	return nil
}

// put stores an entity in place of the one with its id, if there is one. It is an error if that breaks a constraint;
// then nothing is stored.
func (s *store) put(e *schema.Entity, id string, data map[string]any) (*row, *Error) {
	c := s.kinds[e.Name]
	if err := c.conflict(id, data); err != nil {
		return nil, err
	}
	for _, f := range e.Foreign() {
		if to := fieldID(data[f.Name]); to != "" && s.kinds[f.Reference()].rows[to] == nil {
			return nil, foreignKeyMissing(f.Name, to, f.Reference())
		}
	}
	s.drop(c, id)
	r := &row{id: id, data: data, json: encode(e.Shown(data))}
	c.rows[id] = r
	if at, ok := r.expires(); ok && e.TTL {
		s.note(at)
	}
	c.ids = insertSorted(c.ids, id)
	for index := range c.unique {
		if value := c.uniqueValue(index, data); value != "" {
			c.unique[index][value] = id
		}
	}
	for field, ids := range c.references(data) {
		if c.referrers[field] == nil {
			c.referrers[field] = map[string][]string{}
		}
		for _, to := range ids {
			c.referrers[field][to] = insertSorted(c.referrers[field][to], id)
		}
	}
	if list, _ := data["tags"].([]any); len(list) > 0 {
		t := tagged{id, e.Name}
		i, _ := slices.BinarySearchFunc(s.tagged, t, compareTagged)
		s.tagged = slices.Insert(s.tagged, i, t)
	}
	return r, nil
}

// drop removes an entity from the indexes, if it is there.
func (s *store) drop(c *collection, id string) {
	r := c.rows[id]
	if r == nil {
		return
	}
	delete(c.rows, id)
	c.ids = removeSorted(c.ids, id)
	for index := range c.unique {
		delete(c.unique[index], c.uniqueValue(index, r.data))
	}
	for field, ids := range c.references(r.data) {
		for _, to := range ids {
			if rest := removeSorted(c.referrers[field][to], id); len(rest) > 0 {
				c.referrers[field][to] = rest
			} else {
				delete(c.referrers[field], to)
			}
		}
	}
	if i, found := slices.BinarySearchFunc(s.tagged, tagged{id, c.schema.Name}, compareTagged); found {
		s.tagged = slices.Delete(s.tagged, i, i+1)
	}
}

// delete removes an entity and those that go with it. It is an error if another one still needs one of them; then
// nothing is removed.
func (s *store) delete(e *schema.Entity, id string) *Error {
	type key struct {
		kind *schema.Entity
		id   string
	}
	gone := []key{{e, id}}
	for i := 0; i < len(gone); i++ {
		for _, child := range gone[i].kind.Children() {
			ids := s.kinds[child.Entity.Name].referrers[child.Field.Name][gone[i].id]
			if len(ids) > 0 && !child.Field.Cascade() {
				return stillReferenced(gone[i].kind.Name, child.Entity.Name)
			}
			for _, id := range ids {
				gone = append(gone, key{child.Entity, id})
			}
		}
	}
	for _, g := range gone {
		s.drop(s.kinds[g.kind.Name], g.id)
	}
	return nil
}

func insertSorted(list []string, s string) []string {
	i, found := slices.BinarySearch(list, s)
	if found {
		return list
	}
	return slices.Insert(list, i, s)
}

func removeSorted(list []string, s string) []string {
	if i, found := slices.BinarySearch(list, s); found {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// state returns all entities as values.
func (s *store) state() kong.State {
	var all []kong.Entity
	for _, e := range s.tables.Entities {
		c := s.kinds[e.Name]
		for _, id := range c.ids {
			entity, err := kong.New(kong.Kind(e.Name), id, c.rows[id].data, kong.Origin{})
			if err != nil {
				panic("sandbox: " + e.Name + "/" + id + ": " + err.Error()) //nolint:forbidigo // the store holds JSON only
			}
			all = append(all, entity)
		}
	}
	state, err := kong.NewState(all...)
	if err != nil {
		panic("sandbox: " + err.Error()) //nolint:forbidigo // the store's constraints are the state's
	}
	return state
}

// encode returns v as JSON, without escaping what HTML would want.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("sandbox: " + err.Error()) //nolint:forbidigo // v was decoded from JSON, or is made here
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
