package kong

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Decode reads Kong's declarative format, YAML or JSON: flat lists as [State.Encode] and GET /config write them, and
// entities nested in the one that they refer to. An entity without an id gets the one that Kong would derive from its
// name. A kind that the table of kinds does not know is kept as it is; its entities need neither id nor name.
func Decode(r io.Reader) (State, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return State{}, fmt.Errorf("read declarative configuration: %w", err)
	}
	doc, err := decodeDocument(text)
	if err != nil {
		return State{}, fmt.Errorf("declarative configuration: %w", err)
	}
	d := decoder{names: map[naturalKey]string{}}
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		if strings.HasPrefix(name, "_") {
			continue
		}
		if err := d.list(Kind(name), doc[name], nil); err != nil {
			return State{}, fmt.Errorf("declarative configuration: %s%w", name, err)
		}
	}
	s, err := d.state()
	if err != nil {
		return State{}, fmt.Errorf("declarative configuration: %w", err)
	}
	return s, nil
}

func decodeDocument(text []byte) (map[string]any, error) {
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(asJSON))
	dec.UseNumber()
	var doc map[string]any
	if err := dec.Decode(&doc); err != nil {
		return nil, errors.New("want an object at the top")
	}
	switch v := doc["_format_version"]; v {
	case "1.1", "2.1", "3.0":
	default:
		return nil, fmt.Errorf("_format_version is %v: want %q", v, formatVersion)
	}
	return doc, nil
}

type naturalKey struct {
	kind Kind
	key  string
}

// decoder collects entities until all names are known that they may refer to.
type decoder struct {
	found []declaredEntity
	names map[naturalKey]string
}

type declaredEntity struct {
	kind   Kind
	id     string
	fields map[string]any
	nested bool
}

// list takes the entities of one kind; parent holds the foreign key to the entity that they are nested in. Its errors begin
// with the place below the kind.
func (d *decoder) list(k Kind, v any, parent map[string]any) error {
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		return errors.New(": want a list")
	}
	for i, item := range list {
		fields, ok := item.(map[string]any)
		if !ok {
			return fmt.Errorf("[%d]: want an object", i)
		}
		maps.Copy(fields, parent)
		if err := d.entity(k, fields, parent != nil); err != nil {
			return fmt.Errorf("[%d]%w", i, err)
		}
	}
	return nil
}

func (d *decoder) entity(k Kind, fields map[string]any, nested bool) error {
	row, known := k.Row()
	children := d.takeNested(k, fields)
	id, _ := fields["id"].(string)
	name, _ := fields[row.Name].(string)
	if id == "" {
		derived := derivedName(row, fields)
		if derived == "" && known {
			return errors.New(": has neither an id nor a name")
		}
		if derived == "" {
			derived = contents(fields) // such as parameters, which Kong knows by other fields
		}
		id = ID(k, derived)
	}
	if name != "" {
		d.names[naturalKey{k, name}] = id
	}
	d.found = append(d.found, declaredEntity{kind: k, id: id, fields: fields, nested: nested})
	for _, child := range slices.Sorted(maps.Keys(children)) {
		childRow, _ := child.Row()
		for _, r := range childRow.Refs {
			if r.Kind != k || r.Many {
				continue
			}
			if err := d.list(child, children[child], map[string]any{r.Field: map[string]any{"id": id}}); err != nil {
				return fmt.Errorf(".%s%w", child, err)
			}
			break
		}
	}
	return nil
}

// takeNested removes and returns the lists of entities that may be nested in one of kind k.
func (d *decoder) takeNested(k Kind, fields map[string]any) map[Kind]any {
	out := map[Kind]any{}
	for _, row := range Rows() {
		refers := slices.ContainsFunc(row.Refs, func(r Ref) bool { return r.Kind == k && !r.Many })
		if v, ok := fields[string(row.Kind)].([]any); ok && refers && !hasField(k, string(row.Kind)) {
			out[row.Kind] = v
			delete(fields, string(row.Kind))
		}
	}
	return out
}

// hasField reports whether a kind has a field of its own that is called like another kind: a route's snis.
func hasField(k Kind, name string) bool {
	row, _ := k.Row()
	return slices.Contains(row.Sets, name)
}

// derivedName returns what stands for an entity without an id: its name, or its unique fields.
func derivedName(row Row, fields map[string]any) string {
	if s, ok := fields[row.Name].(string); ok && row.Name != "" {
		return s
	}
	var parts []string
	for _, name := range row.Unique {
		if v, err := appendValue(nil, fields[name], false); err == nil && fields[name] != nil {
			parts = append(parts, string(v))
		}
	}
	return strings.Join(parts, ":")
}

// contents returns all that an entity has, as text.
func contents(fields map[string]any) string {
	t, err := appendValue(nil, fields, false)
	if err != nil {
		return "" // New says what is wrong
	}
	return string(t)
}

// state resolves names and returns the state.
func (d *decoder) state() (State, error) {
	entities := make([]Entity, 0, len(d.found))
	listed := map[Key]bool{}
	for _, f := range d.found {
		listed[Key{f.kind, f.id}] = listed[Key{f.kind, f.id}] || !f.nested
	}
	for _, f := range d.found {
		if f.nested && listed[Key{f.kind, f.id}] {
			continue // Kong's own answer repeats SNIs inside of the certificate that they were loaded with
		}
		e, err := d.resolved(f)
		if err != nil {
			return State{}, err
		}
		entities = append(entities, e)
	}
	return NewState(entities...)
}

// resolved returns the entity with ids for names.
func (d *decoder) resolved(f declaredEntity) (Entity, error) {
	row, _ := f.kind.Row()
	for _, r := range row.Refs {
		id, err := d.resolve(r, f.fields[r.Field])
		if err != nil {
			return Entity{}, fmt.Errorf("%s %s: %w", row.Singular, f.id, err)
		}
		if id != "" {
			f.fields[r.Field] = map[string]any{"id": id}
		}
	}
	e, err := New(f.kind, f.id, f.fields, Origin{})
	if err != nil {
		return Entity{}, err
	}
	text, err := appendValue(nil, f.fields, true)
	if err != nil {
		return Entity{}, err
	}
	stored := string(text)
	e.r.stored = &stored
	return e, nil
}

// resolve returns the id that a foreign key's value stands for; "" where there is nothing to resolve.
func (d *decoder) resolve(r Ref, v any) (string, error) {
	name, ok := v.(string)
	if !ok {
		m, isMap := v.(map[string]any)
		if !isMap || r.Many {
			return "", nil
		}
		if id, ok := m["id"].(string); ok {
			return id, nil
		}
		name, _ = m["name"].(string)
	}
	if r.Many {
		return "", nil
	}
	if id, ok := d.names[naturalKey{r.Kind, name}]; ok {
		return id, nil
	}
	if IsUUID(name) {
		return name, nil
	}
	return "", fmt.Errorf("%s refers to %q, which is not among the %s", r.Field, name, r.Kind)
}
