package render

import (
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/lua"
)

// askByLua has Lua ask the backends of a rule where Kong's own TLS would not be as their policy says, if Lua can: it has a name for the
// server, one for the Host, and any number for the certificate. Else the requests get the Host that Kong's TLS takes.
func (t *translator) askByLua(r *rule) {
	s := r.tls
	hosted := r.sendsHost(s.hostname())
	problem := t.withoutLua(r, s)
	if problem == nil && (!hosted || s.other >= 0 || s.system() || r.resends() || t.isContested(r)) {
		r.luaTLS = s.lua()
		t.saysLua(r)
		return
	}
	if s.system() {
		t.needAuthorities(s)
	}
	if !hosted {
		t.replaceHost(r, problem)
	}
}

// withoutLua returns why Lua cannot ask the backends of a rule in Kong's place; nil if it can.
func (t *translator) withoutLua(r *rule, s *backendTLS) error {
	switch {
	case t.target.Declarative:
		return errors.New("profile declarative does without Lua")
	case r.session() != nil:
		return errors.New("lua chooses a backend at random, so that no session could persist")
	case s.system() && s.other >= 0:
		return errSystemNames
	case r.identified():
		return errNoClientCertificate
	}
	for _, b := range r.rule.Backends {
		if b.Service == nil || b.Weight == 0 {
			continue
		}
		_, identified := t.annotatedTLS(b, "https").fields["client_certificate"]
		balanced := maps.Clone(t.asked(*b.Object))
		delete(balanced, "host_header")
		switch {
		case identified:
			return errNoClientCertificate
		case len(balanced) > 0:
			return errors.New("lua chooses a backend at random, whatever its KongUpstreamPolicy says")
		case b.ServicePort != nil && b.ServicePort.AppProtocol != nil && strings.EqualFold(*b.ServicePort.AppProtocol, "kubernetes.io/wss"):
			return errors.New("lua passes no WebSockets on")
		}
	}
	return t.missingModules(s.lua())
}

// identified reports whether a Gateway of the rule has a client certificate for backends.
func (r *rule) identified() bool {
	return slices.ContainsFunc(r.bindings, func(b bind.Binding) bool { return b.Listener.Gateway.ClientCertificate != nil })
}

var (
	errNoClientCertificate = errors.New("lua presents no client certificate")
	errSystemNames         = errors.New("lua, too, looks for the one name where the authorities are those of Kong's own configuration")
)

// lacks returns those modules that a TLS of Lua takes and the target does not let it load.
func (t Target) lacks(s *lua.TLS) []string {
	var missing []string
	for _, m := range s.Modules() {
		if !slices.Contains(t.Modules, m) && !slices.Contains(t.Modules, kong.AnyModule) {
			missing = append(missing, m)
		}
	}
	return missing
}

// verifies reports whether Lua can verify backends by a policy's own authorities.
func (t Target) verifies() bool {
	return !t.Declarative && len(t.lacks(&lua.TLS{Authorities: []string{""}})) == 0
}

// missingModules returns an error if Lua may not load what a TLS of its takes.
func (t *translator) missingModules(s *lua.TLS) error {
	missing := t.target.lacks(s)
	if len(missing) == 0 {
		return nil
	}
	return withHint{errors.New("lua, which could do it, may not load the modules that it takes"), fmt.Sprintf("add %s to "+
		"untrusted_lua_sandbox_requires in kong.conf, so that Lua can do it; offline, say so by --lua-requires", strings.Join(missing, ", "))}
}

// saysLua says what it means that Lua asks a rule's backends.
func (t *translator) saysLua(r *rule) {
	p := r.tls.policy
	f := unsupported(r.bound.Object, fmt.Sprintf("spec.rules[%d].backendRefs", r.rule.Index),
		fmt.Sprintf("Lua asks the backends, as %s wants, over a connection for each request: "+
			"requests and answers are in memory as a whole, and WebSockets are answered 501", p.Object.Ref))
	f.Severity, f.Code, f.Related = diag.Info, AskedByLua, []diag.Pos{p.Object.At("spec.validation")}
	t.report(f)
}

// lua returns the TLS for Lua.
func (s *backendTLS) lua() *lua.TLS {
	out := &lua.TLS{Name: s.hostname(), Authorities: pems(s.policy.CACertificates), Depth: s.depth, Hosts: s.hosts, URIs: s.uris}
	if len(s.policy.Spec.Spec.Validation.SubjectAltNames) == 0 {
		out.Hosts = []string{out.Name}
	}
	return out
}

// pems returns certificates of authorities, each once and in order.
func pems(authorities []bind.CACertificate) []string {
	var out []string
	for _, c := range authorities {
		for block, rest := pem.Decode([]byte(c.PEM)); block != nil; block, rest = pem.Decode(rest) {
			out = append(out, strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
