package bind

import (
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// listenerChecks tells how a listener fares by itself, and what of its Gateway concerns it.
func (c checker) listenerChecks(l *Listener) []Check {
	return slices.Concat(c.ownChecks(l), c.clientChecks(l), overlapChecks(l))
}

// ownChecks tells how what a listener says itself fares.
func (c checker) ownChecks(l *Listener) []Check {
	checks := []Check{c.protocolCheck(l)}
	if protocolOf(l.Spec.Protocol).family == "" {
		return checks
	}
	if l.Gateway != nil {
		checks = append(checks, conflictCheck(l))
	}
	checks = append(checks, kindsChecks(l)...)
	if l.selector.err != nil {
		checks = append(checks, routeDoor(l).selectorCheck())
	}
	for i := range l.refs {
		checks = append(checks, c.certificateCheck(l, &l.refs[i]))
	}
	return checks
}

func (c checker) protocolCheck(l *Listener) Check {
	field := l.field + ".protocol"
	pos, name := l.Object.At(field), string(l.Spec.Protocol)
	if protocolOf(l.Spec.Protocol).family != "" {
		return pass(checkProtocol, pos, "protocol %s", name).in(field)
	}
	fix := "use protocol HTTP, HTTPS, TLS, TCP or UDP"
	if near := c.guess.nearest(strings.ToUpper(name), []string{"HTTP", "HTTPS", "TLS", "TCP", "UDP"}); len(near) > 0 {
		fix = "did you mean protocol: " + near[0] + "?"
	}
	return deny(checkProtocol, UnsupportedProtocol, pos, "protocol %s is not one that Kong can serve", name).in(field).fix(fix)
}

func conflictCheck(l *Listener) Check {
	switch l.Rejected {
	case HostnameConflict:
		fix := "give each of these listeners a hostname or a port of its own"
		if !l.hasHostname() {
			fix = "give each of these listeners a port of its own"
		}
		return deny(checkConflict, HostnameConflict, l.Pos, "%s are also those of %s", l.claim(), l.winner()).in(l.field).fix(fix)
	case ProtocolConflict:
		return deny(checkConflict, ProtocolConflict, l.Pos, "port %d is also that of %s; one port of a Kong cannot serve %s and %s",
			l.Spec.Port, l.winner(), string(l.Spec.Protocol), string(l.conflicts[0].Spec.Protocol)).
			in(l.field).fix("give the listeners of one protocol another port")
	}
	return pass(checkConflict, l.Pos, "distinct from the Gateway's other listeners")
}

// winner names the listeners that l conflicts with, and says why they win, if they do.
func (l *Listener) winner() string {
	first := l.conflicts[0]
	switch {
	case first.Object.Ref == l.Object.Ref:
		return "listener " + some(listenerNames(l.conflicts), 3) + ", and none of them wins"
	case first.Set == nil:
		return say("listener %s of %s, which comes before its ListenerSets", first.Name(), first.Object.Ref)
	}
	return say("listener %s of %s, which comes first, by age or else by name", first.Name(), first.Object.Ref)
}

// claim names what no other listener may have.
func (l *Listener) claim() string {
	if !l.hasHostname() {
		return say("port %d and protocol %s", l.Spec.Port, string(l.Spec.Protocol))
	}
	return say("port %d and ", l.Spec.Port) + l.hosts()
}

// hosts names what requests the listener is for.
func (l *Listener) hosts() string {
	if l.Hostname == "" {
		return "any hostname"
	}
	return say("hostname %s", l.Hostname)
}

// overlapChecks tells which listeners of the port could be reached by way of this one's connections.
func overlapChecks(l *Listener) []Check {
	if len(l.Overlaps) == 0 {
		return nil
	}
	return []Check{pass(checkOverlap, l.Pos, "%s overlaps with listener %s: a client may send the requests for both down one connection",
		l.hosts(), some(listenerNames(l.Overlaps), 3))}
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

// certificateCheck tells how a certificateRef of a listener fares.
func (c checker) certificateCheck(l *Listener, r *certificateRef) Check {
	if r.target == (manifest.Ref{}) {
		return deny(checkCertificate, InvalidCertificateRef, r.pos, "protocol %s needs a certificate, and there are no tls.certificateRefs",
			string(l.Spec.Protocol)).in(r.field).
			fix("add to tls.certificateRefs of the listener a Secret of type kubernetes.io/tls:\n  - name: NAME")
	}
	return c.secretCheck(r)
}

// secretCheck tells how a reference to a certificate fares.
func (c checker) secretCheck(r *certificateRef) Check {
	grant := c.grantCheck(r.from, r.target, r.grant)
	switch r.reason {
	case "":
		return pass(checkCertificate, c.at(r.target, ""), "certificate %s; %s", r.target, grant.Detail)
	case RefNotPermitted:
		return deny(checkCertificate, RefNotPermitted, r.pos, "%s", grant.Detail).in(r.field).fix(grant.Fix)
	}
	return c.invalidCertificate(r)
}

func (c checker) invalidCertificate(r *certificateRef) Check {
	switch {
	case r.target.Group != "" || r.target.Kind != kindSecret:
		return deny(checkCertificate, r.reason, r.pos,
			"kind %s of group %q holds no certificates: only Secrets of the core group do", r.target.Kind, r.target.Group).in(r.field).
			fix("leave group and kind out of the reference, and name a Secret of type kubernetes.io/tls")
	case r.problem != "":
		return deny(checkCertificate, r.reason, r.pos, "%s is not usable: %s", r.target, r.problem).in(r.field).
			fix(say("put a PEM certificate and its private key into tls.crt and tls.key of the Secret%s, and set type: kubernetes.io/tls",
				place(c.at(r.target, ""))))
	}
	return c.absent(checkCertificate, r.reason, r.pos, r.target, func() string { return c.otherSecrets(r.target) }).in(r.field)
}

// otherSecrets says which Secret may have been meant.
func (c checker) otherSecrets(missing manifest.Ref) string {
	if near := c.guess.nearest(missing.Name, c.names()[scope{kind: kindSecret, namespace: missing.Namespace}]); len(near) > 0 {
		return say("did you mean %s?", either(near, 3))
	}
	return say("add the Secret, of type kubernetes.io/tls, to namespace %s", missing.Namespace)
}
