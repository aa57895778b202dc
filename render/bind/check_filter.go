package bind

import (
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// filters denies the invalid filters of a rule and its backendRefs. What the CRDs forbid already is not looked at: repeated filters, and
// combinations within one list.
func (d *denials) filters(rule *Rule) {
	for i := range rule.Filters {
		d.filter(&rule.Filters[i])
	}
	rewrites := func(f *Filter) bool { return f.Type == string(gatewayv1.HTTPRouteFilterURLRewrite) }
	redirects := func(f *Filter) bool { return f.Type == string(gatewayv1.HTTPRouteFilterRequestRedirect) }
	for i := range rule.Backends {
		for j := range rule.Backends[i].Filters {
			f := &rule.Backends[i].Filters[j]
			d.filter(f)
			if rewrites(f) && has(rule.Filters, redirects) || redirects(f) && has(rule.Filters, rewrites) {
				d.add(checkFilter, IncompatibleFilters, f.field, "redirect or rewrite, in rules of their own",
					"URLRewrite and RequestRedirect cannot be in one rule")
			}
			d.replacePrefix(rule, f)
		}
	}
}

func has(filters []Filter, want func(*Filter) bool) bool {
	for i := range filters {
		if want(&filters[i]) {
			return true
		}
	}
	return false
}

// filter denies a filter that is invalid by itself.
func (d *denials) filter(f *Filter) {
	switch {
	case f.HTTP != nil && !knownHTTPFilter(f.HTTP.Type), f.GRPC != nil && !knownGRPCFilter(f.GRPC.Type):
		d.add(checkFilter, UnsupportedValue, f.field+".type", "use a filter that the Gateway API defines, or remove this one",
			"filter %s is none that gwsync knows", f.Type)
	case f.HTTP != nil:
		d.headers(f.field+".requestHeaderModifier", f.HTTP.RequestHeaderModifier)
		d.headers(f.field+".responseHeaderModifier", f.HTTP.ResponseHeaderModifier)
	case f.GRPC != nil:
		d.headers(f.field+".requestHeaderModifier", f.GRPC.RequestHeaderModifier)
		d.headers(f.field+".responseHeaderModifier", f.GRPC.ResponseHeaderModifier)
	}
}

func knownHTTPFilter(t gatewayv1.HTTPRouteFilterType) bool {
	switch t {
	case gatewayv1.HTTPRouteFilterRequestHeaderModifier, gatewayv1.HTTPRouteFilterResponseHeaderModifier,
		gatewayv1.HTTPRouteFilterRequestRedirect, gatewayv1.HTTPRouteFilterURLRewrite, gatewayv1.HTTPRouteFilterRequestMirror,
		gatewayv1.HTTPRouteFilterCORS, gatewayv1.HTTPRouteFilterExternalAuth, gatewayv1.HTTPRouteFilterExtensionRef:
		return true
	}
	return false
}

func knownGRPCFilter(t gatewayv1.GRPCRouteFilterType) bool {
	switch t {
	case gatewayv1.GRPCRouteFilterRequestHeaderModifier, gatewayv1.GRPCRouteFilterResponseHeaderModifier,
		gatewayv1.GRPCRouteFilterRequestMirror, gatewayv1.GRPCRouteFilterExtensionRef:
		return true
	}
	return false
}

// headers denies a second action for one header (HR HTTPHeaderFilter: "Only one action for a given header name is permitted"). Names
// are the same in any case. Of several entries of `set`, or of `add`, the first counts and the others are ignored (HR HTTPHeader.Name).
func (d *denials) headers(field string, f *gatewayv1.HTTPHeaderFilter) {
	if f == nil {
		return
	}
	actions := map[string]string{}
	act := func(action, header, at string) {
		name := strings.ToLower(header)
		switch before := actions[name]; {
		case before == "":
			actions[name] = action
		case before != action:
			d.add(checkFilter, UnsupportedValue, at, "keep one of the two",
				"header %s is under %s too: a filter has one action for a header", header, before)
		}
	}
	for i, h := range f.Set {
		act("set", string(h.Name), indexed(field+".set", i))
	}
	for i, h := range f.Add {
		act("add", string(h.Name), indexed(field+".add", i))
	}
	for i, h := range f.Remove {
		act("remove", h, indexed(field+".remove", i))
	}
}

// replacePrefix denies a replacePrefixMatch of a backendRef in a rule that does not match by one prefix (HR
// HTTPPathModifier.ReplacePrefixMatch). The CRDs only forbid it where one backendRef has one.
func (d *denials) replacePrefix(rule *Rule, f *Filter) {
	field := ""
	switch h := f.HTTP; {
	case h == nil:
	case h.URLRewrite != nil && replacesPrefix(h.URLRewrite.Path):
		field = f.field + ".urlRewrite.path.replacePrefixMatch"
	case h.RequestRedirect != nil && replacesPrefix(h.RequestRedirect.Path):
		field = f.field + ".requestRedirect.path.replacePrefixMatch"
	}
	if field == "" || onePrefix(rule.HTTP.Matches) {
		return
	}
	d.add(checkFilter, UnsupportedValue, field, "give each prefix a rule of its own, or use replaceFullPath",
		"replacePrefixMatch needs a rule with exactly one match, by PathPrefix")
}

func replacesPrefix(p *gatewayv1.HTTPPathModifier) bool {
	return p != nil && p.Type == gatewayv1.PrefixMatchHTTPPathModifier
}

// onePrefix reports whether there is one match, by a path's prefix. A rule without matches has that of "/".
func onePrefix(matches []gatewayv1.HTTPRouteMatch) bool {
	switch len(matches) {
	case 0:
		return true
	case 1:
		p := matches[0].Path
		return p == nil || or(p.Type, gatewayv1.PathMatchPathPrefix) == gatewayv1.PathMatchPathPrefix
	}
	return false
}
