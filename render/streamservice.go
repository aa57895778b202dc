package render

import (
	"fmt"
	"maps"
	"strings"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/kong"
)

// nobody is an address that refuses connections: the share of a backend that is broken has to be rejected (TCPRouteRule.backendRefs), and
// no plugin of Kong does that for streams. Port 1 of Kong's own host is reserved (RFC 1078), and open to the superuser only.
var nobody = share{host: "127.0.0.1", port: 1}

// isStream reports whether the rule is about connections rather than requests.
func (r *rule) isStream() bool { return isStreamKind(r.bound.Object.Ref.Kind) }

// streamService adds the Service of a rule of streams. Broken backends have their share, which is refused: Kong must not try another
// target instead. It returns false if nothing may pass, since a plugin cannot be used: there is none that would answer streams.
func (t *translator) streamService(r *rule) bool {
	origin := &kong.Origin{
		Object: r.bound.Object.Ref.Diag(), Field: fmt.Sprintf("spec.rules[%d]", r.rule.Index), Pos: r.rule.Pos,
	}
	t.checkUnused(r)
	usable, bad := t.split(r)
	all := usable
	for _, b := range r.rule.Backends {
		if b.Weight > 0 && r.broken(b) {
			all = append(all, b)
		}
	}
	tags := r.allTags()
	if len(usable) == 1 && bad == 0 {
		tags = append(objectTags(usable[0].Object.Ref), t.userTags(*usable[0].Object, usable[0].Service.Annotations)...)
	}
	fields := t.serviceFields(r, usable)
	fields["name"] = r.service.name
	if len(usable) == 0 {
		fields["protocol"] = r.speaks(bind.Backend{}, "")
	}
	if bad > 0 {
		fields["retries"] = 0
	}
	t.tlsFields(r, fields)
	d := &delivery{rule: r, tags: tags, origin: origin, fields: fields}
	if shares := t.shares(r, all); len(shares) > 0 {
		d.groups = []group{{backends: all, shares: shares}}
	}
	t.lead(d)
	e := t.add(kong.Services, kong.ID(kong.Services, r.service.name), fields, tags, origin)
	return !e.isZero() && t.streamPlugins(r, usable, e, d)
}

// namesServer reports whether the TLS of a rule's streams takes an Upstream to say which server is meant: that of its host_header, which
// for streams is the server name and nothing else. Kong's stream module takes off the port that Kong puts behind it.
//
// Source: Kong 3.9.3, kong/runloop/balancer/init.lua (set_host_header) and kong/templates/nginx_kong_stream.lua (proxy_ssl_name).
func (r *rule) namesServer() bool { return r.isStream() && r.tls != nil }

// serverName adds the server name of the backends' policy to the fields of a stream's Upstream.
func (r *rule) serverName(fields map[string]any) map[string]any {
	if !r.namesServer() {
		return fields
	}
	fields = maps.Clone(fields)
	if fields == nil {
		fields = map[string]any{}
	}
	fields["host_header"] = r.tls.hostname()
	return fields
}

// streamPlugins gives a rule of streams, and its Service, the plugins that annotations name. It returns false if one of them cannot be
// used.
func (t *translator) streamPlugins(r *rule, usable []bind.Backend, service made, d *delivery) bool {
	own, ok := t.userPlugins(r.bound.Object, t.graph.PluginRefs(r.bound.Object))
	behind, usableToo := t.attachToService(r, usable)
	if !ok || !usableToo || t.closed {
		return false
	}
	if r.plugins, ok = t.combine(r.bound.Object, inherit(own, behind)); !ok {
		return false
	}
	if behind, ok = t.combine(r.bound.Object, behind); !ok {
		return false
	}
	for _, p := range behind {
		t.plugin(p, service, d.tags, d.origin)
	}
	return true
}

// streamFields returns what Kong speaks to a backend of streams, and the annotations of its Service that are about them too: paths are
// not.
func (r *rule) streamFields(b bind.Backend) (fields map[string]any, annotations map[string]string) {
	protocol, _, _ := annotation(b.Service.Annotations, "protocol")
	annotations = maps.Clone(b.Service.Annotations)
	delete(annotations, annotationPrefix+"protocol")
	delete(annotations, annotationPrefix+"path")
	return map[string]any{"protocol": r.speaks(b, protocol)}, annotations
}

// speaks returns the protocol of the rule's Service, where its backend's annotation asks for one, or its BackendTLSPolicy. Of those for
// requests there is no more to a stream than whether it is TLS, which Kong passes on as it is or begins itself.
func (r *rule) speaks(b bind.Backend, annotated string) string {
	passes := false
	for _, b := range r.bindings {
		passes = passes || streamProtocol(b.Listener) == "tls_passthrough"
	}
	switch {
	case r.bound.Object.Ref.Kind == kindUDPRoute:
		return "udp"
	case !passes && (b.Policy != nil || strings.HasSuffix(annotated, "s") || annotated == "tls"):
		return "tls"
	}
	return "tcp"
}
