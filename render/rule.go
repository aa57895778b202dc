package render

import (
	"maps"
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/lua"
)

// rule is one rule of an HTTPRoute that some listener accepts, with all that its routes have in common.
type rule struct {
	bound *bind.Route
	rule  *bind.Rule
	// first says that it is the first of its route, to report what concerns the route as a whole.
	first    bool
	bindings []bind.Binding
	matches  []match
	tags     []string
	plugins  []plugin
	// personal are the user's plugins for requests of certain consumers, and generated those of plugins that are gwsync's own.
	personal, generated []plugin
	// answers says that a plugin answers all requests, so that the rule needs no backend.
	answers bool
	// refused says that the answer is 500: no other plugin must answer before.
	refused bool
	// path is the path of the rule's Service, "" for none; upgrade the status of a redirect to HTTPS that needs no plugin, 0 for none.
	path    string
	upgrade int
	// folded says that plain requests and those of HTTPS need not be told apart, see [translator.foldUpgrades].
	folded bool
	// tls is how Kong speaks TLS to the backends, nil if no BackendTLSPolicy is for them; secured are the places of those that it is for.
	tls     *backendTLS
	secured []int
	// luaTLS is the same for Lua, where it asks the backends in Kong's place; else nil.
	luaTLS *lua.TLS
	// unsafe are the places of those that annotations want TLS for that Kong cannot speak.
	unsafe []int
	// service names the Service that the rule's routes lead to.
	service string

	protocols    []string
	stripPath    bool
	preserveHost bool
	// settings are further fields of the routes that annotations set, and narrow is what they restrict the matches by.
	settings map[string]any
	narrow   narrowing
	// places are where listeners accept the rule, see [rule.setPlaces].
	places []place
	// name is that of the only Route of a rule that stands for a listener, see [listenerRule]; else "".
	name string
}

// rules returns the rules of a route that can be rendered, in order; none if no listener accepts it. Those that are dropped are not
// served at all (SH RouteConditionPartiallyInvalid).
func (t *translator) rules(r *bind.Route) []*rule {
	bindings := t.served(r)
	if len(bindings) == 0 {
		return nil
	}
	if isStreamKind(r.Object.Ref.Kind) {
		return nil // see streams
	}
	common := rule{bound: r, bindings: bindings, tags: objectTags(r.Object.Ref), preserveHost: true, protocols: protocols(bindings)}
	common.tags = append(common.tags, t.userTags(r.Object, r.Object.Annotations())...)
	t.annotate(&common)
	var out []*rule
	for i := range r.Rules {
		if r.Rules[i].Dropped != "" {
			continue // bind said why
		}
		one := common
		one.rule, one.first = &r.Rules[i], len(out) == 0
		one.tags = slices.Clone(common.tags)
		if name := one.rule.Name; name != "" {
			one.tags = append(one.tags, "k8s-named-route-rule:"+name)
		}
		if one.rule.GRPC != nil {
			one.matches = calls(r, one.rule)
			one.rule = asHTTP(one.rule)
		} else {
			one.matches = matchesOf(r, one.rule)
		}
		if t.narrowMatches(&one); len(one.matches) == 0 {
			continue
		}
		one.plugins = append(t.guard(&one), t.filters(&one)...)
		t.attach(&one)
		out = append(out, &one)
	}
	return out
}

// narrowMatches restricts the matches of a rule as the annotations of its route say. A match that cannot be restricted is left out.
func (t *translator) narrowMatches(r *rule) {
	r.matches = slices.DeleteFunc(r.matches, func(m match) bool {
		if m.narrow = r.narrow; m.narrow.invalid {
			return true
		}
		err := m.check(r.protocols)
		if err != nil {
			t.report(unsupported(m.route.Object, m.field, err.Error()))
		}
		return err != nil
	})
	for i := range r.matches {
		r.matches[i].narrow = r.narrow
	}
}

// matchesOf returns a rule's matches; without any it matches everything (HTTPRouteRule.matches).
func matchesOf(r *bind.Route, rule *bind.Rule) []match {
	matches := rule.HTTP.Matches
	if len(matches) == 0 {
		matches = []gatewayv1.HTTPRouteMatch{{}}
	}
	out := make([]match, len(matches))
	for i, m := range matches {
		out[i] = newMatch(r, rule.Index, i, m)
	}
	return out
}

// protocols returns Kong's protocols for the listeners that accept a route, sorted.
func protocols(bindings []bind.Binding) []string {
	set := map[string]bool{}
	for _, b := range bindings {
		if b.Listener.Spec.Protocol == gatewayv1.HTTPSProtocolType {
			set["https"] = true
		} else {
			set["http"] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// hostnames returns the hostnames on which listeners accept the rule, sorted; "" is any. Those within others are there too, since
// precedence goes by them.
func (r *rule) hostnames() []string {
	out := make([]string, 0, len(r.places))
	for _, p := range r.places {
		out = append(out, p.hostname)
	}
	return out
}

// hostnamesOf returns the hostnames of a binding, "" for any.
func hostnamesOf(b bind.Binding) []string {
	if len(b.Hostnames) == 0 {
		return []string{""}
	}
	return b.Hostnames
}

// routeFields returns the fields that all routes of the rule share.
func (r *rule) routeFields() map[string]any {
	out := map[string]any{"protocols": r.protocols, "strip_path": r.stripPath, "preserve_host": r.preserveHost}
	maps.Copy(out, r.settings)
	maps.Copy(out, r.upgradeFields())
	return out
}
