package render

import (
	"slices"

	"sigs.k8s.io/gateway-api/pkg/features"

	"github.com/gwsync/gwsync/render/kong"
)

// Features returns the features of the Gateway API that gwsync claims for a Kong, sorted: what a controller would write into the
// supportedFeatures of its GatewayClasses. The run in conformance/ holds the list to the conformance suite; docs/conformance.md says
// which tests of a claimed feature do not pass, and what kong.conf must have.
//
// What it leaves out: static and empty addresses and infrastructure, which take a cluster; the names of backends' certificates, unless the
// target lets Lua look for them, and the verification of clients' unless it allows that; and the features of meshes.
func Features(t Target) []features.FeatureName {
	claimed := features.SetsToNamesSet(
		features.GatewayCoreFeatures, features.GatewayExtendedFeatures, features.ReferenceGrantCoreFeatures,
		features.HTTPRouteCoreFeatures, features.HTTPRouteExtendedFeatures, features.GRPCRouteCoreFeatures, features.GRPCRouteExtendedFeatures,
		features.TLSRouteCoreFeatures, features.TLSRouteExtendedFeatures, features.TCPRouteExtendedFeatures, features.UDPRouteFeatures,
		features.BackendTLSPolicyCoreFeatures,
	)
	if t.verifies() {
		claimed.Insert(features.SupportBackendTLSPolicySANValidation)
	}
	claimed.Delete(
		features.SupportGatewayStaticAddresses, features.SupportGatewayAddressEmpty, features.SupportGatewayInfrastructure,
	)
	if !t.RequestClientCertificates {
		claimed.Delete(
			features.SupportGatewayFrontendClientCertificateValidation,
			features.SupportGatewayFrontendClientCertificateValidationInsecureFallback,
		)
	}
	if t.Flavor != kong.Expressions {
		claimed.Delete(
			features.SupportHTTPRouteQueryParamMatching, features.SupportHTTPRouteParentRefPort,
			features.SupportGatewayHTTPSListenerDetectMisdirectedRequests,
		)
	}
	return slices.Sorted(slices.Values(claimed.UnsortedList()))
}
