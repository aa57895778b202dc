package sandbox

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/gwsync/gwsync/render/route"
	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// flattener makes a store of the entities of a configuration, which stand inside each other and refer to each other by name.
type flattener struct {
	kong  *Kong
	items map[string]map[string]*item // by kind and id
	names map[string]map[string]*item // by kind and name
	order []*item
	errs  map[string]any
}

// collect takes up an entity: fills it in and finds what is declared twice. What an entity inside another one says
// about it comes last.
//
// Source: kong/db/schema/others/declarative_config.lua, populate_references.
func (f *flattener) collect(d *item) {
	filled, errs := d.kind.Fill(own(d.kind, d.data), schema.Insert)
	if errs != nil {
		return // it has been validated
	}
	d.data["id"] = filled["id"]
	inside := *d
	inside.data = filled
	d = &inside
	kind := d.kind.Name
	if f.items[kind] == nil {
		f.items[kind], f.names[kind] = map[string]*item{}, map[string]*item{}
	}
	id, _ := filled["id"].(string)
	if name, ok := filled[d.kind.Key].(string); ok && d.kind.Field(d.kind.Key).Is("unique") {
		if f.names[kind][name] != nil {
			addError(f.errs, kind, d.index, declaredTwice(kind, d.kind.Key, name))
			return
		}
		f.names[kind][name] = d
	}
	if f.items[kind][id] != nil {
		message := declaredTwice(kind, "primary key", id)
		if d.parent == nil {
			addError(f.errs, kind, d.index, message)
			return
		}
		inner := map[string]any{}
		addError(inner, kind, d.index, message)
		addError(f.errs, d.parent.kind.Name, d.parent.index, inner)
		return
	}
	f.items[kind][id] = d
	f.order = append(f.order, d)
}

func declaredTwice(kind, field, value string) string {
	return "uniqueness violation: '" + kind + "' entity with " + field + " set to '" + value + "' already declared"
}

// addError adds an error about the entity of that kind and index.
func addError(errs map[string]any, kind string, index int, err any) {
	list, _ := errs[kind].([]any)
	if index >= len(list) {
		list = append(list, make([]any, index+1-len(list))...)
	}
	list[index] = mergeErrors(list[index], err)
	errs[kind] = list
}

// references resolves what entities refer to.
func (f *flattener) references() {
	for _, d := range f.order {
		for _, field := range d.kind.Foreign() {
			v := d.data[field.Name]
			if v == nil {
				continue
			}
			name, ok := v.(string)
			if !ok {
				name = fieldID(v)
			}
			to := field.Reference()
			if found := f.names[to][name]; found != nil {
				d.data[field.Name] = map[string]any{"id": found.data["id"]}
			} else if found := f.items[to][name]; found != nil {
				d.data[field.Name] = map[string]any{"id": name}
			} else {
				f.unresolved(d, field, v, ok)
			}
		}
		if d.parent != nil {
			d.data[d.field.Name] = map[string]any{"id": d.parent.data["id"]}
		}
	}
}

// unresolved adds an error about a reference, under the name of the entity that has it.
func (f *flattener) unresolved(d *item, field *schema.Field, v any, isText bool) {
	shown, _ := v.(string)
	if !isText {
		text, err := json.Marshal(v)
		if err == nil {
			shown = string(text)
		}
	}
	message := "invalid reference '" + field.Name + ": " + shown + "' (no such entry in '" + field.Reference() + "')"
	at, ok := d.data[d.kind.Key].(string)
	if !ok || !d.kind.Field(d.kind.Key).Is("unique") {
		at, _ = d.data["id"].(string)
	}
	errs, ok := f.errs[d.kind.Name].(map[string]any)
	if !ok {
		errs = map[string]any{}
		f.errs[d.kind.Name] = errs
	}
	list, _ := errs[at].([]any)
	errs[at] = append(list, message)
}

// store builds the store. transform says whether passwords and the like are hashed.
func (f *flattener) store(transform bool) (*declared, map[string]any) {
	slices.SortStableFunc(f.order, func(a, b *item) int { return f.kong.compareKinds(a.kind.Name, b.kind.Name) })
	out := &declared{store: newStore(f.kong.tables), answer: map[string]any{}}
	errs := map[string]any{}
	for _, d := range f.order {
		data := maps.Clone(d.data)
		id, _ := data["id"].(string)
		for _, field := range d.kind.Fields {
			if field.Is("transient") {
				delete(data, field.Name)
			}
		}
		if transform {
			if err := f.kong.transform(d.kind, data, d.data); err != nil {
				errs[d.kind.Name] = err.Error()
			}
		}
		byID, _ := out.answer[d.kind.Name].(map[string]any)
		if byID == nil {
			byID = map[string]any{}
			out.answer[d.kind.Name] = byID
		}
		byID[id] = data
		if target, ok := data["target"].(string); ok {
			if a, err := route.ParseAddress(target); err == nil {
				data = maps.Clone(data)
				data["target"] = withDefaultPort(a).String()
			}
		}
		if _, err := out.store.put(d.kind, id, data); err != nil {
			f.conflict(errs, d, err)
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return out, nil
}

// conflict adds the error of an entity that has what must be unique, and is another one's.
func (f *flattener) conflict(errs map[string]any, d *item, err *Error) {
	byName, _ := errs[d.kind.Name].(map[string]any)
	if byName == nil {
		byName = map[string]any{}
		errs[d.kind.Name] = byName
	}
	name, ok := d.data[d.kind.Key].(string)
	if !ok {
		name, _ = d.data["id"].(string)
	}
	byName[name] = err.Error()
	if fields, _ := err.Body["fields"].(map[string]any); len(fields) == 1 {
		for field, v := range fields {
			value, _ := v.(string)
			byName[name] = declaredTwice(d.kind.Name, field, value)
		}
	}
}
