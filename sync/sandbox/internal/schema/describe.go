package schema

import "maps"

// Describe returns r as /schemas answers it.
func (r *Record) Describe() map[string]any {
	return map[string]any{"fields": describeFields(r.Fields), "entity_checks": r.describeChecks()}
}

func (r *Record) describeChecks() []any {
	out := []any{}
	for _, c := range r.Checks {
		out = append(out, map[string]any{c.Kind: c.Arg})
	}
	return out
}

func describeFields(fields []*Field) []any {
	out := []any{}
	for _, f := range fields {
		out = append(out, map[string]any{f.Name: f.Describe()})
	}
	return out
}

// Describe returns f as /schemas answers it.
func (f *Field) Describe() map[string]any {
	out := maps.Clone(f.Attrs)
	out["type"] = f.Type
	for name, inner := range map[string]*Field{"elements": f.Elements, "keys": f.Keys, "values": f.Values} {
		if inner != nil {
			out[name] = inner.Describe()
		}
	}
	if f.Record == nil || f.Is("abstract") {
		return out
	}
	out["fields"] = describeFields(f.Record.Fields)
	if len(f.Record.Shorthands) > 0 {
		out["shorthand_fields"] = describeFields(f.Record.Shorthands)
	}
	if len(f.Record.Checks) > 0 {
		out["entity_checks"] = f.Record.describeChecks()
	}
	return out
}
