package bind

import (
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// listenerChecks tells how a listener fares by itself.
func (c checker) listenerChecks(l *Listener) []Check {
	checks := []Check{c.protocolCheck(l)}
	if protocolOf(l.Spec.Protocol).family == "" {
		return checks
	}
	checks = append(checks, conflictCheck(l))
	checks = append(checks, kindsChecks(l)...)
	if l.selector.err != nil {
		checks = append(checks, selectorCheck(l))
	}
	for i := range l.refs {
		checks = append(checks, c.certificateCheck(l, &l.refs[i]))
	}
	return checks
}

func (c checker) protocolCheck(l *Listener) Check {
	field := l.field + ".protocol"
	pos, name := l.Object.At(field), string(l.Spec.Protocol)
	switch p := protocolOf(l.Spec.Protocol); {
	case p.family != "":
		return pass(checkProtocol, pos, "protocol %s", name).in(field)
	}
	fix := "use protocol HTTP, HTTPS, TLS, TCP or UDP"
	if near := c.guess.nearest(strings.ToUpper(name), []string{"HTTP", "HTTPS", "TLS", "TCP", "UDP"}); len(near) > 0 {
		fix = "did you mean protocol: " + near[0]
	}
	return deny(checkProtocol, UnsupportedProtocol, pos, "protocol %s is not one that Kong can serve", name).in(field).fix(fix)
}

func conflictCheck(l *Listener) Check {
	rivals := make([]string, len(l.conflicts))
	for i, r := range l.conflicts {
		rivals[i] = r.Name()
	}
	switch l.Rejected {
	case HostnameConflict:
		host := "any hostname"
		if l.Hostname != "" {
			host = "hostname " + l.Hostname
		}
		return deny(checkConflict, HostnameConflict, l.Pos, "port %d and %s are also those of listener %s, and none of them wins",
			l.Spec.Port, host, some(rivals, 3)).in(l.field).fix("give each of these listeners a hostname or a port of its own")
	case ProtocolConflict:
		return deny(checkConflict, ProtocolConflict, l.Pos, "port %d is also that of listener %s, whose protocol is not compatible with %s",
			l.Spec.Port, some(rivals, 3), string(l.Spec.Protocol)).in(l.field).fix("give the listeners of one protocol another port")
	}
	return pass(checkConflict, l.Pos, "distinct from the Gateway's other listeners")
}

func kindsChecks(l *Listener) []Check {
	if len(l.kinds) == 0 {
		return nil
	}
	field := l.field + ".allowedRoutes.kinds"
	possible := listing(protocolOf(l.Spec.Protocol).kinds)
	var checks []Check
	for i, k := range l.kinds {
		if k.valid {
			continue
		}
		entry := say("%s[%d]", field, i)
		checks = append(checks, deny(checkKinds, InvalidRouteKinds, l.Object.At(entry),
			"kind %s of group %s cannot attach to a listener of protocol %s", k.kind, k.group, string(l.Spec.Protocol)).in(entry).
			fix("remove the entry; protocol "+diag.Printable(string(l.Spec.Protocol))+" carries "+possible))
	}
	if len(checks) == 0 {
		checks = append(checks, pass(checkKinds, l.Object.At(field), "allowedRoutes.kinds: %s", listing(l.Kinds)))
	}
	return checks
}

func selectorCheck(l *Listener) Check {
	field := l.field + ".allowedRoutes.namespaces.selector"
	return deny(checkSelector, InvalidSelector, l.Object.At(field),
		"the selector cannot be evaluated and selects no namespace: %s", l.selector.err.Error()).in(field).
		fix("correct the selector: In and NotIn need values, Exists and DoesNotExist take none")
}

func (c checker) certificateCheck(l *Listener, r *certificateRef) Check {
	if r.target == (manifest.Ref{}) {
		return deny(checkCertificate, InvalidCertificateRef, r.pos, "protocol %s needs a certificate, and there are no tls.certificateRefs",
			string(l.Spec.Protocol)).in(r.field).
			fix("add to tls.certificateRefs of the listener a Secret of type kubernetes.io/tls:\n  - name: NAME")
	}
	switch r.reason {
	case "":
		grant := c.grantCheck(gatewaySource(l.Gateway), r.target, r.grant)
		return pass(checkCertificate, c.at(r.target, ""), "certificate %s; %s", r.target, grant.Detail)
	case RefNotPermitted:
		grant := c.grantCheck(gatewaySource(l.Gateway), r.target, r.grant)
		denied := deny(checkCertificate, RefNotPermitted, r.pos, "%s", grant.Detail)
		return denied.in(r.field).fix(grant.Fix)
	}
	return c.invalidCertificate(r)
}

func (c checker) invalidCertificate(r *certificateRef) Check {
	switch {
	case r.target.Group != "" || r.target.Kind != kindSecret:
		return deny(checkCertificate, InvalidCertificateRef, r.pos,
			"kind %s of group %q holds no certificates: only Secrets of the core group do", r.target.Kind, r.target.Group).in(r.field).
			fix("remove group and kind from the certificateRef, and name a Secret of type kubernetes.io/tls")
	case r.problem != "":
		return deny(checkCertificate, InvalidCertificateRef, r.pos, "%s is not usable: %s", r.target, r.problem).in(r.field).
			fix(say("put a PEM certificate and its private key into tls.crt and tls.key of the Secret%s, and set type: kubernetes.io/tls",
				place(c.at(r.target, ""))))
	}
	return c.absent(checkCertificate, InvalidCertificateRef, r.pos, r.target, func() string { return c.otherSecrets(r.target) }).in(r.field)
}

// otherSecrets says which Secret may have been meant.
func (c checker) otherSecrets(missing manifest.Ref) string {
	if near := c.guess.nearest(missing.Name, c.names[scope{kind: kindSecret, namespace: missing.Namespace}]); len(near) > 0 {
		return say("did you mean %s", either(near, 3))
	}
	return say("add the Secret, of type kubernetes.io/tls, to namespace %s", missing.Namespace)
}

// gatewaySource is what a ReferenceGrant has to trust for a Gateway's certificates.
func gatewaySource(gw *Gateway) source {
	return source{gatewayv1.GroupName, kindGateway, gw.Object.Ref.Namespace}
}
