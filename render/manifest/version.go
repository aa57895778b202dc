package manifest

import (
	"fmt"

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
	// schema returns the schema of the channel that serves the version.
	schema func() *schema
	// wider returns the schema of the experimental channel where schema is that of the standard one; nil where there is none.
	wider func() *schema
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
