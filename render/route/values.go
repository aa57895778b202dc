package route

import (
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// Values returns the constants that a route, classic or not, compares some fields with by ==, as they are written, sorted: those of
// "net.dst.port" are the ports that it names. A field with a transformation is another one.
func Values(r kong.Entity, names ...string) []string {
	text := r.Text("expression")
	if text == "" {
		if !slices.ContainsFunc(names, func(name string) bool { return classicMayName(r, name) }) {
			return nil
		}
		text = classicText(r)
	}
	if !slices.ContainsFunc(names, func(name string) bool { return strings.Contains(text, spellings(name)) }) {
		return nil // as in most routes, which take long to parse
	}
	e, err := Parse(text)
	if err != nil {
		return nil
	}
	var out []string
	e.predicates(func(p *predicate) bool {
		switch {
		case p.op != opEqual || p.field != field{name: p.field.name} || !slices.Contains(names, p.field.name):
		case p.value.kind == textKind:
			out = append(out, p.value.text)
		default:
			out = append(out, p.value.String())
		}
		return true
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// classicMayName reports whether the expression of a classic route may have a field in it, without making it, see [classicParts].
func classicMayName(r kong.Entity, name string) bool {
	_, destinations := r.Field("destinations")
	_, headers := r.Field("headers")
	switch {
	case name == "net.dst.port":
		return destinations || slices.ContainsFunc(r.Strings("hosts"), func(h string) bool { return strings.Contains(h, ":") })
	case strings.HasPrefix(name, headerPrefix):
		return headers
	}
	return true
}

// spellings returns how a field's name begins in every spelling: a header's has several.
func spellings(name string) string {
	if before, _, ok := strings.Cut(name, "headers."); ok {
		return before + "headers."
	}
	return name
}
