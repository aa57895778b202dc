package manifest

import "slices"

// version is an API version of a kind.
type version struct {
	name    string
	channel channel
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
	// retired versions were served by older CRDs and are served no more.
	retired
)

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
