package manifest

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// version is an API version of a kind.
type version struct {
	name    string
	channel channel
	// until names the first release without the version, if there is one.
	until string
	// hint is what to change besides the apiVersion; "" for nothing.
	hint string
	// convert turns an object's node into one of the newest version; nil where they have the same shape.
	convert func(*yaml.Node) *yaml.Node
	// adapt turns the schema of the newest version into this one's; nil where they are the same.
	adapt func(*schema)
	// schema returns the version's schema.
	schema func() *schema
}

// channel says who serves a version.
type channel int

const (
	// standard versions are served by Kubernetes, or by the CRDs of the Gateway API's standard channel.
	standard channel = iota
	// experimental versions are served by the CRDs of the experimental channel only, as deprecated ones.
	experimental
	// retired versions are served no more, but are read: repositories still hold them, and they say the same as the newest.
	retired
	// removed versions are served no more and are not read.
	removed
)

// deprecated returns what to say about a version that the standard channel does not serve.
func (k *kind) deprecated(v *version) (message, hint string) {
	message = fmt.Sprintf("%s %s is served only by the experimental channel of the Gateway API", k.name, v.name)
	if v.channel != experimental {
		message = fmt.Sprintf("%s %s is served no more since %s: kubectl apply refuses it", k.name, v.name, v.until)
	}
	hint = "write apiVersion: " + k.apiVersion(k.versions[0])
	if v.hint != "" {
		hint += ", " + v.hint
	}
	return message, hint
}

// manyRules is what TLSRoute, TCPRoute and UDPRoute allowed in v1alpha2: several rules, and a TLSRoute without hostnames, which
// then takes those of its listener. The experimental CRDs convert them to v1 as they are.
func manyRules(s *schema) {
	spec := s.Properties["spec"]
	spec.Properties["rules"].MaxItems = 16
	spec.Required = slices.DeleteFunc(spec.Required, func(name string) bool { return name == "hostnames" })
	if hostnames := spec.Properties["hostnames"]; hostnames != nil {
		hostnames.MinItems = 0
	}
}

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
