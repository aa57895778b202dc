package sandbox

import (
	"maps"
	"net/http"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox/internal/lua"
	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// selector says how a request names an entity: by its id, or by the value of a unique field.
type selector struct{ field, value string }

// named returns the selector for what stands in a path: an id, or for kinds that have such a field a name.
func named(e *schema.Entity, s string) selector {
	if kong.IsUUID(s) || e.Key == "" {
		return selector{"id", s}
	}
	return selector{e.Key, s}
}

func (s selector) byID() bool { return s.field == "id" }

// key returns the selector as it stands in messages.
func (s selector) key() map[string]any { return map[string]any{s.field: s.value} }

// find returns the entity that s names, or nil. A name that cannot be one is an error.
func (k *Kong) find(e *schema.Entity, s selector) (*row, *Error) {
	if err := e.CheckField(s.field, s.value); err != nil {
		if s.byID() {
			return nil, invalidPrimaryKey(map[string]any{"id": err})
		}
		return nil, invalidUnique(s.field, err)
	}
	c := k.store.kinds[e.Name]
	if s.byID() {
		return c.rows[strings.ToLower(s.value)], nil
	}
	if index, ok := c.unique[s.field]; ok {
		return c.rows[index[s.value]], nil
	}
	for _, id := range c.ids { // targets have a key that is not unique
		if r := c.rows[id]; r.data[s.field] == s.value {
			return r, nil
		}
	}
	return nil, nil
}

// insert stores a new entity.
func (k *Kong) insert(e *schema.Entity, input map[string]any) (*row, *Error) {
	input, err := k.prepare(e, "", input, nil)
	if err != nil {
		return nil, err
	}
	data, errs := e.Fill(input, schema.Insert)
	if errs != nil {
		return nil, schemaViolation(errs)
	}
	if err := k.complete(e, data, input, nil); err != nil {
		return nil, err
	}
	id, _ := data["id"].(string)
	id = strings.ToLower(id)
	if k.config.DBLess {
		return nil, unsupported("create", e, "")
	}
	if k.store.kinds[e.Name].rows[id] != nil {
		return nil, primaryKeyViolation(id)
	}
	return k.save(e, id, data, input)
}

// upsert stores an entity under a given id or name, whether it exists or not.
func (k *Kong) upsert(e *schema.Entity, s selector, input map[string]any) (*row, *Error) {
	before, err := k.find(e, s)
	if err != nil {
		return nil, err
	}
	if input, err = k.prepare(e, s.value, input, nil); err != nil {
		return nil, err
	}
	data, errs := e.Fill(input, schema.Upsert)
	if errs != nil {
		return nil, schemaViolation(errs)
	}
	data[s.field] = s.value
	if err := k.complete(e, data, input, nil); err != nil {
		return nil, err
	}
	id, _ := data["id"].(string)
	if before != nil {
		id = before.id
	}
	if k.config.DBLess {
		return nil, unsupported("create or update", e, s.by())
	}
	return k.save(e, strings.ToLower(id), data, input)
}

// by returns the field that messages name where an entity is not named by its id.
func (s selector) by() string {
	if s.byID() {
		return ""
	}
	return s.field
}

// update changes some fields of an entity.
func (k *Kong) update(e *schema.Entity, s selector, input map[string]any) (*row, *Error) {
	before, err := k.find(e, s)
	if err != nil {
		return nil, err
	}
	if input, err = k.prepare(e, s.value, input, before); err != nil {
		return nil, err
	}
	data, errs := e.Fill(input, schema.Update)
	if errs != nil {
		return nil, schemaViolation(errs)
	}
	if before == nil {
		return nil, noEntity(s.key(), !s.byID())
	}
	data = e.Merge(data, before.data)
	if err := k.complete(e, data, input, before); err != nil {
		return nil, err
	}
	if k.config.DBLess {
		return nil, unsupported("update", e, s.by())
	}
	return k.save(e, before.id, data, input)
}

// remove deletes an entity. To delete what is not there is no error.
func (k *Kong) remove(e *schema.Entity, s selector) *Error {
	r, err := k.find(e, s)
	if err != nil || r == nil {
		return err
	}
	if k.config.DBLess {
		return unsupported("remove", e, s.by())
	}
	switch e.Name {
	case "certificates":
		k.deleteSNIs(r.id)
	case "ca_certificates":
		if err := k.caCertificateInUse(r.id); err != nil {
			return err
		}
	}
	k.generation++
	return k.store.delete(e, r.id)
}

// complete validates data, which was made of input, and does what Kong does with it after that. before is what an update changes.
func (k *Kong) complete(e *schema.Entity, data, input map[string]any, before *row) *Error {
	if err := k.resolve(e, data); err != nil {
		return err
	}
	var errs map[string]any
	if before == nil {
		errs = e.Validate(data)
	} else {
		errs = e.ValidateUpdate(data)
	}
	errs = hashInputs(e, errs, input, before)
	if errs != nil {
		return schemaViolation(errs)
	}
	return k.transform(e, data, input)
}

// resolve replaces references by name with references by id.
//
// Source: kong/db/dao/init.lua, resolve_foreign.
func (k *Kong) resolve(e *schema.Entity, data map[string]any) *Error {
	errs := map[string]any{}
	var messages []string
	for _, f := range e.Foreign() {
		ref, ok := data[f.Name].(map[string]any)
		if id, _ := ref["id"].(string); !ok || kong.IsUUID(id) {
			continue
		}
		foreign := k.tables.Entity(f.Reference())
		for _, u := range foreign.Fields {
			value, ok := ref[u.Name].(string)
			if !ok || !u.Is("unique") && u.Name != foreign.Key || foreign.CheckField(u.Name, value) != nil {
				continue
			}
			if r, err := k.find(foreign, selector{u.Name, value}); err == nil && r != nil {
				data[f.Name] = map[string]any{"id": r.id}
				delete(errs, f.Name)
				break
			}
			message := "the foreign key cannot be resolved with '" + lua.Pretty(map[string]any{u.Name: value}, "") +
				"' for an existing '" + foreign.Name + "' entity"
			messages = append(messages, f.Name+"."+u.Name+": "+message)
			errs[f.Name] = map[string]any{u.Name: message}
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return kongError(http.StatusBadRequest, 13, "foreign keys unresolved", "foreign key unresolved ("+strings.Join(messages, "; ")+")", errs)
}

// save stores an entity that is valid.
func (k *Kong) save(e *schema.Entity, id string, data, input map[string]any) (*row, *Error) {
	stored := maps.Clone(data)
	stored["id"] = id
	for _, f := range e.Foreign() {
		if to := fieldID(stored[f.Name]); to != "" {
			stored[f.Name] = map[string]any{"id": strings.ToLower(to)}
		}
	}
	for _, f := range e.Fields {
		if f.Is("transient") {
			delete(stored, f.Name)
		}
	}
	if e.TTL {
		if err := k.setExpiry(stored, input); err != nil {
			return nil, err
		}
	}
	r, err := k.store.put(e, id, stored)
	if err != nil {
		return nil, err
	}
	k.generation++
	if e.Name == "certificates" {
		if err := k.setSNIs(id, input); err != nil {
			return nil, err
		}
	}
	return r, nil
}
