package render

import (
	"errors"
	"fmt"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// filters returns the plugins that a rule's filters become. A filter that cannot be rendered is a finding, and makes the rule answer
// 500: a filter must never be skipped (HTTPRouteFilter in the specification), but for mirrors that do not resolve.
func (t *translator) filters(r *rule) []*plugin {
	var out []*plugin
	for i, f := range r.rule.HTTP.Filters {
		field := fmt.Sprintf("spec.rules[%d].filters[%d]", r.rule.Index, i)
		switch resolved := r.rule.Filters[i]; {
		case blocks(resolved):
			return r.refuse("invalid filter")
		case resolved.Mirror != nil, resolved.Plugin != nil: // see ruleMirrors and attach
			continue
		}
		plugins, err := r.filter(f)
		if err != nil {
			t.report(unsupported(r.bound.Object, field, err.Error()))
			return r.refuse("invalid filter")
		}
		r.cors = r.cors || f.CORS != nil
		for _, p := range plugins {
			p.field, p.pos = field, r.bound.Object.At(field)
			out = append(out, p)
		}
	}
	return append(out, t.ruleMirrors(r)...)
}

// refuse makes the rule answer every request with 500.
func (r *rule) refuse(message string) []*plugin {
	r.answers, r.refused = true, true
	return []*plugin{internalError(message)}
}

// filter returns the plugins that a filter becomes, and notes in the rule what it asks of its routes and Service.
func (r *rule) filter(f gatewayv1.HTTPRouteFilter) ([]*plugin, error) {
	switch {
	case f.Type == gatewayv1.HTTPRouteFilterRequestHeaderModifier && f.RequestHeaderModifier != nil:
		return requestHeaders(f.RequestHeaderModifier)
	case f.Type == gatewayv1.HTTPRouteFilterResponseHeaderModifier && f.ResponseHeaderModifier != nil:
		return responseHeaders(f.ResponseHeaderModifier)
	case f.Type == gatewayv1.HTTPRouteFilterRequestRedirect && f.RequestRedirect != nil:
		return r.redirect(f.RequestRedirect)
	case f.Type == gatewayv1.HTTPRouteFilterURLRewrite && f.URLRewrite != nil:
		return r.rewrite(f.URLRewrite)
	case f.Type == gatewayv1.HTTPRouteFilterCORS && f.CORS != nil:
		return cors(f.CORS)
	}
	return nil, fmt.Errorf("gwsync does not render filter %s yet", f.Type)
}

// replacement returns what a filter replaces a path with: the whole of it, or the matched prefix (prefix is true). Slashes at the end of a
// new prefix do not count. "" stands for the root. What could not stand in a request target is refused: it would be another path.
func replacement(p *gatewayv1.HTTPPathModifier) (path string, prefix bool, err error) {
	switch {
	case p.Type == gatewayv1.FullPathHTTPPathModifier && p.ReplaceFullPath != nil:
		path = *p.ReplaceFullPath
	case p.Type == gatewayv1.PrefixMatchHTTPPathModifier && p.ReplacePrefixMatch != nil:
		path, prefix = strings.TrimRight(*p.ReplacePrefixMatch, "/"), true
	default:
		return "", false, fmt.Errorf("path of type %s without a value", p.Type)
	}
	switch {
	case path != "" && path[0] != '/':
		return "", false, fmt.Errorf("path %q does not begin with '/'", path)
	case !isPath(path):
		return "", false, fmt.Errorf("path %q holds what no path of a URL can: escape it, as %%20 for a space", path)
	}
	return path, prefix, nil
}

// isPath reports whether all of s may stand in the path of a URL as it is (RFC 3986, section 3.3). The specification asks the same of paths
// to match.
func isPath(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return false
			}
			i += 2
		case !isAlphanumeric(c) && strings.IndexByte("/-._~!$&'()*+,;=:@", c) < 0:
			return false
		}
	}
	return true
}

// refusedPath returns why Kong takes no such path for a Service, or for the cookie and the checks of an Upstream, or "".
//
// Source: Kong 3.9.3, kong/db/schema/typedefs.lua, path.
func refusedPath(path string) string {
	switch {
	case !strings.HasPrefix(path, "/"):
		return fmt.Sprintf("path %q does not begin with /", path)
	case strings.Contains(path, "//"):
		return fmt.Sprintf("path %q has an empty segment: Kong takes none here", path)
	case !isPath(path):
		return fmt.Sprintf("path %q holds what no path of a URL can: escape it, as %%20 for a space", path)
	}
	return ""
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

func isAlphanumeric(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// prefixOf returns the prefix that the rule matches, as Kong compares it and without a slash at its end. There must be one, and nothing
// else to match paths by (HTTPPathModifier.replacePrefixMatch).
func (r *rule) prefixOf() (string, error) {
	if len(r.matches) > 1 && !r.matches[1].implied || r.matches[0].path.kind != prefixPath {
		return "", errors.New("replacePrefixMatch needs a rule with exactly one match, by PathPrefix")
	}
	return r.matches[0].path.value, nil
}
