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
	slices.SortStableFunc(lists, func(e, f Entity) int { return cmp.Compare(e.Kind(), f.Kind()) })
	for _, e := range lists {
		switch {
		case e.Kind() == kind:
			b = append(b, ",\n"...)
		case kind != "":
			b = append(b, ']')
			fallthrough
		default:
			kind = e.Kind()
			b = append(b, ",\n"...)
			b = append(appendString(b, string(kind)), ":[\n"...)
		}
		line, err := appendMap(b, s.named(e, e.withID()), false)
		if err == nil {
			_, err = w.Write(line)
		}
		if err != nil {
			return fmt.Errorf("write declarative configuration: %w", err)
		}
		b = line[:0]
	}
	if kind != "" {
		b = append(b, ']')
	}
	if _, err := w.Write(append(b, "}\n"...)); err != nil {
		return fmt.Errorf("write declarative configuration: %w", err)
	}
	return nil
}
