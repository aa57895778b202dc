package render

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/lua"
)

// mirrors returns the plugin that copies requests as the filters of type RequestMirror among some ask, none if none does. The copies are of
// what goes to the backend, after the rule's other filters. A mirror that does not resolve is left out, which package bind reports.
// Only is the number of the one backend whose requests are copied, 0 for all.
func (t *translator) mirrors(r *rule, filters []bind.Filter, only int) ([]lua.Mirror, error) {
	var out []lua.Mirror
	for _, f := range filters {
		if f.Mirror == nil || f.Reason != "" {
			continue
		}
		m, err := t.mirror(r, *f.Mirror)
		if err != nil {
			return nil, fmt.Errorf("mirror %s: %w", f.Mirror.Target, err)
		}
		m.Only = only
		m.Share, m.Of = portion(f)
		if m.Share > 0 {
			t.warnOfMirror(r, f)
			out = append(out, m)
		}
	}
	return out, nil
}

// warnOfMirror reports annotations of a mirror's Service that would have a say in its requests: copies do not go through Kong.
func (t *translator) warnOfMirror(r *rule, f bind.Filter) {
	service := f.Mirror.Object
	var names []string
	warning := diag.Finding{
		Severity: diag.Warning, Code: InexactMirror, Object: r.bound.Object.Ref.Diag(), Pos: f.Pos,
		Hint: "remove the annotations if they are for mirrored requests only, or see to it that the backend can do without them",
	}
	for _, name := range []string{"plugins", "path", "host-header", "upstream-policy"} {
		if _, field, ok := annotation(service.Annotations(), name); ok && (name != "plugins" || t.runs(t.graph.PluginRefs(*service))) {
			names = append(names, annotationPrefix+name)
			warning.Related = append(warning.Related, service.At(field))
		}
	}
	if len(names) > 0 {
		warning.Message = fmt.Sprintf("copies of requests go straight to %s, and nothing comes of its annotations %s", service.Ref,
			strings.Join(names, ", "))
		t.report(warning)
	}
}

// runs reports whether Kong would run one of the plugins.
func (t *translator) runs(refs []bind.PluginRef) bool {
	return slices.ContainsFunc(refs, func(ref bind.PluginRef) bool { return ref.Plugin != nil && !ref.Plugin.Spec.Disabled })
}

// ruleMirrors returns the plugin for the mirrors among a rule's filters. One that cannot be is reported, and its rule answers 500.
func (t *translator) ruleMirrors(r *rule) []*plugin {
	i := slices.IndexFunc(r.rule.Filters, func(f bind.Filter) bool { return f.Mirror != nil && f.Reason == "" })
	if i < 0 || r.answers {
		return nil
	}
	field := fmt.Sprintf("spec.rules[%d].filters[%d]", r.rule.Index, i)
	list, err := t.mirrors(r, r.rule.Filters, 0)
	if err != nil {
		f := unsupported(r.bound.Object, field, err.Error())
		f.Hint = hintFor(err)
		t.report(f)
		return r.refuse("invalid filter")
	}
	if len(list) == 0 {
		return nil
	}
	p := luaPlugin(postFunction, "access", lua.Copies(list))
	p.field, p.pos = field, r.bound.Object.At(field)
	return []*plugin{p}
}

// mirror returns where copies for a backend go.
func (t *translator) mirror(r *rule, b bind.Backend) (lua.Mirror, error) {
	if r.rule.GRPC != nil {
		return lua.Mirror{}, errors.New("kong's Lua copies requests over HTTP/1.1, which no call of gRPC is")
	}
	secured, err := t.mirrorTLS(r, b)
	if err != nil {
		return lua.Mirror{}, err
	}
	found, err := t.addresses(r, b)
	return lua.Mirror{Addresses: luaAddresses(found), TLS: secured}, err
}

// mirrorTLS returns the TLS for a mirror by its BackendTLSPolicy; nil for one without, which takes HTTP/1.1 as it is.
func (t *translator) mirrorTLS(r *rule, b bind.Backend) (*lua.TLS, error) {
	if b.Policy == nil {
		return nil, t.plainHTTP(b)
	}
	s, err := t.policy(b.Policy)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Policy.Object.Ref, err)
	}
	if s.system() && s.other >= 0 {
		return nil, fmt.Errorf("%s: %w", b.Policy.Object.Ref, errSystemNames)
	}
	_, identified := t.annotatedTLS(b, "https").fields["client_certificate"]
	if identified || r.identified() {
		return nil, errNoClientCertificate
	}
	if p := protocol(b)["protocol"]; p == "grpc" {
		return nil, errors.New("it speaks HTTP/2, and Kong's Lua only HTTP/1.1")
	}
	return s.lua(), t.missingModules(s.lua())
}

// portion returns how many of how many requests a filter copies (HTTPRequestMirrorFilter.percent, fraction).
func portion(f bind.Filter) (share, of int64) {
	m := f.HTTP.RequestMirror
	switch {
	case m == nil:
		return 0, 1
	case m.Percent != nil:
		return int64(*m.Percent), 100
	case m.Fraction != nil && m.Fraction.Denominator != nil:
		return int64(m.Fraction.Numerator), int64(*m.Fraction.Denominator)
	case m.Fraction != nil:
		return int64(m.Fraction.Numerator), 100
	}
	return 1, 1
}

// plainHTTP returns an error for a backend to which generated Lua cannot speak: it knows HTTP/1.1 without TLS.
func (t *translator) plainHTTP(b bind.Backend) error {
	fields := protocol(b)
	if v, _, ok := annotation(b.Service.Annotations, "protocol"); ok {
		fields["protocol"] = v
	}
	if p, ok := fields["protocol"]; ok && p != "http" {
		return fmt.Errorf("it speaks %s, and Kong's Lua only HTTP/1.1 without TLS", p)
	}
	return nil
}

func luaAddresses(shares []share) []lua.Address {
	out := make([]lua.Address, len(shares))
	for i, s := range shares {
		out[i] = lua.Address{Host: s.host, Port: s.port, Weight: s.weight}
	}
	return out
}
