package cluster

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// row is a kind that the API server stores.
type row struct {
	group string
	// versions are those that it is served in; objects are the same in all.
	versions []string
	kind     string
	plural   string
	// global says that its objects are in no namespace.
	global bool
}

const gatewayGroup = "gateway.networking.k8s.io"

// rows are the kinds that the suite applies, and those that it looks for.
func rows() []row {
	core, v1 := "", []string{"v1"}
	return []row{
		{core, v1, "Namespace", "namespaces", true},
		{core, v1, "Service", "services", false},
		{core, v1, "Secret", "secrets", false},
		{core, v1, "ConfigMap", "configmaps", false},
		{core, v1, "Pod", "pods", false},
		{core, v1, "ServiceAccount", "serviceaccounts", false},
		{"apps", v1, "Deployment", "deployments", false},
		{"discovery.k8s.io", v1, "EndpointSlice", "endpointslices", false},
		{"apiextensions.k8s.io", v1, "CustomResourceDefinition", "customresourcedefinitions", true},
		{gatewayGroup, v1, "GatewayClass", "gatewayclasses", true},
		{gatewayGroup, v1, "Gateway", "gateways", false},
		{gatewayGroup, v1, "ListenerSet", "listenersets", false},
		{gatewayGroup, v1, "HTTPRoute", "httproutes", false},
		{gatewayGroup, v1, "GRPCRoute", "grpcroutes", false},
		{gatewayGroup, []string{"v1", "v1alpha3", "v1alpha2"}, "TLSRoute", "tlsroutes", false},
		{gatewayGroup, []string{"v1", "v1alpha2"}, "TCPRoute", "tcproutes", false},
		{gatewayGroup, []string{"v1", "v1alpha2"}, "UDPRoute", "udproutes", false},
		{gatewayGroup, []string{"v1", "v1beta1"}, "ReferenceGrant", "referencegrants", false},
		{gatewayGroup, []string{"v1", "v1alpha3"}, "BackendTLSPolicy", "backendtlspolicies", false},
	}
}

// find returns the row of a plural name.
func find(group, version, plural string) (row, bool) {
	for _, r := range rows() {
		if r.group == group && r.plural == plural && slices.Contains(r.versions, version) {
			return r, true
		}
	}
	return row{}, false
}

// Mapper returns the mapping between kinds and paths, which clients would else ask the API server for.
func Mapper() meta.RESTMapper {
	m := meta.NewDefaultRESTMapper(nil)
	for _, r := range rows() {
		scope := meta.RESTScopeNamespace
		if r.global {
			scope = meta.RESTScopeRoot
		}
		for _, v := range r.versions {
			gv := schema.GroupVersion{Group: r.group, Version: v}
			m.AddSpecific(gv.WithKind(r.kind), gv.WithResource(r.plural), gv.WithResource(r.plural), scope)
		}
	}
	return m
}
