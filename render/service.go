package render

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/kong"
)

// kongService is the Service that rules of a route lead to.
type kongService struct {
	name string
	// plugins are those on it, and personal those there for requests of certain consumers.
	plugins, personal []*plugin
	// shut says that nothing may pass to it, since a plugin that is to be on it cannot be used.
	shut bool
}

// behind returns what is known of the Service that the rule's routes lead to, zero for none.
func (r *rule) behind() kongService {
	if r.service == nil {
		return kongService{}
	}
	return *r.service
}

// services renders the Services of a route's rules, and tells each rule its own and the plugins that its backends take. Rules with the
// same backends share the Service of the first, if they ask the same of it.
func (t *translator) services(route []*rule) {
	seen := map[sharing]shared{}
	for _, r := range route {
		if r.matches[0].last {
			continue // a plugin answers, and nothing of the manifests stands behind it
		}
		t.secure(r)
		key := sharing{}
		if len(route) > 1 {
			key = r.sharing()
		}
		s, ok := seen[key]
		if !ok {
			s.service = &kongService{name: serviceName(r.bound.Object.Ref, r.rule.Index)}
			r.service = s.service
			s.plugins = t.service(r)
			seen[key] = s
		}
		r.service = s.service
		for _, p := range s.plugins {
			own := *p
			own.field = ruleField(r.rule.Index) + p.field
			own.pos = r.bound.Object.At(own.field)
			r.plugins = append(r.plugins, &own)
		}
	}
}

// shared is a Service of rules, and the plugins for the Routes of each.
type shared struct {
	service *kongService
	plugins []*plugin
}

// sharing is what rules of one route have in common that share a Service.
type sharing struct {
	backends string
	asks     string
	path     string
	answers  bool
	refused  bool
	byLua    bool
}

func (r *rule) sharing() sharing {
	return sharing{backendsKey(r), r.asks(), r.path, r.answers, r.refused, r.luaTLS != nil}
}

// backendsKey tells apart what rules lead to.
func backendsKey(r *rule) string {
	var keys []string
	for _, b := range r.rule.Backends {
		if len(b.Filters) > 0 {
			return fmt.Sprint(r.rule.Index) // how they work may depend on the rule's own
		}
		keys = append(keys, fmt.Sprintf("%+v %d %d %t", b.Target, b.Port, b.Weight, r.broken(b)))
	}
	slices.Sort(keys)
	return strings.Join(keys, "\n")
}

// asks is what a rule asks of its Service beside its backends, as a text.
func (r *rule) asks() string {
	if r.answers {
		return ""
	}
	text, err := json.Marshal([]any{r.rule.HTTP.Timeouts, r.rule.HTTP.Retry, r.session()})
	if err != nil {
		return serviceName(r.bound.Object.Ref, r.rule.Index)
	}
	return string(text)
}

// service adds the Service of a rule, with Upstreams where it takes several addresses or has backends with filters of their own. It
// returns the plugins for the rule's routes: Kong runs one plugin of a name, that of the route rather than that of its Service. Their
// fields begin below the rule.
func (t *translator) service(r *rule) []*plugin {
	t.checkUnused(r)
	d := t.delivery(r)
	t.tlsFields(r, d.fields)
	d.fields["name"] = r.service.name
	if r.path != "" {
		d.fields["path"] = r.path
	}
	t.lead(d)
	e := t.add(kong.Services, kong.ID(kong.Services, r.service.name), d.fields, d.tags, d.origin)
	t.sendsHost(e, r)
	if e.isZero() {
		return nil
	}
	var routes []*plugin
	if !r.answers && len(d.groups) > 0 {
		if routes = t.deliver(d); d.problem != "" {
			return routes // a plugin of the Service could answer first
		}
	}
	plugins, ok := t.attachToService(r, d.usable)
	if !ok {
		r.service.shut = true
		return nil
	}
	plugins, r.service.personal = t.takePersonal(plugins)
	if !r.answers && len(d.groups) == 0 {
		plugins = []*plugin{unreachable(r.brokenStatus())}
	}
	r.service.plugins = plugins
	settled, ok := t.combine(r.bound.Object, inherit(plugins, t.everywhere))
	if !ok {
		r.service.shut = true
		return nil
	}
	for _, p := range settled {
		t.plugin(p, e, d.tags, d.origin)
	}
	t.personalOn(e, r.service.personal, generated(plugins), d.origin)
	return routes
}

// noBackend is what requests are told that none of the rule's backends is for.
const noBackend = "no existing backendRef provided"

// unreachable answers every request with a status, for want of a backend.
func unreachable(status int) *plugin {
	return &plugin{name: "request-termination", config: map[string]any{"status_code": status, "message": noBackend}}
}

// lead sets where a rule's Service leads: to an address, or to the Upstream of the first group of backends.
func (t *translator) lead(d *delivery) {
	if len(d.groups) == 0 {
		d.fields["host"] = d.rule.service.name + ".invalid"
		return
	}
	for i := range d.groups {
		g := &d.groups[i]
		fields := d.rule.serverName(t.upstreamFields(d, g.backends))
		if d.hashing == nil && !d.rule.namesServer() && len(g.backends) == 1 && len(g.backends[0].Endpoints) > 1 {
			if name, ok := t.endpoints(d.rule, g.backends[0]); ok {
				g.upstream = name
				continue
			}
		}
		if len(d.groups) == 1 && len(fields) == 0 && len(g.shares) == 1 {
			d.fields["host"], d.fields["port"] = g.shares[0].host, g.shares[0].port
			return
		}
		g.upstream = d.rule.service.name
		if i > 0 {
			g.upstream += fmt.Sprintf(".backend%d", g.backends[0].Index)
		}
		t.upstream(t.add, d.rule, g.upstream, g.shares, fields, d.tags, d.origin)
	}
	d.fields["host"] = d.groups[0].upstream
}

// checkUnused reports what is wrong with the annotations of backends that get no requests. Those of the others are read as they are used.
func (t *translator) checkUnused(r *rule) {
	for _, b := range r.rule.Backends {
		if b.Reason == "" && b.Service != nil && (b.Weight == 0 || r.broken(b)) {
			t.serviceFields(r, []bind.Backend{b})
			t.asked(*b.Object)
		}
	}
}

// split returns the backends that get requests, and the weight of those that are broken.
func (t *translator) split(r *rule) (usable []bind.Backend, bad int64) {
	for _, b := range r.rule.Backends {
		switch {
		case b.Weight == 0:
		case r.broken(b):
			bad += int64(b.Weight)
		default:
			usable = append(usable, b)
		}
	}
	return usable, bad
}

// broken reports whether the requests of a backend are to be answered 500: it does not resolve, it is to be reached by a TLS that is not
// rendered, or one of its filters does not resolve.
func broken(b bind.Backend) bool {
	return b.Reason != "" || b.Policy != nil || slices.ContainsFunc(b.Filters, blocks)
}
