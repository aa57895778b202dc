package manifest

import (
	"fmt"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// filterRules are the rules of the filters at a field: each has the part that its type asks for and no other, those that
// decide on one thing come once, and prefixes are replaced only where one is matched.
func filterRules(filters []gatewayv1.HTTPRouteFilter, matches []gatewayv1.HTTPRouteMatch, field string, r report) {
	count := map[gatewayv1.HTTPRouteFilterType]int{}
	for i := range filters {
		f := &filters[i]
		at := fmt.Sprintf("%s[%d]", field, i)
		count[f.Type]++
		if count[f.Type] == 2 && once(f.Type) {
			r(CodeDuplicateItem, at, fmt.Sprintf("the filter %s must not be repeated", f.Type), "")
		}
		partRules(f, at, r)
		if f.RequestMirror != nil {
			portRule(f.RequestMirror.BackendRef, func() string { return at + ".requestMirror.backendRef" }, r)
		}
		if f.RequestRedirect != nil {
			modifierRules(f.RequestRedirect.Path, matches, at+".requestRedirect.path", r)
		}
		if f.URLRewrite != nil {
			modifierRules(f.URLRewrite.Path, matches, at+".urlRewrite.path", r)
		}
	}
	if count[gatewayv1.HTTPRouteFilterRequestRedirect] > 0 && count[gatewayv1.HTTPRouteFilterURLRewrite] > 0 {
		r.invalid(field, "must not have both RequestRedirect and URLRewrite")
	}
}

// once reports whether a rule may have only one filter of a type.
func once(t gatewayv1.HTTPRouteFilterType) bool {
	switch t {
	case gatewayv1.HTTPRouteFilterRequestHeaderModifier, gatewayv1.HTTPRouteFilterResponseHeaderModifier,
		gatewayv1.HTTPRouteFilterRequestRedirect, gatewayv1.HTTPRouteFilterURLRewrite, gatewayv1.HTTPRouteFilterCORS:
		return true
	}
	return false
}

// partRules says that a filter has what its type names, and nothing else.
func partRules(f *gatewayv1.HTTPRouteFilter, field string, r report) {
	for _, part := range []struct {
		of   gatewayv1.HTTPRouteFilterType
		name string
		has  bool
	}{
		{gatewayv1.HTTPRouteFilterRequestHeaderModifier, "requestHeaderModifier", f.RequestHeaderModifier != nil},
		{gatewayv1.HTTPRouteFilterResponseHeaderModifier, "responseHeaderModifier", f.ResponseHeaderModifier != nil},
		{gatewayv1.HTTPRouteFilterRequestMirror, "requestMirror", f.RequestMirror != nil},
		{gatewayv1.HTTPRouteFilterRequestRedirect, "requestRedirect", f.RequestRedirect != nil},
		{gatewayv1.HTTPRouteFilterURLRewrite, "urlRewrite", f.URLRewrite != nil},
		{gatewayv1.HTTPRouteFilterCORS, "cors", f.CORS != nil},
		{gatewayv1.HTTPRouteFilterExternalAuth, "externalAuth", f.ExternalAuth != nil},
		{gatewayv1.HTTPRouteFilterExtensionRef, "extensionRef", f.ExtensionRef != nil},
	} {
		switch {
		case part.has && part.of != f.Type:
			r.invalid(field+"."+part.name, fmt.Sprintf("must not be set for the type %s", f.Type))
		case !part.has && part.of == f.Type:
			r(CodeMissingField, field+"."+part.name, fmt.Sprintf("%s is required for the type %s", part.name, f.Type), "")
		}
	}
}

// modifierRules are the rules of the path that a redirect or a rewrite puts in.
func modifierRules(p *gatewayv1.HTTPPathModifier, matches []gatewayv1.HTTPRouteMatch, field string, r report) {
	if p == nil {
		return
	}
	full, prefix := p.Type == gatewayv1.FullPathHTTPPathModifier, p.Type == gatewayv1.PrefixMatchHTTPPathModifier
	for _, part := range []struct {
		name      string
		has, want bool
	}{
		{"replaceFullPath", p.ReplaceFullPath != nil, full},
		{"replacePrefixMatch", p.ReplacePrefixMatch != nil, prefix},
	} {
		switch {
		case part.has && !part.want:
			r.invalid(field+"."+part.name, fmt.Sprintf("must not be set for the type %s", p.Type))
		case !part.has && part.want:
			r(CodeMissingField, field+"."+part.name, fmt.Sprintf("%s is required for the type %s", part.name, p.Type), "")
		}
	}
	matchesPrefix := len(matches) == 1 && matches[0].Path != nil && deref(matches[0].Path.Type) == gatewayv1.PathMatchPathPrefix
	if prefix && p.ReplacePrefixMatch != nil && !matchesPrefix {
		r.invalid(field, "replacePrefixMatch needs a rule with exactly one match, of the type PathPrefix")
	}
}
