package kong

import (
	"fmt"
	"slices"
)

// Builder makes entities, one after the other, with as little room beside them as one of them takes. It is for one goroutine; the zero
// Builder is ready.
type Builder struct {
	text  []byte
	names []string
	set   []string
	forms map[Kind]*forms
}

// New returns the entity of kind k with the given id and fields, in canonical form. It takes no hold of fields and does
// not change them. An "id" among the fields is ignored.
//
// A reference may be given as {"id": UUID} or as the UUID alone. Errors are for what has no canonical form: an empty id
// or kind, a value that JSON has no word for.
func New(k Kind, id string, fields map[string]any, origin Origin) (Entity, error) {
	var b Builder
	row, err := b.spell(k, id, fields)
	if err != nil {
		return Entity{}, err
	}
	e := entity(row, string(b.text))
	e.r.origin = originOf(origin)
	return e, nil
}

// New returns what the function of that name does, and holds only once what the entities of the Builder have in common. The origin, which
// may be nil, is held, and must not be written any more.
func (b *Builder) New(k Kind, id string, fields map[string]any, origin *Origin) (Entity, error) {
	row, err := b.spell(k, id, fields)
	if err != nil {
		return Entity{}, err
	}
	alike := b.forms[k]
	if alike == nil {
		if b.forms == nil {
			b.forms = map[Kind]*forms{}
		}
		alike = &forms{row: row}
		b.forms[k] = alike
	}
	f, own := alike.of(b.text)
	return Entity{&record{form: f, own: string(own), origin: origin}}, nil
}

// spell puts the canonical text of an entity in b.text.
func (b *Builder) spell(k Kind, id string, fields map[string]any) (*Row, error) {
	if !plainYAML(string(k)) || id == "" {
		return nil, fmt.Errorf("an entity needs a kind and an id, not %q and %q", k, id)
	}
	row := rowOf(k)
	b.names = b.names[:0]
	for name := range fields {
		b.names = append(b.names, name)
	}
	slices.Sort(b.names)
	b.text = appendID(b.text[:0], id)
	for _, name := range b.names {
		v := fields[name]
		if isAutomatic(name) || v == nil {
			continue
		}
		b.text = append(appendString(append(b.text, ','), name), ':')
		if err := b.field(row, name, v); err != nil {
			return nil, fmt.Errorf("%s %s: field %s: %w", row.Singular, id, name, err)
		}
	}
	b.text = append(b.text, '}')
	return row, nil
}

// field appends the value of a field to the text.
func (b *Builder) field(row *Row, name string, v any) (err error) {
	if list, ok := v.([]string); ok && slices.Contains(row.Sets, name) {
		b.set = append(b.set[:0], list...)
		slices.Sort(b.set)
		b.text, err = appendList(b.text, slices.Compact(b.set), appendText)
		return err
	}
	start := len(b.text)
	if b.text, err = appendValue(b.text, v, false); err == nil {
		b.text = row.settle(b.text, start, name)
	}
	return err
}
