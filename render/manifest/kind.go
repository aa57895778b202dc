package manifest

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

const gatewayGroup = "gateway.networking.k8s.io"

// kind is a kind of object that gwsync has a use for. A further kind is a row in [kinds] and a file under schema/.
type kind struct {
	group, name string
	// versions are those that are read, the newest first: those that the CRD serves, and those that were the same.
	versions []string
	// cluster says that objects of the kind are in no namespace.
	cluster bool
	// label says that names are DNS labels; else they are DNS subdomains.
	label bool
	// secret says that values must not be repeated in findings.
	secret bool
	// empty returns a pointer to a new Go value of the kind.
	empty func() any
	// complete fills in what the API server derives from other fields; nil for nothing.
	complete func(any)
	// rules checks what a schema cannot say; nil for nothing.
	rules func(any, report)

	schema *schema
}

func kinds() []*kind {
	gateway := []string{"v1", "v1beta1"}
	core := []string{"v1"}
	return []*kind{
		{group: gatewayGroup, name: "GatewayClass", versions: gateway, cluster: true, empty: empty[gatewayv1.GatewayClass]},
		{group: gatewayGroup, name: "Gateway", versions: gateway, empty: empty[gatewayv1.Gateway], rules: on(gatewayRules)},
		{group: gatewayGroup, name: "HTTPRoute", versions: gateway, empty: empty[gatewayv1.HTTPRoute], rules: on(httpRouteRules)},
		{group: gatewayGroup, name: "ReferenceGrant", versions: []string{"v1", "v1beta1", "v1alpha2"},
			empty: empty[gatewayv1.ReferenceGrant]},
		{name: "Namespace", versions: core, cluster: true, label: true, empty: empty[corev1.Namespace],
			complete: as(completeNamespace)},
		{name: "Service", versions: core, label: true, empty: empty[corev1.Service], complete: as(completeService),
			rules: on(serviceRules)},
		{name: "Secret", versions: core, secret: true, empty: empty[corev1.Secret], complete: as(completeSecret),
			rules: on(secretRules)},
	}
}

// unused are the kinds of the Gateway API's group that exist and that gwsync does not read: they are no misspellings.
func unused() []string {
	return []string{"BackendTLSPolicy", "GRPCRoute", "ListenerSet", "TCPRoute", "TLSRoute", "UDPRoute"}
}

func empty[T any]() any { return new(T) }

// as and on adapt functions of one Go type to the table.
func as[T any](f func(*T)) func(any)                 { return func(v any) { f(v.(*T)) } }
func on[T any](f func(*T, report)) func(any, report) { return func(v any, r report) { f(v.(*T), r) } }

// apiVersion returns what to write as apiVersion for one of the kind's versions.
func (k *kind) apiVersion(version string) string { return joinGroup(k.group, version) }

// served names the versions that are read, as a hint.
func (k *kind) served() string {
	var s []string
	for _, v := range k.versions {
		s = append(s, k.apiVersion(v))
	}
	return "write apiVersion: " + strings.Join(s, " or ")
}

type groupKind struct{ group, kind string }

// kindTable is [kinds] ready for use.
type kindTable struct {
	kinds  []*kind
	byName map[groupKind]*kind
	// groups are the groups by the name of a kind.
	groups map[string]*kind
}

//go:embed schema/*.json
var schemas embed.FS

// table returns the kinds with their schemas. It is computed once and never changed.
var table = sync.OnceValue(func() kindTable {
	t := kindTable{kinds: kinds(), byName: map[groupKind]*kind{}, groups: map[string]*kind{}}
	for _, k := range t.kinds {
		k.schema = k.load()
		t.byName[groupKind{k.group, k.name}] = k
		t.groups[k.name] = k
	}
	return t
})

// load reads the kind's schema and adds what all kinds have.
func (k *kind) load() *schema {
	s := readSchema(strings.ToLower(k.name))
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
	return s
}

func readSchema(name string) *schema {
	data, err := schemas.ReadFile("schema/" + name + ".json")
	if err != nil {
		panic(err) //nolint:forbidigo // the file is part of the program
	}
	s := new(schema)
	if err := json.Unmarshal(data, s); err != nil {
		panic(fmt.Errorf("schema %s: %w", name, err)) //nolint:forbidigo // the file is part of the program
	}
	return s
}

// near returns the kind of ours that an unknown one of our groups is a misspelling of, or nil.
func (t kindTable) near(gk groupKind) *kind {
	if gk.kind == "" || gk.group == gatewayGroup && slices.Contains(unused(), gk.kind) {
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
