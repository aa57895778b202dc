package bind

import (
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// targetChecks tells how far a policy's targetRef got.
func (c checker) targetChecks(p *BackendTLSPolicy, t *PolicyTarget) []Check {
	if t.Reason == InvalidKind {
		field := t.field + ".kind"
		fix := "name a Service, by group: \"\" and kind: Service"
		if t.Target.Kind == kindService {
			field, fix = t.field+".group", "write group: \"\", which is the core group's name"
		}
		return []Check{deny(checkKind, InvalidKind, p.Object.At(field),
			"kind %s of group %q cannot be the target: only Services of the core group can", t.Target.Kind, t.Target.Group).in(field).fix(fix)}
	}
	checks := []Check{{Name: checkKind, Passed: true, Detail: "kind Service"}}
	object, _ := c.set.Get(t.Target)
	service, ok := object.Typed.(*corev1.Service)
	if !ok {
		name := t.field + ".name"
		other := func() string { return c.otherTargets(t.Target) }
		return append(checks, c.absent(checkExists, TargetNotFound, p.Object.At(name), t.Target, other).in(name))
	}
	checks = append(checks, pass(checkExists, object.At(""), "the Service exists"))
	if t.Section != "" {
		section := sectionCheck(p, t, object, service)
		if checks = append(checks, section); !section.Passed {
			return checks
		}
	}
	return append(checks, precedenceCheck(t))
}

// otherTargets says which Service may have been meant.
func (c checker) otherTargets(missing manifest.Ref) string {
	here := c.names()[scope{kind: kindService, namespace: missing.Namespace}]
	if near := c.guess.nearest(missing.Name, here); len(near) > 0 {
		return say("did you mean %s?", either(near, 3))
	}
	return say("add the Service to namespace %s, where the policy is, or put the policy where the Service is", missing.Namespace)
}

func sectionCheck(p *BackendTLSPolicy, t *PolicyTarget, object manifest.Object, service *corev1.Service) Check {
	field := t.field + ".sectionName"
	if t.Reason != TargetNotFound {
		return pass(checkPort, object.At("spec.ports"), "port %s exists", t.Section)
	}
	check := deny(checkPort, TargetNotFound, p.Object.At(field), "%s has no port named %s", t.Target, t.Section).in(field)
	var have []string
	for _, port := range service.Spec.Ports {
		if port.Name != "" {
			have = append(have, port.Name)
		}
	}
	if len(have) == 0 {
		return check.fix("leave sectionName out: the Service's ports have no names")
	}
	return check.fix("use the name of one of its ports: " + either(have, 8))
}

func precedenceCheck(t *PolicyTarget) Check {
	what := "all ports"
	if t.Section != "" {
		what = "port " + t.Section
	}
	if t.Winner == nil {
		return pass(checkConflict, t.Pos, "it counts for %s", what)
	}
	return deny(checkConflict, Conflicted, t.Winner.Object.At(""), "%s is for %s of %s too, and comes first by name",
		t.Winner.Object.Ref, what, t.Target).in(t.field).
		fix("remove one of the two policies, or limit each to ports of its own by sectionName")
}

// validationChecks tells how the certificates fare by which a policy has Kong trust a backend.
func (c checker) validationChecks(p *BackendTLSPolicy) []Check {
	var checks []Check
	for i := range p.refs {
		checks = append(checks, c.caCheck(&p.refs[i]))
	}
	if len(checks) > 0 {
		return checks
	}
	const field = "spec.validation.wellKnownCACertificates"
	known := or(p.Spec.Spec.Validation.WellKnownCACertificates, "")
	if known == gatewayv1.WellKnownCACertificatesSystem {
		return []Check{pass(checkCertificate, p.Object.At(field), "the system's certificates of authorities")}
	}
	return []Check{deny(checkCertificate, Invalid, p.Object.At(field), "gwsync knows no set of certificates %s", string(known)).in(field).
		fix("write wellKnownCACertificates: System, or name ConfigMaps in caCertificateRefs instead")}
}

// reportPolicies reports what is wrong with policies. What no route of ours depends on is a warning, but for a target that is not
// there: its route may have another name for it.
func (b *builder) reportPolicies() {
	for _, p := range b.Policies {
		severity := diag.Warning
		if len(p.Gateways) > 0 {
			severity = diag.Error
		}
		for i := range p.Targets {
			t := &p.Targets[i]
			c, wrong := failed(b.targetChecks(p, t))
			switch {
			case !wrong:
			case t.Reason == TargetNotFound || t.Target.Kind == kindService && t.Reason == InvalidKind:
				b.reportPolicy(p, c, diag.Error)
			default:
				b.reportPolicy(p, c, severity)
			}
		}
		for _, c := range b.validationChecks(p) {
			if !c.Passed {
				b.reportPolicy(p, c, severity)
			}
		}
	}
}

func (b *builder) reportPolicy(p *BackendTLSPolicy, c Check, s diag.Severity) {
	f := diag.Finding{
		Severity: s, Code: c.Reason, Object: p.Object.Ref.Diag(), Pos: p.Object.At(c.field), Field: c.field, Message: c.Detail, Hint: c.Fix,
	}
	if !c.Pos.IsZero() && c.Pos != f.Pos {
		f.Related = []diag.Pos{c.Pos}
	}
	b.report(f)
}
