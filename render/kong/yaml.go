package kong

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

// yamlNode returns a canonical value as a YAML node, mappings by key. Text of several lines is a literal block; other strings are
// quoted unless no version of YAML could read them as anything else: Kong, kubectl and gwsync read YAML with three different libraries.
func yamlNode(v Value) *yamlv3.Node {
	switch v := v.(type) {
	case string:
		if isText(v) {
			return &yamlv3.Node{Kind: yamlv3.ScalarNode, Tag: "!!str", Value: v, Style: yamlv3.LiteralStyle}
		}
		return yamlString(v)
	case bool:
		return scalar("!!bool", strconv.FormatBool(v))
	case int64:
		return scalar("!!int", strconv.FormatInt(v, 10))
	case float64:
		return scalar("!!float", strconv.FormatFloat(v, 'g', -1, 64))
	case []any:
		n := &yamlv3.Node{Kind: yamlv3.SequenceNode}
		for _, e := range v {
			n.Content = append(n.Content, yamlNode(e))
		}
		return n
	case map[string]Value:
		n := &yamlv3.Node{Kind: yamlv3.MappingNode}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			n.Content = append(n.Content, yamlString(name), yamlNode(v[name]))
		}
		return n
	}
	return scalar("!!null", "null")
}

func scalar(tag, value string) *yamlv3.Node {
	return &yamlv3.Node{Kind: yamlv3.ScalarNode, Tag: tag, Value: value}
}

func yamlString(s string) *yamlv3.Node {
	n := scalar("!!str", s)
	if !plainYAML(s) {
		n.Style = yamlv3.DoubleQuotedStyle
	}
	return n
}

// isText reports whether s is text of several lines that every YAML reads from a literal block as it stands there: programs and
// certificates are. The first line must not be indented, for a block would need to say by how much, and what would look like another
// text, such as spaces at the end of a line, stays in quotes.
func isText(s string) bool {
	if !strings.Contains(strings.TrimSuffix(s, "\n"), "\n") {
		return false
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		printable := func(r rune) bool { return r >= ' ' && r <= '~' }
		if strings.TrimRight(line, " ") != line || strings.ContainsFunc(line, func(r rune) bool { return !printable(r) }) {
			return false
		}
	}
	return s[0] != ' ' && s[0] != '\n' && !strings.HasSuffix(s, "\n\n")
}

// plainYAML reports whether s needs no quotes in any YAML: it begins with a letter or underscore, holds nothing but letters,
// digits and harmless marks, and is no word for a boolean or null.
func plainYAML(s string) bool {
	for i := range len(s) {
		switch c := s[i] | 0x20; {
		case c >= 'a' && c <= 'z' || s[i] == '_':
		case i > 0 && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' || s[i] == '-' || s[i] == '/'):
		default:
			return false
		}
	}
	switch strings.ToLower(s) {
	case "", "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf":
		return false
	}
	return true
}
