package kong

import (
	"cmp"
	"fmt"
	"io"
	"slices"
)

// EncodeJSON writes what [State.Encode] writes as JSON, an entity a line.
func (s State) EncodeJSON(w io.Writer) error {
	b := []byte(`{"_format_version":"` + formatVersion + `"`)
	var kind Kind
	lists := slices.Clone(s.all) // by kind, not by rank
	slices.SortStableFunc(lists, func(e, f Entity) int { return cmp.Compare(e.key.Kind, f.key.Kind) })
	for _, e := range lists {
		switch {
		case e.key.Kind == kind:
			b = append(b, ",\n"...)
		case kind != "":
			b = append(b, ']')
			fallthrough
		default:
			kind = e.key.Kind
			b = append(b, ",\n"...)
			b = append(appendString(b, string(kind)), ":[\n"...)
		}
		b = appendJSON(b, s.named(e, e.withID()))
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("write declarative configuration: %w", err)
		}
		b = b[:0]
	}
	if kind != "" {
		b = append(b, ']')
	}
	if _, err := w.Write(append(b, "}\n"...)); err != nil {
		return fmt.Errorf("write declarative configuration: %w", err)
	}
	return nil
}
