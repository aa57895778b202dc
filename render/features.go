package render

import (
	"slices"

	"sigs.k8s.io/gateway-api/pkg/features"

	"github.com/gwsync/gwsync/render/kong"
)

// Features returns the features of the Gateway API that gwsync claims for a Kong, sorted: what a controller would write into the
// supportedFeatures of its GatewayClasses. Those with a test in the conformance suite pass it, on a Kong with the settings that
// docs/conformance.md names; the run in conformance/ holds the list to that.
//
// What it leaves out: static and empty addresses and infrastructure, which take a cluster, and the features of meshes.
func Features(t Target) []features.FeatureName {
	claimed := features.SetsToNamesSet(
		features.GatewayCoreFeatures, features.GatewayExtendedFeatures, features.ReferenceGrantCoreFeatures,
		features.HTTPRouteCoreFeatures, features.HTTPRouteExtendedFeatures, features.GRPCRouteCoreFeatures, features.GRPCRouteExtendedFeatures,
		features.TLSRouteCoreFeatures, features.TLSRouteExtendedFeatures, features.TCPRouteExtendedFeatures, features.UDPRouteFeatures,
		features.BackendTLSPolicyCoreFeatures, features.BackendTLSPolicyExtendedFeatures,
	)
	claimed.Delete(features.SupportGatewayStaticAddresses, features.SupportGatewayAddressEmpty, features.SupportGatewayInfrastructure)
	if t.Flavor != kong.Expressions {
		claimed.Delete(features.SupportHTTPRouteQueryParamMatching, features.SupportHTTPRouteMethodMatching)
	}
	return slices.Sorted(slices.Values(claimed.UnsortedList()))
}
