package bind

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/gwsync/gwsync/render/diag"
)

// reportBackends reports what is wrong with a route's backendRefs.
func (b *builder) reportBackends(r *Route) {
	for i := range r.Rules {
		for j := range r.Rules[i].Backends {
			switch k := &r.Rules[i].Backends[j]; {
			case k.Reason != "":
				b.reportBackend(r, k)
			case k.Service.Spec.Type == corev1.ServiceTypeExternalName:
				b.reportAlias(r, k)
			}
		}
	}
}

func (b *builder) reportBackend(r *Route, k *Backend) {
	c, _ := failed(b.backendChecks(r, k))
	f := diag.Finding{
		Severity: diag.Error, Code: k.Reason, Object: r.Object.Ref.Diag(), Pos: r.Object.At(c.field), Field: c.field,
		Message: c.Detail, Hint: c.Fix,
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
