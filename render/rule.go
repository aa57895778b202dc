package render

import (
	"maps"
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/lua"
)

// common is a route that some listener accepts, with what its rules have in common.
type common struct {
	bound        *bind.Route
	bindings     []bind.Binding
	tags         []string
	protocols    []string
	preserveHost bool
	// settings are further fields of the routes that annotations set, and narrow is what they restrict the matches by.
	settings map[string]any
	narrow   narrowing
	// places are where listeners accept the route, see [common.setPlaces].
	places []place
	// name and field are for what stands for a listener: the name of its only Route, and the listener's field, see [listenerRule]; else "".
	name, field string
}

// rule is one rule of an HTTPRoute that some listener accepts.
type rule struct {
	*common
	rule *bind.Rule
	// first says that it is the first of its route, to report what concerns the route as a whole.
	first   bool
	matches []match
	plugins []*plugin
	// personal are the user's plugins for requests of certain consumers.
	personal []*plugin
	// generated are the plugins of the rule's Routes that are gwsync's own, once they are settled.
	generated []*plugin
	// answers says that a plugin answers all requests, so that the rule needs no backend.
	answers bool
	// cors says that the rule has a policy on cross-origin requests; refused that the answer is 500: no other plugin must answer before.
	cors      bool
	refused   bool
	stripPath bool
	// folded says that plain requests and those of HTTPS need not be told apart, see [translator.foldUpgrades].
	folded bool
	// path is the path of the rule's Service, "" for none; upgrade the status of a redirect to HTTPS that needs no plugin, 0 for none.
	path    string
	upgrade int
	// tls is how Kong speaks TLS to the backends, nil if no BackendTLSPolicy is for them; secured are the places of those that it is for.
	tls     *backendTLS
	secured []int
	// luaTLS is the same for Lua, where it asks the backends in Kong's place; else nil.
	luaTLS *lua.TLS
	// unsafe are the places of those that annotations want TLS for that Kong cannot speak.
	unsafe []int
	// service is the Service that the rule's routes lead to; nil for none.
	service *kongService
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
	all := &common{bound: r, bindings: bindings, tags: objectTags(r.Object.Ref), preserveHost: true, protocols: protocols(bindings)}
	all.tags = append(all.tags, t.userTags(r.Object, r.Object.Annotations())...)
	stripPath := t.annotate(all)
	var out []*rule
	for i := range r.Rules {
		if r.Rules[i].Dropped != "" {
			continue // bind said why
		}
		one := &rule{common: all, rule: &r.Rules[i], first: len(out) == 0, stripPath: stripPath}
		if one.rule.GRPC != nil {
			one.matches = calls(one)
			one.rule = asHTTP(one.rule)
		} else {
			one.matches = matchesOf(one)
		}
		if t.narrowMatches(one); len(one.matches) == 0 {
			continue
		}
		one.plugins = append(t.guard(one), t.filters(one)...)
		one.implyPreflights()
		t.attach(one)
		out = append(out, one)
	}
	return out
}

// allTags returns the tags of what the rule becomes.
func (r *rule) allTags() []string {
	if r.rule.Name == "" {
		return r.tags
	}
	return append(slices.Clip(r.tags), "k8s-named-route-rule:"+r.rule.Name)
}

// narrowMatches leaves out the matches of a rule that the annotations of its route cannot restrict as they say.
func (t *translator) narrowMatches(r *rule) {
	r.matches = slices.DeleteFunc(r.matches, func(m match) bool {
		if r.narrow.invalid {
			return true
		}
		err := m.check()
		if err != nil {
			t.report(unsupported(r.bound.Object, m.field(), err.Error()))
		}
		return err != nil
	})
}

// matchesOf returns a rule's matches; without any it matches everything (HTTPRouteRule.matches).
func matchesOf(r *rule) []match {
	matches := r.rule.HTTP.Matches
	if len(matches) == 0 {
		matches = []gatewayv1.HTTPRouteMatch{{}}
	}
	out := make([]match, len(matches))
	for i := range matches {
		out[i] = newMatch(r, i, &matches[i])
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

// routeFields returns the fields that all routes of the rule share, for the caller to add to.
func (r *rule) routeFields() map[string]any {
	const usual = 12
	out := make(map[string]any, usual)
	out["protocols"], out["strip_path"], out["preserve_host"] = r.protocols, r.stripPath, r.preserveHost
	maps.Copy(out, r.settings)
	if r.upgrade != 0 { // Kong redirects plain requests to HTTPS
		out["protocols"], out["https_redirect_status_code"] = []string{"https"}, r.upgrade
	}
	return out
}
