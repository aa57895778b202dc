package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// unserialize reads a declarative configuration: JSON, or else YAML.
//
// Source: kong/db/declarative/init.lua, unserialize.
func unserialize(text string) (map[string]any, *Error) {
	var v any
	if json.Unmarshal([]byte(text), &v) == nil {
		if doc, ok := v.(map[string]any); ok {
			return doc, nil
		}
	}
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(text), &node); err != nil {
		return nil, unparsable(yamlMessage(err, text))
	}
	r := yamlReader{left: 10_000_000}
	v, err := r.value(&node)
	if err != nil {
		return nil, unparsable(err.Error())
	}
	doc, ok := v.(map[string]any)
	if !ok {
		return nil, unparsable("expected an object")
	}
	return doc, nil
}

func unparsable(why string) *Error {
	return declarativeError(map[string]any{"error": "failed parsing declarative configuration: " + why})
}

// yamlMessage returns an error of the YAML parser as LibYAML words it: with line and column. Where Go's parser knows
// no column it is that of the end of the text, or of the line's first character.
func yamlMessage(err error, text string) string {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	number, rest, ok := strings.Cut(strings.TrimPrefix(message, "line "), ": ")
	n, failed := strconv.Atoi(number)
	if !ok || failed != nil {
		return "1:0: " + message
	}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	column := 0
	if n >= len(lines) {
		n, column = len(lines), len(lines[len(lines)-1])
	}
	return fmt.Sprintf("%d:%d: %s", n, column, rest)
}

// yamlReader turns YAML into what encoding/json would decode.
type yamlReader struct {
	// left bounds how many values aliases can multiply to.
	left int
	// depth is how many values the one at hand stands in, which has no end where an alias is part of what it stands for.
	depth int
}

// maxNesting is twice what the YAML parser lets through without aliases.
const maxNesting = 20_000

func (r *yamlReader) value(n *yaml.Node) (any, error) {
	if r.left--; r.left < 0 {
		return nil, errors.New("too many values")
	}
	if r.depth++; r.depth > maxNesting {
		return nil, errors.New("nested too deep")
	}
	defer func() { r.depth-- }()
	switch n.Kind {
	case yaml.DocumentNode:
		return r.value(n.Content[0])
	case yaml.AliasNode:
		return r.value(n.Alias)
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, e := range n.Content {
			v, err := r.value(e)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case yaml.MappingNode:
		return r.mapping(n)
	case yaml.ScalarNode:
		return scalar(n)
	}
	return nil, nil
}

func (r *yamlReader) mapping(n *yaml.Node) (any, error) {
	out := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		v, err := r.value(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		if n.Content[i].Tag == "!!merge" {
			if m, ok := v.(map[string]any); ok {
				for name, e := range m {
					if _, set := out[name]; !set {
						out[name] = e
					}
				}
			}
			continue
		}
		out[n.Content[i].Value] = v
	}
	return out, nil
}

// scalar returns a scalar's value. Words such as yes are booleans, as for LibYAML; dates are strings.
func scalar(n *yaml.Node) (any, error) {
	plain := n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0
	switch n.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!bool":
		var b bool
		err := n.Decode(&b)
		return b, err
	case "!!int", "!!float":
		var f float64
		if err := n.Decode(&f); err != nil {
			return nil, err
		}
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, fmt.Errorf("%d:%d: %s is no number of JSON", n.Line, n.Column, n.Value)
		}
		return f, nil
	}
	if plain {
		switch word := n.Value; {
		case slices.Contains([]string{"yes", "Yes", "YES", "on", "On", "ON"}, word):
			return true, nil
		case slices.Contains([]string{"no", "No", "NO", "off", "Off", "OFF"}, word):
			return false, nil
		}
	}
	return n.Value, nil
}

// getConfig answers what a DB-less Kong holds, as a declarative configuration.
func (k *Kong) getConfig(*request) (int, any, *Error) {
	if !k.config.DBLess {
		return 0, nil, needsDBLess()
	}
	var b strings.Builder
	b.WriteString("_format_version: '3.0'\n_transform: false\n")
	for _, e := range k.tables.Entities {
		c := k.store.kinds[e.Name]
		if len(c.ids) == 0 {
			continue
		}
		var list []map[string]any
		for _, id := range c.ids {
			data := map[string]any{}
			for name, v := range c.rows[id].data {
				data[name] = v
			}
			for _, f := range e.Foreign() {
				if to := fieldID(data[f.Name]); to != "" {
					data[f.Name] = to
				}
			}
			list = append(list, data)
		}
		text, err := yaml.Marshal(map[string]any{e.Name: list})
		if err != nil {
			return 0, nil, plainError(http.StatusBadRequest, err.Error())
		}
		b.Write(text)
	}
	return http.StatusOK, map[string]any{"config": b.String()}, nil
}
