package manifest

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// field is an entry of a mapping.
type field struct {
	name  string
	key   *yaml.Node
	value *yaml.Node
}

// isNull reports whether the field is written without a value.
func (f field) isNull() bool {
	n := resolveAlias(f.value)
	return n.Kind == yaml.ScalarNode && isNullText(n.Value) && scalarOf(n).is == isNull
}

// written reports whether one of the fields has this name and a value.
func written(fields []field, name string) bool {
	for _, f := range fields {
		if f.name == name {
			return !f.isNull()
		}
	}
	return false
}

func resolveAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// fieldSet collects the fields of a mapping.
type fieldSet struct {
	fields []field
	// index is the place of each name in fields, once there are many.
	index map[string]int
}

// find returns the field of a name, or nil.
func (s *fieldSet) find(name string) *field {
	const many = 16
	if len(s.fields) < many {
		for i := range s.fields {
			if s.fields[i].name == name {
				return &s.fields[i]
			}
		}
		return nil
	}
	if s.index == nil {
		s.index = map[string]int{}
	}
	for i := len(s.index); i < len(s.fields); i++ {
		s.index[s.fields[i].name] = i
	}
	if i, ok := s.index[name]; ok {
		return &s.fields[i]
	}
	return nil
}

// fields returns the entries of a mapping in the order in which they are written, then those that merge keys (<<) add. They are the
// last ones of d.entries, too.
func (d *decoder) fields(n *yaml.Node) []field {
	around := len(d.entries)
	set := fieldSet{fields: d.entries[around:]}
	d.collect(&set, n)
	d.merge(&set, n, 0)
	d.entries = append(d.entries, set.fields...)
	return d.entries[around:]
}

// collect adds the entries of a mapping itself.
func (d *decoder) collect(set *fieldSet, n *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if isMerge(key) {
			continue
		}
		name, ok := keyOf(key)
		if !ok {
			d.failAt(key, CodeWrongType, "a key must be a string", "")
			continue
		}
		if first := set.find(name); first != nil {
			d.failAt(key, CodeDuplicateKey, "the key "+quote(name)+" is there already", separator(name), d.pos(first.key))
			continue
		}
		set.fields = append(set.fields, field{name, key, n.Content[i+1]})
	}
}

// separator returns the hint on a key that comes again: files that are put together without "---" between them are one object.
func separator(name string) string {
	if name == "apiVersion" {
		return "if another object begins here, put a line --- before it"
	}
	return ""
}

// merge adds what the merge keys of a mapping refer to: what is there already wins, then what is named first.
func (d *decoder) merge(set *fieldSet, n *yaml.Node, depth int) {
	for _, from := range merged(n) {
		if from.Kind != yaml.MappingNode {
			d.failAt(from, CodeWrongType, "a merge key (<<) takes an object or a list of objects", "")
			continue
		}
		d.mergeFrom(set, from, depth)
	}
}

func (d *decoder) mergeFrom(set *fieldSet, from *yaml.Node, depth int) {
	if depth > maxMerges {
		d.failAt(from, CodeAliasLimit, fmt.Sprintf("merge keys (<<) are nested more than %d deep", maxMerges), "")
		return
	}
	for i := 0; i+1 < len(from.Content); i += 2 {
		key := from.Content[i]
		if !d.spend(key) {
			return
		}
		name, ok := keyOf(key)
		if ok && !isMerge(key) && set.find(name) == nil {
			set.fields = append(set.fields, field{name, key, from.Content[i+1]})
		}
	}
	d.merge(set, from, depth+1)
}

// merged returns what the merge keys of a mapping refer to.
func merged(n *yaml.Node) []*yaml.Node {
	var all []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !isMerge(n.Content[i]) {
			continue
		}
		from := []*yaml.Node{resolveAlias(n.Content[i+1])}
		if from[0].Kind == yaml.SequenceNode {
			from = from[0].Content
		}
		for _, item := range from {
			all = append(all, resolveAlias(item))
		}
	}
	return all
}

func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Tag == "!!merge"
}

// keyOf returns a key as text, and whether it is a scalar that has one.
func keyOf(n *yaml.Node) (string, bool) {
	n = resolveAlias(n)
	if n.Kind != yaml.ScalarNode {
		return "", false
	}
	return scalarOf(n).key()
}

// maxMerges is how deep merge keys may be nested.
const maxMerges = 32

// lookup returns the value under a mapping's key, which may come from a merge key, or nil.
func (f *file) lookup(n *yaml.Node, name string) *yaml.Node { return f.find(n, name, 0) }

func (f *file) find(n *yaml.Node, name string, merges int) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode || merges > maxMerges || merges > 0 && !f.spend(len(n.Content)) {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key, ok := keyOf(n.Content[i]); ok && key == name && !isMerge(n.Content[i]) {
			return resolveAlias(n.Content[i+1])
		}
	}
	for _, from := range merged(n) {
		if v := f.find(from, name, merges+1); v != nil {
			return v
		}
	}
	return nil
}

// lookupText returns the scalar under a mapping's key as text; "" where there is none.
func (f *file) lookupText(n *yaml.Node, name string) string {
	v := f.lookup(n, name)
	if v == nil || v.Kind != yaml.ScalarNode {
		return ""
	}
	text, ok := scalarOf(v).key()
	if !ok {
		return ""
	}
	return text
}

// longest is how much of a name of the user's is repeated in findings.
const longest = 80

// appendField appends a field to a path: "spec.rules".
func appendField(path []byte, name string) []byte {
	if name == "" || len(name) > longest || !all(name, isWordByte) || strings.Contains(name, ".") {
		return appendKey(path, name)
	}
	if len(path) > 0 {
		path = append(path, '.')
	}
	return append(path, name...)
}

// appendKey appends the key of a map to a path: "metadata.annotations[konghq.com/strip-path]".
func appendKey(path []byte, key string) []byte {
	path = append(path, '[')
	simple := func(c byte) bool { return c > ' ' && c <= '~' && c != ']' && c != '"' }
	if key != "" && len(key) <= 4*longest && all(key, simple) { // as long as that of an annotation
		path = append(path, key...)
	} else {
		path = append(path, quote(key)...)
	}
	return append(path, ']')
}

// keyed returns the path of a map's value.
func keyed(field, key string) string { return string(appendKey([]byte(field), key)) }

// quote quotes what the user wrote, cut where it is long.
func quote(s string) string {
	if len(s) <= longest {
		return strconv.Quote(s)
	}
	cut := longest
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.Quote(s[:cut]) + "..."
}
