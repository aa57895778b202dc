package schema

import (
	"encoding/json"
	"fmt"
)

// entityCheck reads a rule about several fields, and says whether it counts in this Kong.
func (t *Tables) entityCheck(kind string, s *scanner) (*EntityCheck, bool, error) {
	c := &EntityCheck{Kind: kind, custom: func(*Env, any) string { return "" }}
	counts := true
	switch {
	case kind == "conditional":
		return c, true, t.conditional(c, s)
	case s.peek() != "" && s.rest[0] == '{':
		arg, err := s.json()
		if err != nil {
			return nil, false, fmt.Errorf("@%s: %w", kind, err)
		}
		c.Arg = arg
		for s.peek() != "" {
			attr, v, err := s.attr()
			switch {
			case err != nil:
				return nil, false, err
			case attr == "check":
				if c.custom, err = checkNamed(text(v)); err != nil {
					return nil, false, err
				}
			case attr == "if":
				counts = t.env.is(v)
			}
		}
		return c, counts, t.detailed(c)
	}
	c.fields = s.words()
	list := make([]any, len(c.fields))
	for i, name := range c.fields {
		list[i] = name
	}
	c.Arg = list
	switch kind {
	case "at_least_one_of":
		c.runMissing, c.runInvalid = true, true
	case "only_one_of", "distinct":
		c.runInvalid = true
	case "mutually_required", "mutually_exclusive":
		c.runMissing = true
	default:
		return nil, false, fmt.Errorf("unknown check @%s", kind)
	}
	return c, true, nil
}

// conditional reads "FIELD ATTRS then FIELD ATTRS".
func (t *Tables) conditional(c *EntityCheck, s *scanner) error {
	arg := map[string]any{}
	side := func(prefix string) (string, *Field, error) {
		name := s.word()
		match := &Field{Attrs: map[string]any{}}
		for s.peek() != "" && s.peek() != "then" {
			attr, v, err := s.attr()
			if err != nil {
				return "", nil, err
			}
			if attr == "err" {
				c.err, _ = v.(string)
				arg["then_err"] = v
				continue
			}
			if err := match.match(attr, v); err != nil {
				return "", nil, err
			}
		}
		arg[prefix+"_field"], arg[prefix+"_match"] = name, match.plain()
		return name, match, nil
	}
	var err error
	if c.ifField, c.ifMatch, err = side("if"); err != nil {
		return err
	}
	if s.word() != "then" {
		return fmt.Errorf("@conditional %s: missing then", c.ifField)
	}
	c.thenField, c.thenMatch, err = side("then")
	c.fields, c.runInvalid, c.Arg = []string{c.ifField, c.thenField}, true, arg
	return err
}

// detailed takes up the argument of a rule that is written as JSON.
func (t *Tables) detailed(c *EntityCheck) error {
	text, err := json.Marshal(c.Arg)
	if err != nil {
		return err
	}
	var arg struct {
		FieldSources         []string       `json:"field_sources"`
		RunWithMissingFields bool           `json:"run_with_missing_fields"`
		RunWithInvalidFields bool           `json:"run_with_invalid_fields"`
		IfField              string         `json:"if_field"`
		IfMatch              map[string]any `json:"if_match"`
		ElseMatch            map[string]any `json:"else_match"`
		Then                 []string       `json:"then_at_least_one_of"`
		ThenErr              string         `json:"then_err"`
		ElseThen             []string       `json:"else_then_at_least_one_of"`
		ElseThenErr          string         `json:"else_then_err"`
	}
	if err := json.Unmarshal(text, &arg); err != nil {
		return err
	}
	c.fields = arg.FieldSources
	c.runMissing, c.runInvalid = arg.RunWithMissingFields, arg.RunWithInvalidFields
	if c.Kind != "conditional_at_least_one_of" {
		return nil
	}
	c.ifField, c.then, c.err, c.otherwise, c.otherwiseErr = arg.IfField, arg.Then, arg.ThenErr, arg.ElseThen, arg.ElseThenErr
	c.fields = append(append([]string{c.ifField}, c.then...), c.otherwise...)
	c.runMissing, c.runInvalid = true, true
	if c.ifMatch, err = matchOf(arg.IfMatch); err != nil {
		return err
	}
	if arg.ElseMatch != nil {
		c.elseMatch, err = matchOf(arg.ElseMatch)
	}
	return err
}

func matchOf(attrs map[string]any) (*Field, error) {
	f := &Field{Attrs: map[string]any{}}
	for attr, v := range attrs {
		if err := f.match(attr, v); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// match gives f, which is a condition, an attribute. A condition on elements is a field in itself.
func (f *Field) match(attr string, v any) error {
	switch attr {
	case "type":
		f.Type, _ = v.(string)
		return nil
	case "elements":
		attrs, _ := v.(map[string]any)
		elements, err := matchOf(attrs)
		if err != nil {
			return err
		}
		f.Elements = elements
		return elements.compile()
	}
	return f.set(attr, v)
}

// plain returns a condition as /schemas shows it.
func (f *Field) plain() map[string]any {
	out := map[string]any{}
	for attr, v := range f.Attrs {
		out[attr] = v
	}
	if f.Type != "" {
		out["type"] = f.Type
	}
	if f.Elements != nil {
		out["elements"] = f.Elements.plain()
	}
	return out
}

// link completes the checks of r and of the records below it: a condition on a field adds to what the field demands.
// Fields that r does not have are the parent's.
func (r *Record) link(parent *Record) error {
	for _, c := range r.Checks {
		for _, m := range []**Field{&c.ifMatch, &c.elseMatch} {
			if err := r.complete(parent, c.ifField, m); err != nil {
				return err
			}
		}
		if err := r.complete(parent, c.thenField, &c.thenMatch); err != nil {
			return err
		}
	}
	for _, f := range r.Fields {
		if inner := f.innermost(); inner != nil {
			if err := inner.link(nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Record) complete(parent *Record, path string, match **Field) error {
	m := *match
	if m == nil || m.Name != "" {
		return nil
	}
	f := r.at(path)
	if f == nil && parent != nil {
		f = parent.at(path)
	}
	if f == nil {
		return fmt.Errorf("check on unknown field %q", path)
	}
	out := *f
	out.Attrs = map[string]any{}
	for attr, v := range f.Attrs {
		out.Attrs[attr] = v
	}
	for attr, v := range m.Attrs {
		out.Attrs[attr] = v
	}
	if m.Elements != nil {
		out.Elements = m.Elements
	}
	if m.check != "" {
		out.check = m.check
	}
	*match = &out
	return out.compile()
}
