package schema

import "strings"

// check runs one rule about several fields of data and adds what it finds to errs. r has the fields, or else its parent.
//
// Source: kong/db/schema/init.lua, run_entity_check and Schema.entity_checkers.
func (v validation) check(c *EntityCheck, r, parent *Record, data, errs map[string]any) {
	input := map[string]any{}
	var missing []string
	none, valid := true, true
	for _, path := range c.fields {
		value, ok := get(data, path)
		if ok {
			none = false
			if s, isText := value.(string); isText && isReference(s) && lookup(r, parent, path).Is("referenceable") {
				return
			}
			put(input, path, value)
		} else if !c.runMissing && (c.ifField == "" || path == c.ifField) {
			missing = append(missing, path)
		}
		valid = valid && errs[path] == nil
	}
	if !valid && !c.runInvalid || none && (!c.runMissing || !v.full) {
		return
	}
	if missing != nil {
		for _, path := range missing {
			put(errs, path, "field required for entity check"+v.suffix())
		}
		return
	}
	if message := v.run(c, input, errs); message != "" {
		list, _ := errs["@entity"].([]any)
		errs["@entity"] = append(list, message)
	}
}

func (v validation) suffix() string {
	if v.update {
		return " when updating"
	}
	return ""
}

func (v validation) prefix() string {
	if v.update {
		return "when updating, "
	}
	return ""
}

func lookup(r, parent *Record, path string) *Field {
	if f := r.at(path); f != nil {
		return f
	}
	if parent != nil {
		if f := parent.at(path); f != nil {
			return f
		}
	}
	return &Field{}
}

// run returns the message of a rule that input breaks, or "".
func (v validation) run(c *EntityCheck, input, errs map[string]any) string {
	switch c.Kind {
	case "conditional":
		return v.conditional(c, input, errs)
	case "conditional_at_least_one_of":
		return v.conditionalAtLeastOne(c, input)
	case "custom_entity_check":
		return c.custom(v.env, input)
	}
	set := 0
	for _, path := range c.fields {
		if nonEmpty(input, path) {
			set++
		}
	}
	switch all := len(c.fields); {
	case c.Kind == "at_least_one_of" && set == 0:
		return v.prefix() + "at least one of these fields must be non-empty: " + quoted(c.fields)
	case c.Kind == "only_one_of" && set != 1:
		return "exactly one of these fields must be non-empty: " + quoted(c.fields)
	case c.Kind == "mutually_required" && set != 0 && set != all:
		return "all or none of these fields must be set: " + quoted(c.fields)
	case c.Kind == "mutually_exclusive" && set > 1:
		return "only one or none of these fields must be set: " + quoted(c.fields)
	case c.Kind == "distinct" && !distinct(c.fields, input):
		return "values of these fields must be distinct: " + quoted(c.fields)
	}
	return ""
}

func distinct(fields []string, input map[string]any) bool {
	var seen []any
	for _, path := range fields {
		value, _ := get(input, path)
		if !nonEmpty(input, path) {
			continue
		}
		if has(seen, value) {
			return false
		}
		seen = append(seen, value)
	}
	return true
}

// conditional demands something of one field where another one has a certain value.
func (v validation) conditional(c *EntityCheck, input, errs map[string]any) string {
	value, ok := get(input, c.ifField)
	if !ok || v.field(c.ifMatch, value) != nil {
		return ""
	}
	failed := "failed conditional validation given value of field '" + c.ifField + "'"
	value, _ = get(input, c.thenField)
	if value == nil && c.thenMatch.Is("required") {
		put(errs, c.thenField, "required field missing")
		return failed
	}
	err := v.field(c.thenMatch, value)
	if err == nil {
		return ""
	}
	put(errs, c.thenField, err)
	if c.err != "" {
		return strings.ReplaceAll(c.err, "%s", c.ifField)
	}
	return failed
}

// conditionalAtLeastOne demands that some of the fields be set where another one has a certain value, or has not.
func (v validation) conditionalAtLeastOne(c *EntityCheck, input map[string]any) string {
	value, ok := get(input, c.ifField)
	if !ok {
		return ""
	}
	fields, message := c.then, c.err
	if v.field(c.ifMatch, value) != nil {
		if c.elseMatch == nil || v.field(c.elseMatch, value) != nil {
			return ""
		}
		fields, message = c.otherwise, c.otherwiseErr
	}
	for _, path := range fields {
		if nonEmpty(input, path) {
			return ""
		}
	}
	if message == "" {
		return v.prefix() + "at least one of these fields must be non-empty: " + quoted(fields)
	}
	return strings.ReplaceAll(message, "%s", quoted(fields))
}

// nonEmpty reports whether there is something at the path: no null, no empty string, no empty table.
func nonEmpty(data map[string]any, path string) bool {
	value, _ := get(data, path)
	switch value.(type) {
	case nil:
		return false
	case string, []any, map[string]any:
		return length(value) > 0
	}
	return true
}

// put sets the value at a path of names with dots between them. Where a name on the way holds no object it does nothing.
func put(data map[string]any, path string, value any) {
	head, tail, nested := strings.Cut(path, ".")
	if !nested {
		data[head] = value
		return
	}
	below, ok := data[head].(map[string]any)
	if !ok {
		if _, taken := data[head]; taken {
			return
		}
		below = map[string]any{}
		data[head] = below
	}
	put(below, tail, value)
}
