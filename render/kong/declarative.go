package kong

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	yamlv3 "go.yaml.in/yaml/v3"
)

// formatVersion is the declarative format's version that gwsync writes. Kong 3 reads 1.1, 2.1 and 3.0.
const formatVersion = "3.0"

// Encode writes the state in Kong's declarative format, as a DB-less Kong takes it on POST /config: one flat list a
// kind, entities by name, references by name where the state holds the referred entity, else by id. Equal states give
// equal bytes, and [Decode] gives the state back.
func (s State) Encode(w io.Writer) error {
	return s.encode(w, "", Entity.withID)
}

// EncodeStored is like [State.Encode] for a state of which some was read from a DB-less Kong. It tells Kong that credentials are
// stored values already (_transform: false), so that a hashed password is not hashed again, and writes what was read as it
// was: nulls and times included, and without an id where it had none. The rest is written as Kong would store it, see [Entity.Stored].
func (s State) EncodeStored(w io.Writer) error {
	return s.encode(w, "_transform: false\n", func(e Entity) map[string]Value {
		if e.r.stored == nil {
			return e.Stored().withID()
		}
		stored, _ := value(*e.r.stored).(map[string]Value)
		return stored
	})
}

// withID returns the fields with the id among them.
func (e Entity) withID() map[string]Value {
	out := e.fields()
	out["id"] = e.ID()
	return out
}

func (s State) encode(w io.Writer, meta string, fields func(Entity) map[string]Value) error {
	lists := map[Kind][]Entity{}
	for _, e := range s.all {
		lists[e.Kind()] = append(lists[e.Kind()], e)
	}
	if _, err := io.WriteString(w, `_format_version: "`+formatVersion+"\"\n"+meta); err != nil {
		return fmt.Errorf("write declarative configuration: %w", err)
	}
	for _, k := range slices.Sorted(maps.Keys(lists)) {
		if err := s.encodeList(w, k, lists[k], fields); err != nil {
			return fmt.Errorf("write declarative configuration: %w", err)
		}
	}
	return nil
}

// encodeList writes the entities of one kind, some at a time: the YAML library holds on to all that it has written of a document.
func (s State) encodeList(w io.Writer, k Kind, entities []Entity, fields func(Entity) map[string]Value) error {
	if _, err := io.WriteString(w, string(k)+":\n"); err != nil {
		return err
	}
	for chunk := range slices.Chunk(entities, 64) {
		list := make([]any, len(chunk))
		for i, e := range chunk {
			list[i] = s.named(e, fields(e))
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

// named returns the fields of e with foreign keys as the declarative format spells them, as strings.
func (s State) named(e Entity, fields map[string]Value) map[string]Value {
	for r, to := range e.Refs() {
		if !r.Many {
			fields[r.Field] = s.referenceTo(to)
		}
	}
	return fields
}

func (s State) referenceTo(k Key) string {
	e, ok := s.Get(k)
	row, _ := k.Kind.Row()
	if !ok || row.Name == "" || e.Text(row.Name) == "" || IsUUID(e.Text(row.Name)) {
		return k.ID
	}
	return e.Text(row.Name)
}
