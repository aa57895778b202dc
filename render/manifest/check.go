package manifest

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// scalar writes a scalar, which must have the schema's type and be within its limits.
func (d *decoder) scalar(n *yaml.Node, s *schema) {
	v := scalarOf(n)
	d.json = v.appendJSON(d.json)
	switch {
	case s.Type == isString && v.is == isString, s.IntOrString && v.is == isString:
		d.text(v.text, s)
	case s.Type == isInteger && v.is == isInteger, s.IntOrString && v.is == isInteger:
		d.integer(v.text, s)
	case s.Type == isBoolean && v.is == isBoolean:
	case s.isAny() && v.is != isNothing:
	default:
		d.wrongType(n, s)
	}
}

// text checks a string.
func (d *decoder) text(text string, s *schema) {
	length := len(text)
	if s.MaxLength > 0 && length > s.MaxLength {
		length = utf8.RuneCountInString(text)
	}
	switch {
	case s.Format == "byte":
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			text := "data"
			if d.kind.secret {
				text = "stringData"
			}
			d.fail(CodeInvalidValue, "must be base64", "plain text goes under "+text)
		}
	case s.enum != nil:
		d.oneOf(text, s)
	case length < s.MinLength:
		d.fail(CodeInvalidValue, "must not be empty", "")
	case s.MaxLength > 0 && length > s.MaxLength:
		d.fail(CodeInvalidValue, fmt.Sprintf("has %d characters, at most %d are allowed", length, s.MaxLength), "")
	case s.form.ok != nil && !s.form.ok(text):
		d.fail(CodeInvalidValue, "must be "+s.form.says+d.but(text), "")
	}
}

// integer checks a whole number, written in decimal.
func (d *decoder) integer(text string, s *schema) {
	if s.enum != nil {
		d.oneOf(text, s)
		return
	}
	low, high := int64(-1<<63), int64(1<<63-1)
	if s.Format == "int32" {
		low, high = -1<<31, 1<<31-1
	}
	if s.Minimum != nil {
		low = max(low, *s.Minimum)
	}
	if s.Maximum != nil {
		high = min(high, *s.Maximum)
	}
	if v, err := strconv.ParseInt(text, 10, 64); err != nil || v < low || v > high {
		d.fail(CodeInvalidValue, fmt.Sprintf("must be from %d to %d, not %s", low, high, text), "")
	}
}

// oneOf checks that text is a value of the schema's enumeration.
func (d *decoder) oneOf(text string, s *schema) {
	if slices.Contains(s.enum, text) {
		if slices.Contains(s.newEnum, text) {
			d.warnExperimental(d.at, "the value "+text+" is")
		}
		return
	}
	if d.isExperimental(func(s *schema) bool { return slices.Contains(s.newEnum, text) }) {
		return
	}
	want := "must be one of " + strings.Join(s.enum, ", ")
	if s.Type == isInteger {
		d.fail(CodeInvalidValue, want+", not "+text, "")
		return
	}
	hint := ""
	if near := nearest(text, s.enum); near != "" {
		hint = "did you mean " + near + "?"
	}
	d.fail(CodeInvalidValue, want+d.but(text), hint)
}

// but says what is written instead, unless it could be a Secret's.
func (d *decoder) but(text string) string {
	if d.kind.secret && !strings.HasPrefix(string(d.path), "metadata.") {
		return ""
	}
	return ", not " + quote(text)
}

// wrongType reports a value of another type than the schema's.
func (d *decoder) wrongType(n *yaml.Node, s *schema) {
	want, got, hint := s.Type, "", ""
	if s.IntOrString {
		want = "integer or a string"
	}
	switch n.Kind {
	case yaml.MappingNode:
		got = "an object"
	case yaml.SequenceNode:
		got = "a list"
	default:
		v := scalarOf(n)
		got = article(v.is)
		if want == isString && v.is != isNull && v.is != isNothing && !d.kind.secret {
			hint = "put it in quotes: " + quote(n.Value)
		}
		if want != isString && plain(v.text).is == want {
			hint = "remove the quotes"
		}
	}
	if s.isAny() {
		d.fail(CodeWrongType, "must be something that JSON has, not "+got, "")
		return
	}
	if want == "array" {
		hint = `begin each item with "- "`
	}
	d.fail(CodeWrongType, "must be "+article(want)+", not "+got, hint)
}

// article puts the article before a type, in the words of YAML.
func article(of string) string {
	switch of {
	case "array":
		return "a list"
	case isNull:
		return "null"
	case isNothing:
		return "a number that JSON does not have"
	case isInteger, "object", "integer or a string":
		return "an " + of
	}
	return "a " + of
}

// distinct checks that the items of a list that is a map or a set differ.
func (d *decoder) distinct(items []*yaml.Node, s *schema) {
	if len(items) < 2 || s.ListType != "map" && s.ListType != "set" {
		return
	}
	seen := map[string]*yaml.Node{}
	mark := len(d.path)
	for i, item := range items {
		id, ok := d.file.identity(resolveAlias(item), s)
		if !ok {
			continue // reported where the item is decoded
		}
		first, again := seen[id]
		if !again {
			seen[id] = item
			continue
		}
		d.path = append(strconv.AppendInt(append(d.path, '['), int64(i), 10), ']')
		d.failAt(item, CodeDuplicateItem, "has the same "+what(s)+" as an item before it", "", d.pos(first))
		d.path = d.path[:mark]
	}
}

// what names what must be distinct among the items of a list.
func what(s *schema) string {
	if s.ListType == "set" {
		return "value"
	}
	return strings.Join(s.ListKeys, " and ")
}

// identity returns what must be distinct among the items of a list, and whether the item has it.
func (f *file) identity(item *yaml.Node, s *schema) (string, bool) {
	if s.ListType == "set" {
		return keyOf(item)
	}
	var id strings.Builder
	for _, key := range s.ListKeys {
		v := f.lookup(item, key)
		switch {
		case v != nil && v.Kind == yaml.ScalarNode:
			id.WriteString(strconv.Quote(scalarOf(v).text))
		case v == nil && s.Items.Properties[key].Default != nil:
			id.Write(s.Items.Properties[key].Default)
		default:
			return "", false
		}
	}
	return id.String(), true
}
