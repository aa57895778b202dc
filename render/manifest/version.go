package manifest

// version is an API version of a kind.
type version struct {
	name    string
	channel channel
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
	// retired versions were served by older CRDs and are served no more.
	retired
)
