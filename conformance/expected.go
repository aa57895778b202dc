package conformance

import "github.com/gwsync/gwsync/render/kong"

// expectation is what is expected of a test of the suite that does not simply pass.
type expectation struct {
	// refused is the code of the error by which gwsync refuses what the test's manifests ask for, so that the test cannot pass.
	refused string
	// cluster is what the test wants that only a cluster has.
	cluster string
	// settings are those that a Kong must have for it and has not by default; the Kongs of the tests have them.
	settings []string
}

// skipped says that the test is not run.
func (e expectation) skipped() bool { return e.refused != "" || e.cluster != "" }

// expectations returns what is expected of tests by their names. All others pass on a Kong with default settings.
func expectations(f kong.Flavor) map[string]expectation {
	out := map[string]expectation{
		"GatewayInfrastructureMetadata":    {cluster: "the objects that a controller deploys a Gateway as"},
		"GatewayOptionalAddressValue":      {cluster: "addresses to assign"},
		"GatewayStaticAddresses":           {cluster: "addresses to assign"},
		"TCPRouteMultipleRoutesAttachment": {cluster: "the age of objects: without one, ties go to the name"},
		"UDPRouteMultipleRoutesAttachment": {cluster: "the age of objects: without one, ties go to the name"},
	}
	return out
}
