package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/manifest/konghq"
	"github.com/gwsync/gwsync/sync"
)

// kindNames are the names that kubectl has for a kind.
type kindNames struct {
	group, kind, plural, short string
	cluster                    bool
}

// kinds are those that gwsync reads.
//
// Source of the names: the CRDs of gateway-api v1.6.3 and of Kong's Ingress Controller, and `kubectl api-resources`.
var kinds = [...]kindNames{
	{gatewayv1.GroupName, "GatewayClass", "gatewayclasses", "gc", true},
	{gatewayv1.GroupName, "Gateway", "gateways", "gtw", false},
	{gatewayv1.GroupName, "ListenerSet", "listenersets", "lset", false},
	{gatewayv1.GroupName, "HTTPRoute", "httproutes", "", false},
	{gatewayv1.GroupName, "GRPCRoute", "grpcroutes", "", false},
	{gatewayv1.GroupName, "TLSRoute", "tlsroutes", "", false},
	{gatewayv1.GroupName, "TCPRoute", "tcproutes", "", false},
	{gatewayv1.GroupName, "UDPRoute", "udproutes", "", false},
	{gatewayv1.GroupName, "ReferenceGrant", "referencegrants", "refgrant", false},
	{gatewayv1.GroupName, "BackendTLSPolicy", "backendtlspolicies", "btlspolicy", false},
	{"", "Namespace", "namespaces", "ns", true},
	{"", "Service", "services", "svc", false},
	{"", "Secret", "secrets", "", false},
	{"", "ConfigMap", "configmaps", "cm", false},
	{"discovery.k8s.io", "EndpointSlice", "endpointslices", "", false},
	{konghq.Group, "KongPlugin", "kongplugins", "kp", false},
	{konghq.Group, "KongClusterPlugin", "kongclusterplugins", "kcp", true},
	{konghq.Group, "KongConsumer", "kongconsumers", "kc", false},
	{konghq.Group, "KongConsumerGroup", "kongconsumergroups", "kcg", false},
	{konghq.Group, "KongUpstreamPolicy", "kongupstreampolicies", "kup", false},
	{konghq.Group, "KongVault", "kongvaults", "kv", true},
	{konghq.Group, "KongCustomEntity", "kongcustomentities", "kce", false},
}

// named reports whether s names the kind, as kubectl would have it: in the singular or plural, or short, with the group or without.
func (k kindNames) named(s string) bool {
	name, group, grouped := strings.Cut(strings.ToLower(s), ".")
	if grouped && group != k.group {
		return false
	}
	return name == strings.ToLower(k.kind) || name == k.plural || name == k.short && name != ""
}

// parseObject reads KIND/NAMESPACE/NAME, KIND/NAME for kinds without a namespace, and for others with the namespace that is the default.
func parseObject(s, namespace string) (manifest.Ref, error) {
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		return manifest.Ref{}, fmt.Errorf("%q is no object: want KIND/NAMESPACE/NAME, such as httproute/shop/checkout", s)
	}
	i := slices.IndexFunc(kinds[:], func(k kindNames) bool { return k.named(parts[0]) })
	if i < 0 {
		return manifest.Ref{}, sync.WithHint(fmt.Errorf("gwsync does not know the kind %q", parts[0]), knownKinds(parts[0]))
	}
	r := manifest.Ref{Group: kinds[i].group, Kind: kinds[i].kind, Name: parts[len(parts)-1]}
	switch {
	case !kinds[i].cluster && len(parts) == 3:
		r.Namespace = parts[1]
	case !kinds[i].cluster:
		r.Namespace = cmp.Or(namespace, "default")
	case len(parts) == 3:
		return r, fmt.Errorf("%q: a %s is in no namespace: want %s/%s", s, r.Kind, strings.ToLower(r.Kind), r.Name)
	}
	return r, nil
}

// knownKinds says which kind may have been meant.
func knownKinds(typed string) string {
	var names []string
	for _, k := range kinds {
		names = append(names, strings.ToLower(k.kind))
	}
	if near := nearest(strings.ToLower(typed), names); len(near) > 0 {
		return "did you mean " + oneOf(near) + "?"
	}
	return "want " + oneOf(names)
}

// argument writes an object as the command line takes it.
func argument(r manifest.Ref) string {
	parts := []string{strings.ToLower(r.Kind), r.Namespace, r.Name}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "/")
}

// unknownObject says that the manifests do not hold an object, and which may have been meant.
func unknownObject(r manifest.Ref, in manifest.Set) error {
	if in.Invalid(r) {
		return sync.WithHint(fmt.Errorf("%s has errors of its own", r), `"gwsync lint" says which`)
	}
	var same, elsewhere []string
	for o := range in.All() {
		switch {
		case o.Ref.Kind != r.Kind || o.Ref.Group != r.Group:
			continue
		case o.Ref.Name == r.Name:
			elsewhere = append(elsewhere, argument(o.Ref))
		}
		same = append(same, argument(o.Ref))
	}
	hint := "the manifests hold no " + r.Kind + ": is it the right --path?"
	near := nearest(argument(r), same)
	const most = 5
	switch {
	case len(elsewhere) > 0:
		hint = "did you mean " + oneOf(elsewhere[:min(most, len(elsewhere))]) + "?"
	case len(near) > 0:
		hint = "did you mean " + oneOf(near) + "?"
	case len(same) > most:
		hint = fmt.Sprintf("there are %s and %d more", strings.Join(same[:most], ", "), len(same)-most)
	case len(same) > 0:
		hint = "there is " + strings.Join(same, ", ")
	}
	return sync.WithHint(fmt.Errorf("%s is not among the manifests", r), hint)
}

// nearest returns at most three words that typed may be a misspelling of, the nearest first.
func nearest(typed string, words []string) []string {
	type guess struct {
		word     string
		distance int
	}
	limit := 1 + len(typed)/6
	var found []guess
	for _, w := range words {
		if len(w)-len(typed) > limit || len(typed)-len(w) > limit {
			continue
		}
		if d := diag.Distance(typed, w); d <= limit {
			found = append(found, guess{w, d})
		}
	}
	slices.SortStableFunc(found, func(a, b guess) int { return cmp.Compare(a.distance, b.distance) })
	var out []string
	for _, g := range found[:min(3, len(found))] {
		out = append(out, g.word)
	}
	return out
}

// selection returns an error if a --gateway is not there, or not ours: nothing else means anything then.
func selection(r render.Result) error {
	for _, f := range r.Findings {
		if f.Code != bind.UnknownGateway {
			continue
		}
		ref := manifest.Ref{Group: gatewayv1.GroupName, Kind: f.Object.Kind, Namespace: f.Object.Namespace, Name: f.Object.Name}
		if _, ok := r.Set.Get(ref); !ok {
			return fmt.Errorf("--gateway: %w", unknownObject(ref, r.Set))
		}
		return sync.WithHint(fmt.Errorf("%s: %s", ref, f.Message), f.Hint)
	}
	return nil
}
