package manifest

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// newTLSPolicy turns a BackendTLSPolicy of v1alpha2 into one of v1: fields have other names, and there may be several targets.
func newTLSPolicy(root *yaml.Node) *yaml.Node {
	return rename(root, entries{
		"spec": func(spec *yaml.Node) (string, *yaml.Node) {
			return "spec", rename(spec, entries{
				"targetRef": func(target *yaml.Node) (string, *yaml.Node) {
					return "targetRefs", &yaml.Node{
						Kind: yaml.SequenceNode, Tag: "!!seq", Line: target.Line, Column: target.Column, Content: []*yaml.Node{target},
					}
				},
				"tls": func(tls *yaml.Node) (string, *yaml.Node) {
					return "validation", rename(tls, entries{
						"caCertRefs":       func(refs *yaml.Node) (string, *yaml.Node) { return "caCertificateRefs", refs },
						"wellKnownCACerts": func(certs *yaml.Node) (string, *yaml.Node) { return "wellKnownCACertificates", certs },
					})
				},
			})
		},
	})
}

// entries say what becomes of the value under a key: another key and value.
type entries map[string]func(*yaml.Node) (string, *yaml.Node)

// rename returns a mapping whose entries have other names and values. What aliases and merge keys stand for stays as it is.
func rename(n *yaml.Node, to entries) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return n
	}
	out := *n
	out.Content = slices.Clone(n.Content)
	for i := 0; i+1 < len(out.Content); i += 2 {
		name, _ := keyOf(out.Content[i])
		if change := to[name]; change != nil && out.Content[i].Kind == yaml.ScalarNode {
			key := *out.Content[i]
			key.Value, out.Content[i+1] = change(out.Content[i+1])
			out.Content[i] = &key
		}
	}
	return &out
}
