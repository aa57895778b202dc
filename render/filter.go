package render

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// filters returns the plugins that a rule's filters become. A filter that cannot be rendered is a finding, and makes the rule answer
// 500: a filter must never be skipped (HTTPRouteFilter in the specification), but for mirrors that do not resolve.
func (t *translator) filters(r *rule) []plugin {
	var out []plugin
	for i, f := range r.rule.HTTP.Filters {
		field := fmt.Sprintf("spec.rules[%d].filters[%d]", r.rule.Index, i)
		switch resolved := r.rule.Filters[i]; {
		case blocks(resolved):
			return r.refuse("invalid filter")
		case resolved.Reason != "":
			continue
		}
		p, err := r.filter(f)
		if err != nil {
			t.report(unsupported(r.bound.Object, field, err.Error()))
			return r.refuse("invalid filter")
		}
		p.field, p.pos = field, r.bound.Object.At(field)
		out = append(out, p)
	}
	return out
}

// refuse makes the rule answer every request with 500.
func (r *rule) refuse(message string) []plugin {
	r.answers = true
	return []plugin{internalError(message)}
}

func (r *rule) filter(f gatewayv1.HTTPRouteFilter) (plugin, error) {
	switch {
	case f.Type == gatewayv1.HTTPRouteFilterRequestHeaderModifier && f.RequestHeaderModifier != nil:
		return headers("request-transformer", f.RequestHeaderModifier, requestValue)
	case f.Type == gatewayv1.HTTPRouteFilterResponseHeaderModifier && f.ResponseHeaderModifier != nil:
		return headers("response-transformer", f.ResponseHeaderModifier, responseValue)
	case f.Type == gatewayv1.HTTPRouteFilterRequestRedirect && f.RequestRedirect != nil:
		return r.redirect(f.RequestRedirect)
	}
	return plugin{}, fmt.Errorf("gwsync does not render filter %s yet", f.Type)
}

// headers returns one of the two transformer plugins: set replaces what is there and adds what is not.
func headers(name string, f *gatewayv1.HTTPHeaderFilter, value func(string) (string, error)) (plugin, error) {
	set, err := headerPairs(f.Set, value)
	if err != nil {
		return plugin{}, err
	}
	add, err := headerPairs(f.Add, value)
	if err != nil {
		return plugin{}, err
	}
	for _, h := range f.Remove {
		if err := checkHeaderName(h); err != nil {
			return plugin{}, err
		}
	}
	config := map[string]any{}
	for field, list := range map[string][]string{"replace": set, "add": set, "append": add, "remove": f.Remove} {
		if len(list) > 0 {
			config[field] = map[string]any{"headers": list}
		}
	}
	return plugin{name: name, config: config}, nil
}

func headerPairs(headers []gatewayv1.HTTPHeader, value func(string) (string, error)) ([]string, error) {
	out := make([]string, 0, len(headers))
	for _, h := range headers {
		if err := checkHeaderName(string(h.Name)); err != nil {
			return nil, err
		}
		if strings.ContainsFunc(h.Value, func(r rune) bool { return r != '\t' && unicode.IsControl(r) }) {
			return nil, fmt.Errorf("value %q of header %s holds a control character", h.Value, h.Name)
		}
		v, err := value(h.Value)
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", h.Name, err)
		}
		out = append(out, string(h.Name)+":"+v)
	}
	return out, nil
}

// checkHeaderName returns an error for a name that the transformer plugins refuse: they take fewer than HTTP does.
//
// Source: Kong 3.9.3, kong/tools/http.lua, validate_header_name.
func checkHeaderName(name string) error {
	for _, c := range []byte(name) {
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return fmt.Errorf("kong's transformer plugins take no header %q: want letters, digits, '-' and '_'", name)
		}
	}
	if name == "" {
		return errors.New("a header without a name")
	}
	return nil
}

// requestValue writes a value so that request-transformer yields it: a value is a template, in which "$(...)" is evaluated, and
// loses colons at its start. The template $('$')( yields "$(".
//
// Source: Kong 3.9.3, kong/plugins/request-transformer/access.lua.
func requestValue(s string) (string, error) {
	s = strings.ReplaceAll(s, "$(", "$('$')(")
	if rest, ok := strings.CutPrefix(s, ":"); ok {
		s = "$(':')" + rest
	}
	return s, nil
}

// responseValue returns the value as it is, but for colons at its start, which response-transformer drops.
//
// Source: Kong 3.9.3, kong/plugins/response-transformer/header_transformer.lua.
func responseValue(s string) (string, error) {
	if strings.HasPrefix(s, ":") {
		return "", fmt.Errorf("response-transformer cannot set the value %q, which begins with a colon", s)
	}
	return s, nil
}

// redirect returns the redirect plugin for a redirect to another host. Scheme and port are the listener's where the filter names none
// (HTTPRequestRedirectFilter in the specification), so that all listeners of the route must agree on them.
func (r *rule) redirect(f *gatewayv1.HTTPRequestRedirectFilter) (plugin, error) {
	switch {
	case f.Path != nil:
		return plugin{}, errors.New("gwsync does not render redirects to another path yet")
	case f.Hostname == nil:
		return plugin{}, errors.New("gwsync does not render redirects without a hostname yet")
	}
	location := ""
	for _, b := range r.bindings {
		l := redirectLocation(f, b.Listener.Spec)
		if location != "" && location != l {
			return plugin{}, fmt.Errorf("its listeners redirect to different places, %s and %s: name scheme and port, or attach it to one",
				location, l)
		}
		location = l
	}
	status := 302
	if f.StatusCode != nil {
		status = *f.StatusCode
	}
	r.answers = true
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
