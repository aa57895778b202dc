package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gwsync/gwsync/render/diag"
)

// decoder walks the nodes of one object side by side with the schema of its kind. In one pass it checks the object, writes
// it down as JSON with the defaults filled in, and notes where each field stands.
type decoder struct {
	file *file
	// line is added to the lines of nodes.
	line   int
	kind   *kind
	object diag.Object

	json []byte
	// brief is json without what is not kept, see [Options.Terse].
	brief  []byte
	places []place
	checks []check
	// asides are the values of which more is to be said than their schema does, or that are not kept.
	asides []aside
	// entries are those of the mappings around the field at hand.
	entries []field
	// path and at are the name and the place of the field at hand; a list item stands where it begins.
	path []byte
	at   *yaml.Node
	// aliases is how many aliases lead to the node at hand.
	aliases int
	// failed is the number of findings.
	failed int
	// spent says that the file's budget for aliases was not enough for this object.
	spent bool
	// wider returns the schema of the experimental channel while that of the standard one is used; else it is nil.
	wider func() *schema
	// experimental says that the object has something that only the wider schema knows.
	experimental bool
}

// document decodes an object next to the schema of its version. One that has something of the experimental channel is decoded
// again, next to that channel's: limits and rules differ, too.
func (d *decoder) document(root *yaml.Node, v *version) {
	again, budget, findings := *d, d.file.budget, len(d.file.findings)
	d.wider = v.wider
	d.value(root, "", root, v.schema())
	if !d.experimental {
		return
	}
	d.file.budget, d.file.findings = budget, d.file.findings[:findings]
	*d = again
	d.value(root, "", root, v.wider())
}

// fail adds a finding about the field at hand.
func (d *decoder) fail(code, message, hint string) { d.failAt(d.at, code, message, hint) }

// failAt adds a finding about something within or about the field at hand.
func (d *decoder) failAt(at *yaml.Node, code, message, hint string, related ...diag.Pos) {
	d.failed++
	d.file.findings = append(d.file.findings, diag.Finding{
		Severity: diag.Error, Code: code, Object: d.object, Pos: d.pos(at), Field: string(d.path),
		Message: message, Hint: hint, Related: related,
	})
}

func (d *decoder) pos(n *yaml.Node) diag.Pos { return d.file.pos(d.line+n.Line, n.Column) }

// value writes the value under a key (in a list, the key is "") that stands at at.
func (d *decoder) value(at *yaml.Node, key string, n *yaml.Node, s *schema) {
	i, around, from := d.leaf(at, key), d.at, len(d.json)
	d.at = at
	d.typed(n, s)
	d.at = around
	d.places[i].end = uint32(len(d.places))
	if s.rules != nil {
		d.checks = append(d.checks, check{schema: s, from: from, to: len(d.json), place: i})
	}
}

// leaf notes the place of a value without anything below it.
func (d *decoder) leaf(at *yaml.Node, key string) int {
	i := len(d.places)
	d.places = append(d.places, place{key: key, line: uint32(at.Line), col: uint32(at.Column), end: uint32(i) + 1})
	return i
}

// typed writes a value, which must have the schema's type.
func (d *decoder) typed(n *yaml.Node, s *schema) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
		d.aliases++
		defer func() { d.aliases-- }()
	}
	if d.aliases > 0 && !d.spend(n) {
		return
	}
	switch {
	case (s.Type == "object" || s.isAny()) && n.Kind == yaml.MappingNode:
		d.mapping(n, s)
	case (s.Type == "array" || s.isAny()) && n.Kind == yaml.SequenceNode:
		d.sequence(n, s)
	case n.Kind == yaml.ScalarNode && s.Type != "object" && s.Type != "array":
		d.scalar(n, s)
	default:
		d.wrongType(n, s)
	}
}

// spend takes a node that an alias led to out of the file's budget, and reports whether there was enough.
func (d *decoder) spend(n *yaml.Node) bool {
	if d.file.spend(1 + len(n.Value)) {
		return true
	}
	if !d.spent {
		d.fail(CodeAliasLimit, "the aliases of this file stand for too much text", "write out what they stand for")
	}
	d.spent = true
	return false
}

// mapping writes an object.
func (d *decoder) mapping(n *yaml.Node, s *schema) {
	around := len(d.entries)
	fields := d.fields(n)
	if s.MaxValues > 0 {
		d.count(fields, s)
	}
	d.json = append(d.json, '{')
	for _, f := range fields {
		d.field(f, s)
	}
	for _, name := range s.defaults {
		if !written(fields, name) {
			d.json = append(appendString(d.json, name), ':')
			d.json = append(append(d.json, s.Properties[name].Default...), ',')
		}
	}
	for _, name := range s.Required {
		if !written(fields, name) && !slices.Contains(s.defaults, name) {
			d.missing(name)
		}
	}
	d.entries = d.entries[:around]
	d.close('}')
}

// count checks how many keys a map has.
func (d *decoder) count(fields []field, s *schema) {
	n := 0
	for _, f := range fields {
		if !f.isNull() || s.values() != nil && s.values().Null {
			n++
		}
	}
	if n > s.MaxValues {
		d.fail(CodeInvalidValue, fmt.Sprintf("has %d keys, at most %d are allowed", n, s.MaxValues), "")
	}
}

// field writes a field of an object of schema s.
func (d *decoder) field(f field, s *schema) {
	if d.aliases > 0 && !d.spend(f.key) {
		return
	}
	mark := len(d.path)
	defer func() { d.path = d.path[:mark] }()
	p, isNull := s.Properties[f.name], f.isNull()
	switch {
	case p != nil:
		d.path = appendField(d.path, f.name)
		f.name = p.name // lives as long as the program
		if p.experimental {
			d.warnExperimental(f.key, "the field "+f.name+" is")
		}
	case s.Open:
		d.path = appendField(d.path, f.name)
	case s.values() != nil:
		d.path = appendKey(d.path, f.name)
		if s.Keys != nil {
			around := d.at
			d.at = f.key
			d.text(f.name, s.Keys)
			d.at = around
		}
	default:
		d.path = appendField(d.path, f.name)
		d.unknown(f, s)
		return
	}
	switch {
	case p == nil && isNull && s.values().Null:
		d.json = append(appendString(d.json, f.name), ":null,"...)
		d.leaf(f.key, f.name)
	case isNull || p != nil && p.Ignored: // the API server takes null as if the field were not there
		d.leaf(f.key, f.name)
	case p == nil:
		d.json = append(appendString(d.json, f.name), ':')
		d.value(f.key, f.name, f.value, s.values())
		d.json = append(d.json, ',')
	default:
		from := len(d.json)
		d.json = append(appendString(d.json, f.name), ':')
		value := len(d.json)
		d.value(f.key, f.name, f.value, p)
		if p.labels != nil || p.left != nil {
			d.asides = append(d.asides, aside{schema: p, from: from, value: value, to: len(d.json)})
		}
		d.json = append(d.json, ',')
	}
}

// sequence writes a list.
func (d *decoder) sequence(n *yaml.Node, s *schema) {
	switch {
	case len(n.Content) < s.MinItems:
		d.fail(CodeInvalidValue, fmt.Sprintf("must have %d or more items", s.MinItems), "")
	case s.MaxItems > 0 && len(n.Content) > s.MaxItems:
		d.fail(CodeInvalidValue, fmt.Sprintf("has %d items, at most %d are allowed", len(n.Content), s.MaxItems), "")
		return
	}
	d.distinct(n.Content, s)
	mark := len(d.path)
	d.json = append(d.json, '[')
	for i, item := range n.Content {
		d.path = append(strconv.AppendInt(append(d.path[:mark], '['), int64(i), 10), ']')
		d.value(item, "", item, s.items())
		d.json = append(d.json, ',')
	}
	d.path = d.path[:mark]
	d.close(']')
}

// close ends an object or a list: the comma after its last element goes.
func (d *decoder) close(end byte) {
	last := len(d.json) - 1
	if d.json[last] == ',' {
		d.json[last] = end
		return
	}
	d.json = append(d.json, end)
}

// missing reports a required field that an object does not have.
func (d *decoder) missing(name string) {
	mark := len(d.path)
	d.path = appendField(d.path, name)
	d.fail(CodeMissingField, name+" is required", "")
	d.path = d.path[:mark]
}

// warnExperimental says that the standard channel does not have something, which ends in "is" or "are".
func (d *decoder) warnExperimental(at *yaml.Node, what string) {
	d.file.findings = append(d.file.findings, diag.Finding{
		Severity: diag.Warning, Code: CodeExperimentalField, Object: d.object, Pos: d.pos(at), Field: string(d.path),
		Message: what + " only in the experimental channel of the Gateway API",
		Hint:    "the cluster needs the CRDs of that channel: those of the standard channel refuse the object",
	})
}

// isExperimental reports whether only the experimental channel has something about the field at hand.
func (d *decoder) isExperimental(has func(*schema) bool) bool {
	if d.wider == nil {
		return false
	}
	s := d.wider().at(string(d.path))
	d.experimental = d.experimental || s != nil && has(s)
	return d.experimental
}

// unknown reports a field that the kind does not have.
func (d *decoder) unknown(f field, s *schema) {
	if d.isExperimental(func(s *schema) bool { return s.experimental }) {
		return
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !s.Properties[name].Ignored {
			names = append(names, name)
		}
	}
	hint := "known here: " + strings.Join(names, ", ")
	if near := nearest(f.name, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	if len(d.path) == len(f.name) && f.name == "sops" {
		hint = "this file is encrypted with SOPS: --sops has the program sops decrypt it"
	}
	d.failAt(f.key, CodeUnknownField, "unknown field "+quote(f.name), hint)
}
