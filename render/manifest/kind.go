package manifest

import (
	"embed"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/manifest/konghq"
)

const gatewayGroup = "gateway.networking.k8s.io"

// kind is a kind of object that gwsync has a use for. A further kind is a row in [kinds] and a file under schema/.
type kind struct {
	group, name string
	// versions are those that are read, the newest first.
	versions []version
	// cluster says that objects of the kind are in no namespace.
	cluster bool
	// label says that names are DNS labels; else they are DNS subdomains.
	label bool
	// secret says that values must not be repeated in findings.
	secret bool
	// empty returns a pointer to a new Go value of the kind.
	empty func() any
	// read reads it.
	read func() typeReader
	// complete fills in what the API server derives from other fields; nil for nothing.
	complete func(any)
	// rules checks what a schema cannot say; nil for nothing.
	rules func(any, report)
	// terse are the fields that are not kept, see [Options.Terse], with what stands for each in JSON.
	terse map[string]string
}

func kinds() []*kind {
	gateway := []version{{name: "v1"}, {name: "v1beta1"}, {name: "v1alpha2", channel: retired, until: "Gateway API 0.8"}}
	v1, v1beta1, v1alpha1 := []version{{name: "v1"}}, []version{{name: "v1beta1"}}, []version{{name: "v1alpha1"}}
	route := map[string]string{"metadata.name": "", "metadata.namespace": "", "metadata.labels": ""}
	service := maps.Clone(route)
	service["spec.selector"] = `"selector":{"":""}` // whether there is one matters
	return []*kind{
		{group: gatewayGroup, name: "GatewayClass", versions: gateway, cluster: true, empty: empty[gatewayv1.GatewayClass]},
		{group: gatewayGroup, name: "Gateway", versions: gateway, empty: empty[gatewayv1.Gateway]},
		{group: gatewayGroup, name: "ListenerSet", versions: v1, empty: empty[gatewayv1.ListenerSet]},
		{group: gatewayGroup, name: "HTTPRoute", versions: gateway, terse: route, empty: empty[gatewayv1.HTTPRoute]},
		{group: gatewayGroup, name: "GRPCRoute", terse: route, empty: empty[gatewayv1.GRPCRoute],
			versions: []version{{name: "v1"}, {name: "v1alpha2", channel: retired, until: "Gateway API 1.2"}}},
		{group: gatewayGroup, name: "TLSRoute", terse: route, empty: empty[gatewayv1.TLSRoute], versions: []version{{name: "v1"},
			{name: "v1alpha3", channel: experimental}, {name: "v1alpha2", channel: experimental}}},
		{group: gatewayGroup, name: "TCPRoute", terse: route, empty: empty[gatewayv1.TCPRoute],
			versions: []version{{name: "v1"}, {name: "v1alpha2", channel: experimental}}},
		{group: gatewayGroup, name: "UDPRoute", terse: route, empty: empty[gatewayv1.UDPRoute],
			versions: []version{{name: "v1"}, {name: "v1alpha2", channel: experimental}}},
		{group: gatewayGroup, name: "ReferenceGrant", empty: empty[gatewayv1.ReferenceGrant], versions: []version{{name: "v1"},
			{name: "v1beta1"}, {name: "v1alpha2", channel: retired, until: "Gateway API 1.2"}}},
		{group: gatewayGroup, name: "BackendTLSPolicy", empty: empty[gatewayv1.BackendTLSPolicy],
			versions: []version{{name: "v1"}, {name: "v1alpha3", channel: experimental},
				{name: "v1alpha2", channel: retired, until: "Gateway API 1.1", convert: newTLSPolicy,
					hint: "targetRefs instead of targetRef and validation instead of tls"}}},
		{name: "Namespace", versions: v1, cluster: true, label: true, empty: empty[corev1.Namespace],
			complete: as(completeNamespace), rules: on(namespaceRules)},
		{name: "Service", versions: v1, label: true, empty: empty[corev1.Service], complete: as(completeService),
			rules: on(serviceRules), terse: service},
		{name: "Secret", versions: v1, secret: true, empty: empty[corev1.Secret], complete: as(completeSecret),
			rules: on(secretRules)},
		{name: "ConfigMap", versions: v1, empty: empty[corev1.ConfigMap], rules: on(configMapRules)},
		{group: "discovery.k8s.io", name: "EndpointSlice", empty: empty[discoveryv1.EndpointSlice], rules: on(endpointSliceRules),
			versions: []version{{name: "v1"}, {name: "v1beta1", channel: removed, until: "Kubernetes 1.25",
				hint: "nodeName and zone instead of topology"}}},
		{group: konghq.Group, name: "KongPlugin", versions: v1, empty: empty[konghq.KongPlugin],
			rules: on(kongPluginRules)},
		{group: konghq.Group, name: "KongClusterPlugin", versions: v1, cluster: true, empty: empty[konghq.KongClusterPlugin],
			rules: on(func(p *konghq.KongClusterPlugin, r report) { pluginRules(&p.Plugin, r) })},
		{group: konghq.Group, name: "KongConsumer", versions: v1, empty: empty[konghq.KongConsumer], rules: on(consumerRules)},
		{group: konghq.Group, name: "KongConsumerGroup", versions: v1beta1, empty: empty[konghq.KongConsumerGroup],
			rules: on(func(g *konghq.KongConsumerGroup, r report) { controlPlaneRules(g.Spec.ControlPlaneRef, r) })},
		{group: konghq.Group, name: "KongUpstreamPolicy", versions: v1beta1, empty: empty[konghq.KongUpstreamPolicy],
			rules: on(upstreamPolicyRules)},
		{group: konghq.Group, name: "KongVault", versions: v1alpha1, cluster: true, empty: empty[konghq.KongVault],
			rules: on(func(v *konghq.KongVault, r report) { controlPlaneRules(v.Spec.ControlPlaneRef, r) })},
		{group: konghq.Group, name: "KongCustomEntity", versions: v1alpha1, empty: empty[konghq.KongCustomEntity],
			rules: on(customEntityRules)},
	}
}

func empty[T any]() any { return new(T) }

// as and on adapt functions of one Go type to the table.
func as[T any](f func(*T)) func(any)                 { return func(v any) { f(v.(*T)) } }
func on[T any](f func(*T, report)) func(any, report) { return func(v any, r report) { f(v.(*T), r) } }

// apiVersion returns what to write as apiVersion for one of the kind's versions.
func (k *kind) apiVersion(v version) string { return joinGroup(k.group, v.name) }

// served names the versions that the standard channel serves, as a hint.
func (k *kind) served() string {
	var s []string
	for _, v := range k.versions {
		if v.channel == standard {
			s = append(s, k.apiVersion(v))
		}
	}
	return "write apiVersion: " + strings.Join(s, " or ")
}

// version returns the version of a name, or nil.
func (k *kind) version(name string) *version {
	for i := range k.versions {
		if k.versions[i].name == name {
			return &k.versions[i]
		}
	}
	return nil
}

// schema returns the schema of the newest version.
func (k *kind) schema() *schema { return k.versions[0].schema() }

type groupKind struct{ group, kind string }

// kindTable is [kinds] ready for use.
type kindTable struct {
	kinds  []*kind
	byName map[groupKind]*kind
	// groups are the groups by the name of a kind.
	groups map[string]*kind
	// unread are kinds that are not read.
	unread map[groupKind]unread
}

//go:embed schema/*.json
var schemas embed.FS

// table returns the kinds. It is computed once and never changed.
var table = sync.OnceValue(func() kindTable {
	t := kindTable{kinds: kinds(), byName: map[groupKind]*kind{}, groups: map[string]*kind{}, unread: unreadKinds()}
	for _, k := range t.kinds {
		k.versions = k.withSchemas()
		k.read = sync.OnceValue(func() typeReader { return readerOf(reflect.TypeOf(k.empty()).Elem()) })
		t.byName[groupKind{k.group, k.name}] = k
		t.groups[k.name] = k
	}
	return t
})

// withSchemas returns the kind's versions with their schemas, which are read when the first object needs them.
func (k *kind) withSchemas() []version {
	file := strings.ToLower(k.name)
	own := sync.OnceValue(func() *schema { return k.withMetadata(readSchema(file)) })
	wider := sync.OnceValue(func() *schema { return k.withMetadata(readExperimental(file, "v1")) })
	versions := slices.Clone(k.versions)
	for i, v := range versions {
		switch {
		case v.channel == experimental:
			versions[i].schema = sync.OnceValue(func() *schema { return k.withMetadata(readExperimental(file, v.name)) })
		case k.group == gatewayGroup:
			versions[i].schema, versions[i].wider = own, wider
		default:
			versions[i].schema = own
		}
	}
	return versions
}

// withMetadata adds to the kind's schema what all kinds have.
func (k *kind) withMetadata(s *schema) *schema {
	meta := readSchema("metadata")
	name := meta.Properties["name"]
	name.Pattern = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	if k.label {
		name.MaxLength, name.Pattern = 63, `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	}
	s.Properties["metadata"] = meta
	s.Properties["apiVersion"] = &schema{Ignored: true} // dealt with before
	s.Properties["kind"] = &schema{Ignored: true}
	s.Required = append(s.Required, "metadata")
	s.compile()
	meta.Properties["labels"].labels = &labelRule{"metadata.labels", keyRule}
	if k.name == "Service" {
		s.at("spec.selector").labels = &labelRule{"spec.selector", selectorRule}
	}
	for field, text := range k.terse {
		s.at(field).left = &text
	}
	return s
}

// near returns the kind of ours that an unknown one of our groups is a misspelling of, or nil.
func (t kindTable) near(gk groupKind) *kind {
	if _, known := t.unread[gk]; known || gk.kind == "" {
		return nil
	}
	var names []string
	for _, k := range t.kinds {
		if k.group == gk.group {
			names = append(names, k.name)
		}
	}
	return t.byName[groupKind{gk.group, nearest(gk.kind, names)}]
}

// splitGroup splits an apiVersion.
func splitGroup(apiVersion string) (group, version string) {
	group, version, ok := strings.Cut(apiVersion, "/")
	if !ok {
		return "", apiVersion
	}
	return group, version
}

func joinGroup(group, version string) string {
	if group == "" {
		return version
	}
	return group + "/" + version
}
