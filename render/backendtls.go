package render

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// backendTLS is how Kong speaks TLS to the backends of a rule by their BackendTLSPolicy. Kong has one name for a backend: it is the server
// name of the handshake, the name that the backend's certificate has to be for, and the Host of the request.
//
// Source: Kong 3.9.3, kong/templates/nginx_kong.lua (proxy_ssl_name, proxy_set_header Host).
type backendTLS struct {
	policy *bind.BackendTLSPolicy
	// authorities are the ids of the CACertificates that Kong trusts; none for those of Kong's own configuration.
	authorities []string
	depth       int64
	// hosts and uris are the names of which a backend's certificate must have one; other is the first that is not the hostname, which
	// Kong does not look for, and -1 if there is none.
	hosts, uris []string
	other       int
	// needed says that it was reported what the policy takes.
	needed bool
}

// maxDepth is how many certificates may stand between a backend's and a trusted one at most. The Gateway API has no limit; nginx's own
// default is 1.
//
// Source: Kong 3.9.3, kong/db/schema/entities/services.lua.
const maxDepth = 64

// secure decides how Kong speaks TLS to the backends of a rule, and what Host they get. The backends that it would not reach as their
// policy says are refused: their share is answered 500, and nothing is ever sent to them without TLS.
func (t *translator) secure(r *rule) {
	t.verify(r)
	for _, b := range r.rule.Backends {
		if b.Policy == nil || b.Reason != "" || b.Weight == 0 {
			continue
		}
		s, err := t.policy(b.Policy)
		if err == nil {
			err = t.admits(r, b, s)
		}
		if err != nil {
			t.refusePolicy(r, b, err)
			continue
		}
		r.tls, r.secured = s, append(r.secured, b.Index)
	}
	if r.tls != nil && !r.isStream() {
		t.askByLua(r)
	}
}

func (s *backendTLS) hostname() string {
	return strings.ToLower(string(s.policy.Spec.Spec.Validation.Hostname))
}

// system reports whether the authorities are those of Kong's own configuration.
func (s *backendTLS) system() bool { return len(s.policy.Spec.Spec.Validation.CACertificateRefs) == 0 }

// broken reports whether the requests of a backend of the rule are to be answered 500: one with a BackendTLSPolicy, unless it is secured,
// or with annotations about TLS that Kong cannot follow.
func (r *rule) broken(b bind.Backend) bool {
	if slices.Contains(r.secured, b.Index) {
		b.Policy = nil
	}
	return broken(b) || slices.Contains(r.unsafe, b.Index)
}

// policy returns what a policy becomes, or why Kong cannot do as it says. A policy is looked at once.
func (t *translator) policy(p *bind.BackendTLSPolicy) (*backendTLS, error) {
	if known, ok := t.policies[p]; ok {
		return known.tls, known.err
	}
	s, err := t.newBackendTLS(p)
	t.policies[p] = policyResult{s, err}
	return s, err
}

// policyResult is what a policy becomes, or why it cannot.
type policyResult struct {
	tls *backendTLS
	err error
}

func (t *translator) newBackendTLS(p *bind.BackendTLSPolicy) (*backendTLS, error) {
	s := &backendTLS{policy: p, depth: maxDepth, other: -1}
	s.readNames()
	for key, value := range p.Spec.Spec.Options {
		field := "spec.options[" + string(key) + "]"
		if key != depthOption && key != annotationPrefix+depthOption {
			return nil, fieldError{field, fmt.Errorf("kong has no such option: want %s", depthOption)}
		}
		depth, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || depth < 0 || depth > maxDepth {
			return nil, fieldError{field, fmt.Errorf("%q is not a whole number from 0 to %d", value, maxDepth)}
		}
		s.depth = depth
	}
	for _, c := range p.CACertificates {
		ids, err := t.caCertificates(c.Object, c.PEM)
		if err != nil {
			return nil, fieldError{"spec.validation.caCertificateRefs", fmt.Errorf("%s: %w", c.Object.Ref, err)}
		}
		s.authorities = append(s.authorities, ids...)
	}
	slices.Sort(s.authorities)
	s.authorities = slices.Compact(s.authorities)
	return s, nil
}

// readNames reads spec.validation.subjectAltNames.
func (s *backendTLS) readNames() {
	for i, name := range s.policy.Spec.Spec.Validation.SubjectAltNames {
		if name.Type == gatewayv1.HostnameSubjectAltNameType {
			s.hosts = append(s.hosts, strings.ToLower(string(name.Hostname)))
		} else {
			s.uris = append(s.uris, string(name.URI))
		}
		if s.other < 0 && !strings.EqualFold(string(name.Hostname), s.hostname()) {
			s.other = i
		}
	}
}

// depthOption is the option that Kong's Ingress Controller knows.
const depthOption = "tls-verify-depth"

// fieldError is what is wrong with a field.
type fieldError struct {
	field string
	error
}

func (e fieldError) Unwrap() error { return e.error }

// needAuthorities says, once, what wellKnownCACertificates: System takes where Lua does not ask. Nothing passes without.
//
// Source: Kong 3.9.3, kong/runloop/upstream_ssl.lua; the description of ca_certificates in Kong's Admin API.
func (t *translator) needAuthorities(s *backendTLS) {
	if s.needed {
		return
	}
	s.needed = true
	f := unsupported(s.policy.Object, wellKnownField, "Kong trusts for this what its kong.conf says, by default nobody: without the settings "+
		"no backend is reached")
	f.Severity, f.Code = diag.Warning, NeedsSetting
	f.Hint = "set nginx_proxy_proxy_ssl_verify = on and nginx_proxy_proxy_ssl_trusted_certificate to the system's bundle in kong.conf, " +
		"or name the authorities by caCertificateRefs"
	t.report(f)
}

const wellKnownField = "spec.validation.wellKnownCACertificates"

// admits returns an error if a backend cannot be reached by the TLS of its policy in this rule.
func (t *translator) admits(r *rule, b bind.Backend, s *backendTLS) error {
	protocol := protocol(b)["protocol"]
	if v, _, ok := annotation(b.Service.Annotations, "protocol"); ok {
		protocol = v
	}
	for _, first := range r.rule.Backends {
		if first.Index != b.Index && first.Weight > 0 && first.Reason == "" && (first.Policy == nil || !sameTLS(first.Policy, s.policy)) {
			return fmt.Errorf("%s port %d is reached otherwise, and the backends of a rule share one Kong service", first.Object.Ref, first.Port)
		}
	}
	if r.isStream() {
		return r.admitsStream(s)
	}
	if r.rule.GRPC != nil || protocol == "grpc" || protocol == "grpcs" {
		return errors.New("kong verifies no backend over HTTP/2: its services of protocol grpcs have no tls_verify")
	}
	problem := t.withoutLua(r, s)
	if problem == nil {
		return nil
	}
	if s.other >= 0 {
		return fieldError{namesField(s.other), fmt.Errorf("%w; %w", errOneName, problem)}
	}
	if host, rewritten := rewrittenHost(r.rule.HTTP, b); rewritten && host != s.hostname() {
		return fmt.Errorf("a filter makes the Host %s, and Kong asks for the server that the Host names; %w", host, problem)
	}
	return nil
}

func namesField(i int) string { return fmt.Sprintf("spec.validation.subjectAltNames[%d]", i) }

var errOneName = errors.New("kong verifies a backend's certificate for the one name that it asks for in the " +
	"handshake, spec.validation.hostname")

// admitsStream returns an error if Kong cannot speak TLS to the backends of a rule of streams as their policy says.
func (r *rule) admitsStream(s *backendTLS) error {
	passes := func(b bind.Binding) bool { return streamProtocol(b.Listener) == "tls_passthrough" }
	switch {
	case slices.ContainsFunc(r.bindings, passes):
		return errors.New("one listener of the route passes TLS on and another ends it, and a rule has one Kong service")
	case s.other >= 0:
		return fieldError{namesField(s.other), errOneName}
	case s.system():
		return fieldError{wellKnownField, errors.New("kong knows no such authorities for streams: name them by caCertificateRefs")}
	}
	return nil
}

// sameTLS reports whether two policies ask for the same TLS.
func sameTLS(a, b *bind.BackendTLSPolicy) bool {
	return a == b || a.Object.Ref.Namespace == b.Object.Ref.Namespace &&
		reflect.DeepEqual(a.Spec.Spec.Validation, b.Spec.Spec.Validation) && maps.Equal(a.Spec.Spec.Options, b.Spec.Spec.Options)
}

// refusePolicy says why requests for a backend are answered 500, or connections refused, once for a policy and route.
func (t *translator) refusePolicy(r *rule, b bind.Backend, err error) {
	field := "spec"
	var at fieldError
	if errors.As(err, &at) {
		field = at.field
	}
	key := refusal{b.Policy, r.bound.Object.Ref, err.Error()}
	if t.refused[key] {
		return
	}
	t.refused[key] = true
	effect := "requests of %s for %s are answered 500"
	if r.isStream() {
		effect = "connections of %s to %s are refused"
	}
	f := unsupported(b.Policy.Object, field, err.Error()+": "+fmt.Sprintf(effect, r.bound.Object.Ref, b.Target))
	f.Related, f.Hint = []diag.Pos{b.Pos}, hintFor(err)
	t.report(f)
}

// refusal is a policy that is refused for a route.
type refusal struct {
	policy *bind.BackendTLSPolicy
	route  manifest.Ref
	why    string
}

// sendsHost reports whether all requests of the rule have a Host as they go out.
func (r *rule) sendsHost(hostname string) bool {
	if len(r.rule.Backends) > 0 {
		if host, ok := rewrittenHost(r.rule.HTTP, r.rule.Backends[0]); ok {
			return host == hostname
		}
	}
	other := func(b bind.Binding) bool { return !slices.Equal(b.Hostnames, []string{hostname}) }
	return r.preserveHost && !slices.ContainsFunc(r.bindings, other)
}

// rewrittenHost returns the Host that a filter of the rule or of the backend gives to requests.
func rewrittenHost(r *gatewayv1.HTTPRouteRule, b bind.Backend) (host string, ok bool) {
	if r == nil {
		return "", false
	}
	filters := slices.Clone(r.Filters)
	for _, f := range b.Filters {
		if f.HTTP != nil {
			filters = append(filters, *f.HTTP)
		}
	}
	for _, f := range filters {
		if f.URLRewrite != nil && f.URLRewrite.Hostname != nil {
			host, ok = strings.ToLower(string(*f.URLRewrite.Hostname)), true
		}
		if f.RequestHeaderModifier == nil {
			continue
		}
		for _, h := range slices.Concat(f.RequestHeaderModifier.Set, f.RequestHeaderModifier.Add) {
			if strings.EqualFold(string(h.Name), "Host") {
				host, ok = strings.ToLower(h.Value), true
			}
		}
	}
	return host, ok
}

// replaceHost gives the requests of a rule the hostname of the backends' policy for a Host, by which Kong asks for the server, and says so,
// and why Lua does not ask.
func (t *translator) replaceHost(r *rule, problem error) {
	p, host := r.tls.policy, r.tls.hostname()
	const field = "spec.validation.hostname"
	r.plugins = append(r.plugins, &plugin{
		name: "request-transformer", config: map[string]any{"replace": map[string]any{"headers": []string{"Host:" + host}}},
		object: p.Object, field: field, pos: p.Object.At(field),
	})
	f := unsupported(r.bound.Object, fmt.Sprintf("spec.rules[%d].backendRefs", r.rule.Index), fmt.Sprintf(
		"the backends get Host %s, whatever the client sent: Kong asks for the server that the Host names, and their %s wants that one",
		host, p.Object.Ref))
	f.Severity, f.Code, f.Related = diag.Warning, HostReplaced, []diag.Pos{p.Object.At(field)}
	f.Hint = "if that is as it should be, say so with a filter URLRewrite of this hostname; else give the policy the hostname of the route"
	if hint := hintFor(problem); hint != "" {
		f.Hint = "if that is as it should be, say so with a filter URLRewrite of this hostname; else " + hint
	}
	t.report(f)
}

// tlsFields sets the fields by which the rule's Service speaks TLS: by the backends' policy, and with the client certificate of the
// Gateways.
func (t *translator) tlsFields(r *rule, fields map[string]any) {
	if r.tls != nil {
		fields["protocol"], fields["tls_verify"], fields["tls_verify_depth"] = "https", true, r.tls.depth
		if r.isStream() {
			fields["protocol"] = "tls"
		}
		delete(fields, "ca_certificates")
		if len(r.tls.authorities) > 0 {
			fields["ca_certificates"] = r.tls.authorities
		}
	}
	if _, ok := fields["client_certificate"]; !ok {
		t.identify(r, fields)
	}
}

// sender is what is known of a Service whose backends have a BackendTLSPolicy: which Host it sends, and whether Lua asks them, so that Kong
// makes no connections.
type sender struct {
	host  string
	byLua bool
}

// sendsHost notes which Host a Service sends, for those of policies.
func (t *translator) sendsHost(service made, r *rule) {
	if r.tls != nil {
		t.senders[service.ID] = sender{r.tls.hostname(), r.luaTLS != nil}
	}
}
