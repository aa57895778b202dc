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

	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// formatVersion is the declarative format's version that gwsync writes. Kong 3 reads 1.1, 2.1 and 3.0.
const formatVersion = "3.0"

// Encode writes the state in Kong's declarative format, as a DB-less Kong takes it on POST /config: one flat list a
// kind, entities by name, references by name where the state holds the referred entity, else by id. Equal states give
// equal bytes, and [Decode] gives the state back.
func (s State) Encode(w io.Writer) error { return s.encode(w, "") }

// EncodeStored is like [State.Encode] for a state that was read from a DB-less Kong: it tells Kong that credentials are
// stored values already (_transform: false), so that a hashed password is not hashed again.
func (s State) EncodeStored(w io.Writer) error { return s.encode(w, "_transform: false\n") }

func (s State) encode(w io.Writer, meta string) error {
	lists := map[Kind][]Entity{}
	for _, e := range s.all {
		lists[e.key.Kind] = append(lists[e.key.Kind], e)
	}
	if _, err := io.WriteString(w, `_format_version: "`+formatVersion+"\"\n"+meta); err != nil {
		return fmt.Errorf("write declarative configuration: %w", err)
	}
	for _, k := range slices.Sorted(maps.Keys(lists)) {
		if err := s.encodeList(w, k, lists[k]); err != nil {
			return fmt.Errorf("write declarative configuration: %w", err)
		}
	}
	return nil
}

// encodeList writes the entities of one kind, some at a time: the YAML library holds on to all that it has written of a document.
func (s State) encodeList(w io.Writer, k Kind, entities []Entity) error {
	if _, err := io.WriteString(w, string(k)+":\n"); err != nil {
		return err
	}
	for chunk := range slices.Chunk(entities, 64) {
		list := make([]any, len(chunk))
		for i, e := range chunk {
			list[i] = s.declared(e)
		}
		enc := yamlv3.NewEncoder(w)
		enc.SetIndent(2)
		enc.CompactSeqIndent()
		if err := errors.Join(enc.Encode(yamlNode(list)), enc.Close()); err != nil {
			return err
		}
	}
	return nil
}

// declared returns an entity as the declarative format spells it: with its id, and foreign keys as strings.
func (s State) declared(e Entity) map[string]Value {
	out := maps.Clone(e.fields)
	out["id"] = e.key.ID
	for r, to := range e.Refs() {
		if !r.Many {
			out[r.Field] = s.referenceTo(to)
		}
	}
	return out
}

func (s State) referenceTo(k Key) string {
	e, ok := s.Get(k)
	row, _ := k.Kind.Row()
	if !ok || row.Name == "" || e.Text(row.Name) == "" || isUUID(e.Text(row.Name)) {
		return k.ID
	}
	return e.Text(row.Name)
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}

// Decode reads Kong's declarative format, YAML or JSON: flat lists as [State.Encode] and GET /config write them, and
// entities nested in the one that they refer to. An entity without an id gets the one that Kong would derive from its
// name. A kind that the table of kinds does not know is kept as it is.
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
	return d.state()
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

// decoder collects entities until all names are known that they may refer to.
type decoder struct {
	found []declaredEntity
	names map[naturalKey]string
}

type declaredEntity struct {
	kind   Kind
	id     string
	fields map[string]any
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
		if err := d.entity(k, fields); err != nil {
			return fmt.Errorf("[%d]%w", i, err)
		}
	}
	return nil
}

func (d *decoder) entity(k Kind, fields map[string]any) error {
	row, _ := k.Row()
	nested := d.takeNested(k, fields)
	id, _ := fields["id"].(string)
	name, _ := fields[row.Name].(string)
	if id == "" {
		if id = ID(k, derivedName(row, fields)); derivedName(row, fields) == "" {
			return errors.New(": has neither an id nor a name")
		}
	}
	if name != "" {
		d.names[naturalKey{k, name}] = id
	}
	d.found = append(d.found, declaredEntity{k, id, fields})
	for _, child := range slices.Sorted(maps.Keys(nested)) {
		childRow, _ := child.Row()
		for _, r := range childRow.Refs {
			if r.Kind != k || r.Many {
				continue
			}
			if err := d.list(child, nested[child], map[string]any{r.Field: map[string]any{"id": id}}); err != nil {
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
		if v, err := canonical(fields[name]); err == nil && v != nil {
			parts = append(parts, string(appendJSON(nil, v)))
		}
	}
	return strings.Join(parts, ":")
}

// state resolves names and returns the state.
func (d *decoder) state() (State, error) {
	entities := make([]Entity, 0, len(d.found))
	for _, f := range d.found {
		row, _ := f.kind.Row()
		for _, r := range row.Refs {
			id, err := d.resolve(r, f.fields[r.Field])
			if err != nil {
				return State{}, fmt.Errorf("declarative configuration: %s %s: %w", row.Singular, f.id, err)
			}
			if id != "" {
				f.fields[r.Field] = map[string]any{"id": id}
			}
		}
		e, err := New(f.kind, f.id, f.fields, Origin{})
		if err != nil {
			return State{}, fmt.Errorf("declarative configuration: %w", err)
		}
		entities = append(entities, e)
	}
	s, err := NewState(entities...)
	if err != nil {
		return State{}, fmt.Errorf("declarative configuration: %w", err)
	}
	return s, nil
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
	if isUUID(name) {
		return name, nil
	}
	return "", fmt.Errorf("%s refers to %q, which is not among the %s", r.Field, name, r.Kind)
}
