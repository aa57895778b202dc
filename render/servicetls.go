package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// serviceTLS is how the annotations of a Service want Kong to speak TLS to it.
type serviceTLS struct {
	fields map[string]any
	// unsafe says that Kong cannot do so: requests for the Service are answered 500, rather than sent unverified or unidentified.
	unsafe bool
}

// tlsKey is a Service and what Kong speaks to it.
type tlsKey struct {
	service  manifest.Ref
	protocol string
}

// verify finds the backends of a rule that Kong cannot speak TLS to as the annotations of their Services want.
func (t *translator) verify(r *rule) {
	for _, b := range r.rule.Backends {
		if b.Reason == "" && b.Weight > 0 && t.annotatedTLS(b, r.protocolTo(b)).unsafe {
			r.unsafe = append(r.unsafe, b.Index)
		}
	}
}

// protocolTo returns the protocol that Kong speaks to a backend, by its annotation or its port's appProtocol.
func (r *rule) protocolTo(b bind.Backend) string {
	annotated, _, ok := annotation(b.Service.Annotations, "protocol")
	fields := protocol(b)
	switch {
	case r.isStream():
		return r.speaks(b, annotated)
	case ok:
		return annotated
	case r.rule.GRPC != nil:
		fields = callProtocol(b)
	}
	p, _ := fields["protocol"].(string)
	return p
}

// annotatedTLS returns what the annotations of a backend's Service say of TLS, where Kong speaks it. A BackendTLSPolicy comes before them.
func (t *translator) annotatedTLS(b bind.Backend, protocol string) serviceTLS {
	if protocol == "tcp" || protocol == "udp" {
		return serviceTLS{} // whoever sends the stream speaks TLS, or nobody does
	}
	if !hasAnnotation(*b.Object, tlsNames()...) {
		return serviceTLS{}
	}
	key := tlsKey{b.Object.Ref, protocol}
	if b.Policy != nil {
		key.protocol = ""
	}
	if s, ok := t.serviceTLS[key]; ok {
		return s
	}
	a := tlsAnnotations{translator: t, service: *b.Object, serviceTLS: serviceTLS{fields: map[string]any{}}}
	a.read(b.Policy, protocol)
	t.serviceTLS[key] = a.serviceTLS
	return a.serviceTLS
}

// tlsAnnotations reads the annotations of a Service about TLS.
//
// Source: Kong 3.9.3, kong/db/schema/entities/services.lua.
type tlsAnnotations struct {
	*translator
	serviceTLS
	service manifest.Object
}

// refuse reports an annotation that Kong cannot follow.
func (a *tlsAnnotations) refuse(field, code, message string) {
	f := invalidAnnotation(a.service, field, message)
	f.Code = code
	a.report(f)
	a.unsafe = true
}

func (a *tlsAnnotations) read(policy *bind.BackendTLSPolicy, protocol string) {
	for _, name := range tlsNames() {
		value, field, ok := annotation(a.service.Annotations(), name)
		switch {
		case !ok:
		case policy != nil && name != "client-cert":
			f := invalidAnnotation(a.service, field, fmt.Sprintf("%s says how to verify the Service, so that the annotation has no effect",
				policy.Object.Ref))
			f.Severity, f.Related = diag.Warning, []diag.Pos{policy.Object.At("")}
			a.report(f)
		case policy == nil && protocol != "https" && protocol != "tls":
			a.refuse(field, InvalidAnnotation, fmt.Sprintf("%s%s takes protocol https or tls: annotate the Service with konghq.com/protocol",
				annotationPrefix, name))
		default:
			a.one(name, value, field)
		}
	}
	if ids, ok := a.fields["ca_certificates"].([]string); ok {
		slices.Sort(ids)
		a.fields["ca_certificates"] = slices.Compact(ids)
	}
}

// tlsNames are the annotations of a Service about TLS.
func tlsNames() []string {
	return []string{"client-cert", "tls-verify", "tls-verify-depth", "ca-certificates-secrets", "ca-certificates-configmaps"}
}

// one reads one annotation.
func (a *tlsAnnotations) one(name, value, field string) {
	switch name {
	case "client-cert":
		a.secret(value, field, func(o manifest.Object) error {
			id, err := a.clientCertificate(o)
			a.fields["client_certificate"] = id
			return err
		}, "Secret", bind.InvalidClientCertificateRef)
	case "tls-verify":
		if value != "true" && value != "false" {
			a.refuse(field, InvalidAnnotation, fmt.Sprintf(`%q is neither "true" nor "false"`, value))
			return
		}
		a.fields["tls_verify"] = value == "true"
	case "tls-verify-depth":
		depth, err := strconv.ParseInt(value, 10, 64)
		if err != nil || depth < 0 || depth > maxDepth {
			a.refuse(field, InvalidAnnotation, fmt.Sprintf("%q is not a whole number from 0 to %d", value, maxDepth))
			return
		}
		a.fields["tls_verify_depth"] = depth
	default:
		kind := "Secret"
		if name == "ca-certificates-configmaps" {
			kind = "ConfigMap"
		}
		for ref := range strings.SplitSeq(value, ",") {
			if ref = strings.TrimSpace(ref); ref != "" {
				a.secret(ref, field, a.trust, kind, bind.InvalidCACertificateRef)
			}
		}
	}
}

// trust adds the certificates of authorities that an object holds to those of the Service.
func (a *tlsAnnotations) trust(o manifest.Object) error {
	ids, err := a.caCertificatesOf(o)
	trusted, _ := a.fields["ca_certificates"].([]string)
	a.fields["ca_certificates"] = append(trusted, ids...)
	return err
}

// secret gives an object of the Service's namespace to use, or reports what is wrong with it under a code.
func (a *tlsAnnotations) secret(name, field string, use func(manifest.Object) error, kind, code string) {
	ref := manifest.Ref{Kind: kind, Namespace: a.service.Ref.Namespace, Name: name}
	o, ok := a.set.Get(ref)
	switch {
	case !ok && a.set.Invalid(ref):
		a.unsafe = true
	case !ok:
		a.refuse(field, code, fmt.Sprintf("there is no %s", ref))
	default:
		if err := use(o); err != nil {
			a.refuse(field, code, fmt.Sprintf("%s: %s", ref, err))
		}
	}
}
