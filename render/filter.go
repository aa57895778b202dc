package render

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
)

// plugin is a plugin to attach to the routes of a rule or to a Service.
type plugin struct {
	name   string
	config map[string]any
	pos    diag.Pos
}

// filters returns the plugins that a rule's filters become. A filter that cannot be rendered is a finding, and makes the rule answer
// 500: a filter must never be skipped (HTTPRouteFilter in the specification).
func (t *translator) filters(r *rule) []plugin {
	var out []plugin
	for i, f := range r.rule.Spec.Filters {
		field := fmt.Sprintf("spec.rules[%d].filters[%d]", r.rule.Index, i)
		p, err := r.filter(f)
		if err != nil {
			t.report(unsupported(r.bound.Object, field, err.Error()))
			return []plugin{internalError("invalid filter")}
		}
		p.pos = r.bound.Object.At(field)
		out = append(out, p)
	}
	return out
}

func (r *rule) filter(f gatewayv1.HTTPRouteFilter) (plugin, error) {
	switch {
	case f.Type == gatewayv1.HTTPRouteFilterRequestHeaderModifier && f.RequestHeaderModifier != nil:
		return plugin{name: "request-transformer", config: headerConfig(f.RequestHeaderModifier, escapeTemplate)}, nil
	case f.Type == gatewayv1.HTTPRouteFilterResponseHeaderModifier && f.ResponseHeaderModifier != nil:
		return plugin{name: "response-transformer", config: headerConfig(f.ResponseHeaderModifier, literally)}, nil
	case f.Type == gatewayv1.HTTPRouteFilterRequestRedirect && f.RequestRedirect != nil:
		return r.redirect(f.RequestRedirect)
	}
	return plugin{}, fmt.Errorf("gwsync does not render filter %s yet", f.Type)
}

// headerConfig returns the configuration of the two transformer plugins: set replaces what is there and adds what is not.
func headerConfig(f *gatewayv1.HTTPHeaderFilter, escape func(string) string) map[string]any {
	pairs := func(headers []gatewayv1.HTTPHeader) []string {
		out := make([]string, 0, len(headers))
		for _, h := range headers {
			out = append(out, string(h.Name)+":"+escape(h.Value))
		}
		return out
	}
	config := map[string]any{}
	if len(f.Set) > 0 {
		config["replace"] = map[string]any{"headers": pairs(f.Set)}
		config["add"] = map[string]any{"headers": pairs(f.Set)}
	}
	if len(f.Add) > 0 {
		config["append"] = map[string]any{"headers": pairs(f.Add)}
	}
	if len(f.Remove) > 0 {
		config["remove"] = map[string]any{"headers": f.Remove}
	}
	return config
}

// escapeTemplate keeps request-transformer from evaluating "$(...)" in a value: the template $('$')( yields "$(".
//
// Source: Kong 3.9.3, kong/plugins/request-transformer/access.lua.
func escapeTemplate(s string) string { return strings.ReplaceAll(s, "$(", "$('$')(") }

func literally(s string) string { return s }

// redirect returns the redirect plugin for a redirect to another host. Scheme and port are the listener's where the filter names none
// (HTTPRequestRedirectFilter in the specification), so that all listeners of the route must agree on them.
func (r *rule) redirect(f *gatewayv1.HTTPRequestRedirectFilter) (plugin, error) {
	switch {
	case f.Path != nil:
		return plugin{}, fmt.Errorf("gwsync does not render redirects to another path yet")
	case f.Hostname == nil:
		return plugin{}, fmt.Errorf("gwsync does not render redirects without a hostname yet")
	}
	location := ""
	for _, b := range r.bindings {
		l := redirectLocation(f, b.Listener.Spec)
		if location != "" && location != l {
			return plugin{}, fmt.Errorf("its listeners redirect to different places, %s and %s: name scheme and port, or attach it to one", location, l)
		}
		location = l
	}
	status := 302
	if f.StatusCode != nil {
		status = *f.StatusCode
	}
	return plugin{name: "redirect", config: map[string]any{
		"location": location, "status_code": status, "keep_incoming_path": true,
	}}, nil
}

func redirectLocation(f *gatewayv1.HTTPRequestRedirectFilter, l *gatewayv1.Listener) string {
	scheme, port := "http", l.Port
	if l.Protocol == gatewayv1.HTTPSProtocolType {
		scheme = "https"
	}
	wellKnown := map[string]int32{"http": 80, "https": 443}
	if f.Scheme != nil {
		scheme = *f.Scheme
		port = wellKnown[scheme]
	}
	if f.Port != nil {
		port = *f.Port
	}
	u := url.URL{Scheme: scheme, Host: string(*f.Hostname), Path: "/"}
	if port != wellKnown[scheme] {
		u.Host += ":" + strconv.Itoa(int(port))
	}
	return u.String()
}

// internalError answers every request with 500, as the Gateway API asks for what is broken.
func internalError(message string) plugin {
	return plugin{name: "request-termination", config: map[string]any{"status_code": 500, "message": message}}
}
