package render

import (
	"slices"
	"strconv"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/lua"
)

// redirect returns the plugin that answers with a redirect: the plugin redirect where the location differs in nothing but the request's
// path and query, else Lua. That plugin writes the path as Kong passes it to backends, in its normal form; Lua leaves it as it was sent. A
// redirect to HTTPS and nothing else needs no plugin at all, see [rule.upgradeToHTTPS].
func (r *rule) redirect(f *gatewayv1.HTTPRequestRedirectFilter) ([]*plugin, error) {
	out, err := r.redirection(f)
	if err != nil {
		return nil, err
	}
	r.answers = true
	origin, fixed := out.Origins[""]
	if fixed && origin == (lua.Origin{Before: "https://"}) && f.Scheme != nil && f.Hostname == nil && f.Path == nil {
		r.upgrade = out.Status
	}
	if !fixed || f.Hostname == nil || f.Path != nil {
		return []*plugin{luaPlugin(postFunction, "access", out.Program())}, nil
	}
	return []*plugin{{name: "redirect", config: map[string]any{
		"location": origin.Before + out.Host + origin.After + "/", "status_code": out.Status, "keep_incoming_path": true,
	}}}, nil
}

// redirection returns where a filter sends requests to.
func (r *rule) redirection(f *gatewayv1.HTTPRequestRedirectFilter) (lua.Redirect, error) {
	out := lua.Redirect{Status: 302, Origins: r.origins(f), Prefix: -1}
	if f.StatusCode != nil {
		out.Status = *f.StatusCode
	}
	if f.Hostname != nil {
		out.Host = string(*f.Hostname)
	}
	if f.Path == nil {
		return out, nil
	}
	return out, r.redirectPath(&out, f.Path)
}

func (r *rule) redirectPath(out *lua.Redirect, p *gatewayv1.HTTPPathModifier) error {
	path, prefix, err := replacement(p)
	if err != nil {
		return err
	}
	out.Replace, out.Path = true, path
	switch {
	case prefix:
		matched, err := r.prefixOf()
		if err != nil {
			return err
		}
		out.Prefix = len(matched)
	case path == "":
		out.Path = "/"
	}
	return nil
}

// origins returns the scheme and port of a redirect by the listeners of the rule: those of the filter, else those of the listener
// (HTTPRequestRedirectFilter.scheme and port). The listeners count by scheme, and those of a scheme whose redirects differ by port too. If
// all lead to one origin, that is all there is, under "".
func (r *rule) origins(f *gatewayv1.HTTPRequestRedirectFilter) map[string]lua.Origin {
	byPort, byScheme := map[string]lua.Origin{}, map[string]lua.Origin{}
	differ := map[string]bool{}
	var all []lua.Origin
	for _, b := range r.bindings {
		scheme, o := schemeOf(b), originOf(f, b)
		if first, ok := byScheme[scheme]; ok && first != o {
			differ[scheme] = true
		}
		byScheme[scheme] = o
		byPort[scheme+":"+strconv.Itoa(int(b.Listener.Spec.Port))] = o
		if !slices.Contains(all, o) {
			all = append(all, o)
		}
	}
	if len(all) == 1 {
		return map[string]lua.Origin{"": all[0]}
	}
	out := map[string]lua.Origin{}
	for _, b := range r.bindings {
		scheme := schemeOf(b)
		if port := scheme + ":" + strconv.Itoa(int(b.Listener.Spec.Port)); differ[scheme] {
			out[port] = byPort[port]
		} else {
			out[scheme] = byScheme[scheme]
		}
	}
	return out
}

func schemeOf(b bind.Binding) string {
	if b.Listener.Spec.Protocol == gatewayv1.HTTPSProtocolType {
		return "https"
	}
	return "http"
}

// originOf returns scheme and port of a redirect for requests of a listener. The port of a scheme that the filter names is the scheme's
// own, and a scheme's own port is left out (HTTPRequestRedirectFilter.port).
func originOf(f *gatewayv1.HTTPRequestRedirectFilter, b bind.Binding) lua.Origin {
	scheme, port := schemeOf(b), b.Listener.Spec.Port
	wellKnown := map[string]int32{"http": 80, "https": 443}
	if f.Scheme != nil {
		scheme = *f.Scheme
		port = wellKnown[scheme]
	}
	if f.Port != nil {
		port = *f.Port
	}
	o := lua.Origin{Before: scheme + "://"}
	if port != wellKnown[scheme] {
		o.After = ":" + strconv.Itoa(int(port))
	}
	return o
}
