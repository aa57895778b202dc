package bind

import (
	"maps"
	"sync"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

const (
	gatewayGroup         = gatewayv1.GroupName
	kindGateway          = "Gateway"
	kindGatewayClass     = "GatewayClass"
	kindHTTPRoute        = "HTTPRoute"
	kindGRPCRoute        = "GRPCRoute"
	kindTLSRoute         = "TLSRoute"
	kindTCPRoute         = "TCPRoute"
	kindUDPRoute         = "UDPRoute"
	kindListenerSet      = "ListenerSet"
	kindService          = "Service"
	kindBackendTLSPolicy = "BackendTLSPolicy"
	kindSecret           = "Secret"
	kindConfigMap        = "ConfigMap"
	kindNamespace        = "Namespace"
)

// Options of Build. The zero Options are the defaults.
type Options struct {
	// Controllers are the controllerNames of the GatewayClasses that are ours; none means those of Kong's own controllers,
	// konghq.com/kic-gateway-controller and konghq.com/gateway-operator, and gwsync.dev/gateway-controller for who has neither.
	Controllers []string
	// ClassName is the name of the class that is ours where the manifests do not hold the GatewayClass; "" means "kong".
	ClassName string
	// Gateways are those that the Kong is to serve, of those that are ours; none means all. Others are treated as somebody else's. One
	// that is not among the manifests, or not ours, is an error finding ([UnknownGateway]).
	Gateways []types.NamespacedName
	// IngressClass is that of the KongConsumers, KongClusterPlugins and the like that are ours, and of those that name none; "" means "kong".
	IngressClass string
	// Flavor is the router flavor of the Kong that regexes are for; "" means Kong's default, traditional_compatible.
	Flavor kong.Flavor
}

func (o Options) withDefaults() Options {
	if len(o.Controllers) == 0 {
		o.Controllers = []string{"konghq.com/kic-gateway-controller", "konghq.com/gateway-operator", "gwsync.dev/gateway-controller"}
	}
	if o.ClassName == "" {
		o.ClassName = "kong"
	}
	if o.IngressClass == "" {
		o.IngressClass = defaultIngressClass
	}
	return o
}

// Build resolves the bindings of all objects in s. The findings are in no particular order. It takes time linear in the
// size of s, and in the number of listeners that routes select.
func Build(s manifest.Set, o Options) (*Graph, diag.List) {
	g := newGraph(s, o)
	b := &builder{
		checker: newChecker(g), pairs: map[manifest.Ref]pair{}, bundles: map[manifest.Ref]bundle{},
		policyOf: map[policyKey]*BackendTLSPolicy{}, endpointSlices: endpointSlices(s), found: map[servicePortKey][]Endpoint{},
		warned: map[servicePortKey]bool{}, regexes: map[string]string{}, fields: fieldNames{},
	}
	b.resolveGateways()
	b.policies()
	b.plugins()
	for object := range s.All() {
		if r, ok := newRoute(object, b.fields); ok {
			b.route(r)
			g.Routes = append(g.Routes, r)
		}
	}
	b.compete()
	for _, r := range g.Routes {
		b.decide(r)
	}
	b.attachPolicies()
	b.reportPolicies()
	b.reportPlugins()
	b.reportGrants()
	g.isolation = isolation{} // answered all
	return g, b.findings
}

// builder carries what Build needs and the Graph does not keep.
type builder struct {
	checker
	findings diag.List
	pairs    map[manifest.Ref]pair   // parsed certificates, by Secret
	bundles  map[manifest.Ref]bundle // parsed certificates of authorities, by ConfigMap or Secret
	policyOf map[policyKey]*BackendTLSPolicy
	// endpointSlices are those of each Service, and found the endpoints of its ports as far as backends need them.
	endpointSlices map[manifest.Ref][]*discoveryv1.EndpointSlice
	found          map[servicePortKey][]Endpoint
	warned         map[servicePortKey]bool // that there are none
	regexes        map[string]string       // what is wrong with each; "" for nothing
	fields         fieldNames
}

func (b *builder) report(f diag.Finding) { b.findings = append(b.findings, f) }

// newGraph indexes the set. Gateways and routes are still to come.
func newGraph(s manifest.Set, o Options) *Graph {
	g := &Graph{
		set:        s,
		options:    o.withDefaults(),
		gateways:   map[manifest.Ref]*Gateway{},
		sets:       map[manifest.Ref]*ListenerSet{},
		namespaces: map[string]labels.Set{},
		grants:     newGrants(),
		names:      sync.OnceValue(func() names { return namesIn(s) }),
		pluginRefs: map[pluginNames][]PluginRef{},
	}
	for object := range s.All() {
		switch t := object.Typed.(type) {
		case *corev1.Namespace:
			g.namespaces[object.Ref.Name] = namespaceLabels(object.Ref.Name, t.Labels)
		case *gatewayv1.ReferenceGrant:
			g.grants.add(object.Ref, t.Spec)
		}
	}
	return g
}

// labels returns the labels of a namespace, and whether there is an object that says more than its name.
func (g *Graph) labels(namespace string) (labels.Set, bool) {
	if set, ok := g.namespaces[namespace]; ok {
		return set, true
	}
	return namespaceLabels(namespace, nil), false
}

// namespaceLabels adds the label that the API server sets on every Namespace.
func namespaceLabels(name string, in map[string]string) labels.Set {
	set := make(labels.Set, len(in)+1)
	maps.Copy(set, in)
	set[corev1.LabelMetadataName] = name
	return set
}
