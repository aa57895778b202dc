package bind

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/gwsync/gwsync/render/diag"
)

// reportBackends reports what is wrong with a route's references to backends and to filters. That a BackendTLSPolicy is not valid is
// reported there, not for each backend.
func (b *builder) reportBackends(r *Route) {
	for i := range r.Rules {
		rule := &r.Rules[i]
		b.reportFilters(r, rule.Filters)
		for j := range rule.Backends {
			b.reportBackend(r, &rule.Backends[j])
			b.reportFilters(r, rule.Backends[j].Filters)
		}
		b.reportWeights(r, rule)
	}
}

func (b *builder) reportBackend(r *Route, k *Backend) {
	if k.Reason != "" {
		c, _ := failed(b.backendChecks(r, k))
		b.reportCheck(r, c, "")
		return
	}
	if k.Service.Spec.Type == corev1.ServiceTypeExternalName {
		b.reportAlias(r, k)
	}
	if k.ServicePort != nil && selectorless(k.Service) && len(k.Endpoints) == 0 {
		b.reportNoEndpoints(k)
	}
}

// reportFilters reports what is wrong with the references of filters.
func (b *builder) reportFilters(r *Route, filters []Filter) {
	for i := range filters {
		f := &filters[i]
		c, wrong := failed(b.filterChecks(r, f))
		switch k := f.backend(); {
		case wrong && c.Reason == InvalidPluginConfig: // which is said at the plugin
		case wrong:
			b.reportCheck(r, c, ": "+f.consequence())
		case k != nil:
			b.reportBackend(r, k)
		}
	}
}

// reportCheck reports a check of a route's references that failed, and what follows from it.
func (b *builder) reportCheck(r *Route, c Check, consequence string) {
	f := diag.Finding{
		Severity: diag.Error, Code: c.Reason, Object: r.Object.Ref.Diag(), Pos: r.Object.At(c.field), Field: c.field,
		Message: c.Detail + consequence, Hint: c.Fix,
	}
	if !c.Pos.IsZero() && c.Pos != f.Pos {
		f.Related = []diag.Pos{c.Pos}
	}
	b.report(f)
}

// reportAlias warns of a Service that is another name for a host anywhere (SH BackendObjectReference, CVE-2021-25740).
func (b *builder) reportAlias(r *Route, k *Backend) {
	b.report(diag.Finding{
		Severity: diag.Warning, Code: ExternalName, Object: r.Object.Ref.Diag(), Pos: k.Pos, Field: k.field,
		Message: say("%s is an alias of %s, which no ReferenceGrant protects", k.Target, k.Service.Spec.ExternalName),
		Hint:    "refer to the Service behind the alias, so that its namespace decides who may",
		Related: []diag.Pos{k.Object.At("spec.externalName")},
	})
}

// reportWeights warns of a rule none of whose backends gets anything.
func (b *builder) reportWeights(r *Route, rule *Rule) {
	if len(rule.Backends) == 0 || slices.ContainsFunc(rule.Backends, func(k Backend) bool { return k.Weight > 0 }) {
		return
	}
	field := r.ruleField(rule) + ".backendRefs"
	b.report(diag.Finding{
		Severity: diag.Warning, Code: NoWeight, Object: r.Object.Ref.Diag(), Pos: r.Object.At(field), Field: field,
		Message: "all backends of the rule have weight 0: no request gets to any of them",
		Hint:    "give one of them a weight, or remove the rule",
	})
}

// reportNoEndpoints warns, once for each port, of a Service that nothing says the addresses of.
func (b *builder) reportNoEndpoints(k *Backend) {
	key := servicePortKey{k.Target, k.ServicePort.Name}
	if b.warned[key] {
		return
	}
	b.warned[key] = true
	carries := protocolOrTCP(k.ServicePort.Protocol)
	f := diag.Finding{
		Severity: diag.Warning, Code: NoEndpoints, Object: k.Target.Diag(), Pos: k.Object.At("spec"), Field: "spec",
		Message: say("the Service has no selector, and none of its EndpointSlices has a ready endpoint for a port of the name %q and protocol %s",
			k.ServicePort.Name, string(carries)),
		Hint:    say("give an EndpointSlice of the Service such a port, with the number %d or another, and endpoints", k.ServicePort.Port),
		Related: []diag.Pos{k.Pos},
	}
	if len(b.endpointSlices[k.Target]) == 0 {
		f.Message = say("the Service has no selector, and the manifests hold no EndpointSlice of its namespace with the label %s: %s",
			discoveryv1.LabelServiceName, k.Target.Name)
		f.Hint = "add this EndpointSlice with the addresses behind the Service, or give the Service a selector:\n" + indent(sliceManifest(k), 1)
	}
	b.report(f)
}

// sliceManifest shows an EndpointSlice for a backend's port.
func sliceManifest(k *Backend) string {
	port := k.ServicePort.TargetPort.IntVal
	if port == 0 {
		port = k.ServicePort.Port
	}
	ports := "- port: " + strconv.Itoa(int(port))
	if k.ServicePort.Name != "" {
		ports = "- name: " + scalar(k.ServicePort.Name) + "\n  port: " + strconv.Itoa(int(port))
	}
	if p := protocolOrTCP(k.ServicePort.Protocol); p != corev1.ProtocolTCP {
		ports += "\n  protocol: " + string(p)
	}
	return "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata:\n  name: " + scalar(k.Target.Name+"-1") +
		"\n  namespace: " + scalar(k.Target.Namespace) + "\n  labels:\n    " + discoveryv1.LabelServiceName + ": " + scalar(k.Target.Name) +
		"\naddressType: IPv4\nports:\n" + ports + "\nendpoints:\n- addresses: [ADDRESS]"
}
