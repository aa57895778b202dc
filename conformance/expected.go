package conformance

import (
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/kong"
)

// expectation is what is expected of a test of the suite that does not simply pass.
type expectation struct {
	// refused is the code of the finding by which gwsync says that what the test's manifests ask for is not to be had.
	refused string
	// cluster is what the test wants that only a cluster has.
	cluster string
	// settings are those that a Kong must have for it and has not by default.
	settings []string
}

// skipped says that the test is not run.
func (e expectation) skipped() bool { return e.refused != "" || e.cluster != "" }

// expectations returns what is expected of tests by their names. All others pass on a Kong with default settings.
func expectations(f kong.Flavor) map[string]expectation {
	verifying := []string{
		"untrusted_lua_sandbox_requires: resty.openssl.ssl",
		"untrusted_lua_sandbox_requires: resty.openssl.x509",
		"untrusted_lua_sandbox_requires: resty.openssl.x509.store",
	}
	out := map[string]expectation{
		"GatewayInfrastructureMetadata": {cluster: "the objects that a controller deploys a Gateway as"},
		"GatewayOptionalAddressValue":   {cluster: "addresses to assign"},
		"GatewayStaticAddresses":        {cluster: "addresses to assign"},

		"GatewayFrontendClientCertificateValidation": {settings: []string{
			"untrusted_lua_sandbox_requires: resty.openssl.x509",
			"untrusted_lua_sandbox_requires: resty.openssl.x509.chain",
			"untrusted_lua_sandbox_requires: resty.openssl.x509.store",
		}},
		"BackendTLSPolicy":                       {settings: verifying},
		"BackendTLSPolicyConflictResolution":     {settings: verifying},
		"BackendTLSPolicyObservedGenerationBump": {settings: verifying},
		"BackendTLSPolicySANValidation":          {settings: verifying},
	}
	if f == kong.TraditionalCompatible {
		out["HTTPRouteQueryParamMatching"] = expectation{refused: bind.UnsupportedValue}
		out["HTTPRouteListenerPortMatching"] = expectation{refused: bind.UnsupportedValue}
		out["HTTPRouteHTTPSListenerDetectMisdirectedRequests"] = expectation{refused: render.MisdirectedRequest}
	}
	return out
}
