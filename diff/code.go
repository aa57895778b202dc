package diff

// The codes of the findings of [Plan.Findings]; docs/findings.md explains them.
const (
	// IgnoreMatchesNothing is about a [Rule] that no entity of the manifests, or no field of those, fits.
	IgnoreMatchesNothing = "IgnoreMatchesNothing"
)
