package render_test

import (
	"fmt"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/route"
)

// location returns where a redirect sends a request that a match of a listener took (HTTPRequestRedirectFilter). The path is in its normal
// form, an empty query is as none.
func location(to *gatewayv1.HTTPRequestRedirectFilter, l *gatewayv1.Listener, m gatewayv1.HTTPRouteMatch, q route.Request) string {
	wellKnown := map[string]gatewayv1.PortNumber{"http": 80, "https": 443}
	scheme, port, host := strings.ToLower(string(l.Protocol)), l.Port, requestHost(q)
	if to.Scheme != nil {
		scheme = *to.Scheme
		port = wellKnown[scheme]
	}
	if to.Port != nil {
		port = *to.Port
	}
	if to.Hostname != nil {
		host = string(*to.Hostname)
	}
	if port != wellKnown[scheme] {
		host += fmt.Sprint(":", port)
	}
	return normalURL(scheme + "://" + host + modified(to.Path, m, q.Target))
}

// requestHost returns the host that a request is for, as it stands in a URL: without a dot at the end. A request without a Host names none:
// then it is Kong's own name.
func requestHost(q route.Request) string {
	if q.Host == "" {
		return "kong"
	}
	return strings.TrimSuffix(strings.ToLower(hostOf(q.Host)), ".")
}

// normalURL returns a URL with its path in the normal form, and no empty query.
func normalURL(s string) string {
	scheme, rest, _ := strings.Cut(s, "://")
	host, target, _ := strings.Cut(rest, "/")
	return scheme + "://" + host + normalTarget("/"+target)
}

func normalTarget(target string) string {
	path, query, _ := strings.Cut(target, "?")
	if query != "" {
		query = "?" + query
	}
	return normalized(path) + query
}

// modified returns a request's path and query as a filter changes them: for prefixes, row by row what the table says
// (HTTPPathModifier.replacePrefixMatch).
func modified(p *gatewayv1.HTTPPathModifier, m gatewayv1.HTTPRouteMatch, target string) string {
	path, query, _ := strings.Cut(normalTarget(target), "?")
	if query != "" {
		query = "?" + query
	}
	switch {
	case p == nil:
	case p.Type == gatewayv1.FullPathHTTPPathModifier:
		path = *p.ReplaceFullPath
	default:
		_, prefix := pathOf(m)
		if path == "/" {
			path = "" // the table leaves open whether the slash belongs to the prefix "/"
		}
		path = strings.TrimSuffix(*p.ReplacePrefixMatch, "/") + strings.TrimPrefix(path, prefix)
	}
	if path == "" {
		path = "/"
	}
	return path + query
}

// arriving is a request as a backend gets it: as the filters of its rule leave it, as far as they can change it.
type arriving struct {
	host, target string
	header       map[string]string // values with commas, by lower-case names; none for those that are not there
}

func (a arriving) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s for %s with", a.target, a.host)
	for _, name := range watched {
		fmt.Fprintf(&b, " %s=%q", name, a.header[name])
	}
	return b.String()
}

// watched are the headers that [maker.filters] changes.
var watched = []string{"x-a", "x-b", "x-new"}

// arrives returns how the filters of a rule leave a request that a match of it took.
func arrives(filters []gatewayv1.HTTPRouteFilter, m gatewayv1.HTTPRouteMatch, q route.Request) arriving {
	out := arriving{host: requestHost(q), target: normalTarget(q.Target), header: map[string]string{}}
	for _, name := range watched {
		if values := valuesOf(q, name); len(values) > 0 {
			out.header[name] = strings.Join(values, ",")
		}
	}
	for _, f := range filters {
		if f.URLRewrite != nil {
			if f.URLRewrite.Hostname != nil {
				out.host = string(*f.URLRewrite.Hostname)
			}
			out.target = modified(f.URLRewrite.Path, m, q.Target)
		}
		if f.RequestHeaderModifier == nil {
			continue
		}
		for _, h := range f.RequestHeaderModifier.Set {
			out.header[strings.ToLower(string(h.Name))] = h.Value
		}
		for _, h := range f.RequestHeaderModifier.Add {
			name, before := strings.ToLower(string(h.Name)), ""
			if v, ok := out.header[name]; ok {
				before = v + ","
			}
			out.header[name] = before + h.Value
		}
		for _, name := range f.RequestHeaderModifier.Remove {
			delete(out.header, strings.ToLower(name))
		}
	}
	return out
}
