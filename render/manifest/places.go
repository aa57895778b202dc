package manifest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// places says where the fields of an object stand: its tree in the order in which it is written, without the values. A node
// takes 32 bytes, and objects that are laid out alike share them.
type places struct {
	file string
	// line is added to the lines of nodes.
	line int
	// nodes are shared with objects that are laid out alike.
	nodes []place
}

// place is a field or a list item.
type place struct {
	key       string // "" for an item
	line, col uint32
	// end is the index behind the last node below this one. The first one below is the next.
	end uint32
}

// layouts are the places of objects, by a hash.
type layouts map[uint64][]place

// of returns some places to be kept.
func (l layouts) of(nodes []place) []place {
	const many = 1 << 12
	hash := uint64(len(nodes))
	for _, n := range nodes {
		hash = (hash ^ uint64(n.line)<<42 ^ uint64(n.col)<<21 ^ uint64(n.end) ^ uint64(len(n.key))<<56) * 0x9e3779b97f4a7c15
		hash ^= hash >> 32
	}
	known, ok := l[hash]
	if ok && slices.Equal(known, nodes) {
		return known
	}
	if len(l) == many {
		clear(l)
	}
	l[hash] = slices.Clone(nodes)
	return l[hash]
}

// At returns where a field stands, or the nearest field around it that is written: defaults stand where the object does.
// The path is as kubectl spells it: "spec.rules[0].backendRefs[1].name", `metadata.annotations[konghq.com/strip-path]`, a key that
// has brackets or blanks in quotes; "" is the object itself. The data of a Secret are found under stringData, too. At does not allocate.
func (o Object) At(field string) diag.Pos {
	at, found := o.places.find(0, field)
	if !found && o.Ref.Kind == "Secret" && strings.HasPrefix(field, "data[") {
		if data, found := o.places.find(0, "stringData"); found {
			if i, found := o.places.find(data, field[len("data"):]); found {
				at = i
			}
		}
	}
	return o.places.pos(at)
}

// Writes reports whether the manifest writes a field itself, of a path as [Object.At] takes it.
func (o Object) Writes(field string) bool {
	_, found := o.places.find(0, field)
	return found
}

// pos returns the place of a node; there may be none at all.
func (p places) pos(at int) diag.Pos {
	if len(p.nodes) == 0 {
		return diag.Pos{File: p.file}
	}
	return diag.Pos{File: p.file, Line: p.line + int(p.nodes[at].line), Col: int(p.nodes[at].col)}
}

// path returns the path that leads to a node.
func (p places) path(to int) string {
	var path []byte
	for at := 0; at != to; {
		i, n := at+1, 0
		for ; int(p.nodes[i].end) <= to; i = int(p.nodes[i].end) {
			n++
		}
		at = i
		if key := p.nodes[at].key; key != "" {
			path = appendField(path, key)
		} else {
			path = append(strconv.AppendInt(append(path, '['), int64(n), 10), ']')
		}
	}
	return string(path)
}

// find returns the node below another one that a path leads to, and whether it leads there or only near it.
func (p places) find(at int, path string) (int, bool) {
	found := len(p.nodes) > 0
	for path != "" && found {
		var step string
		var index bool
		step, index, path = cutStep(path)
		var next int
		if next, found = p.child(at, step, index); found {
			at = next
		}
	}
	return at, found
}

// child returns the node below another one that a step leads to.
func (p places) child(parent int, step string, index bool) (int, bool) {
	end, i := int(p.nodes[parent].end), parent+1
	if index && i < end && p.nodes[i].key == "" {
		n, err := strconv.Atoi(step)
		for ; err == nil && n > 0 && i < end; n-- {
			i = int(p.nodes[i].end)
		}
		return i, err == nil && n == 0 && i < end
	}
	for ; i < end; i = int(p.nodes[i].end) {
		if p.nodes[i].key == step {
			return i, true
		}
	}
	return 0, false
}

// cutStep cuts the first step off a path, and reports whether it stood in brackets.
func cutStep(path string) (step string, brackets bool, rest string) {
	if strings.HasPrefix(path, `["`) {
		if quoted, err := strconv.QuotedPrefix(path[1:]); err == nil {
			step, _ = strconv.Unquote(quoted) // it is
			return step, true, strings.TrimPrefix(strings.TrimPrefix(path[1+len(quoted):], "]"), ".")
		}
	}
	if path[0] == '[' {
		step, rest, _ = strings.Cut(path[1:], "]")
		return step, true, strings.TrimPrefix(rest, ".")
	}
	i := strings.IndexAny(path, ".[")
	switch {
	case i < 0:
		return path, false, ""
	case path[i] == '[':
		return path[:i], false, path[i:]
	}
	return path[:i], false, path[i+1:]
}
