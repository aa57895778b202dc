package render

import (
	"fmt"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/lua"
)

// rewrite returns the plugins that change a request's Host and path, and notes in the rule a new prefix: Kong puts a Service's path before
// what is left of the request's once the match is stripped, which is the specification's table (HTTPPathModifier.replacePrefixMatch) row by
// row.
func (r *rule) rewrite(f *gatewayv1.HTTPURLRewriteFilter) ([]*plugin, error) {
	var out []*plugin
	if f.Hostname != nil {
		if r.setsHost() {
			return nil, fmt.Errorf("a RequestHeaderModifier of the rule sets the Host too")
		}
		out = append(out, transformer("request-transformer", []headerAction{{"set", "Host", string(*f.Hostname)}})...)
	}
	if f.Path == nil {
		return out, nil
	}
	path, prefix, err := replacement(f.Path)
	if err != nil {
		return nil, err
	}
	if err := r.checkBackendPaths(); err != nil {
		return nil, err
	}
	if path == "" {
		path = "/"
	}
	switch {
	case prefix:
		if _, err := r.prefixOf(); err != nil {
			return nil, err
		}
		if strings.Contains(path, "//") {
			return nil, fmt.Errorf("path %q has an empty segment: Kong takes none in the path of a service", path)
		}
		r.stripPath, r.path = true, path
	case strings.Contains(path, "$("): // a template of request-transformer
		out = append(out, luaPlugin(postFunction, "access", lua.Path(path)))
	default:
		out = append(out, &plugin{name: "request-transformer", config: map[string]any{"replace": map[string]any{"uri": path}}})
	}
	return out, nil
}

// setsHost reports whether a filter of the rule sets the Host as a header.
func (r *rule) setsHost() bool {
	for _, f := range r.rule.HTTP.Filters {
		if f.RequestHeaderModifier == nil {
			continue
		}
		for _, h := range f.RequestHeaderModifier.Set {
			if strings.EqualFold(string(h.Name), "Host") {
				return true
			}
		}
	}
	return false
}

// checkBackendPaths returns an error if a backend leaves no room for a rewritten path: its Service asks by annotation for a path of its
// own, or Kong speaks HTTP/2 to it, as it does without a way to change the path (kong/templates/nginx_kong.lua, grpc_pass).
func (r *rule) checkBackendPaths() error {
	usable, _ := (&translator{}).split(r)
	for _, b := range usable {
		if path, _, ok := annotation(b.Service.Annotations, "path"); ok && path != "/" {
			return fmt.Errorf("annotation %spath of %s asks for another path of the same requests", annotationPrefix, b.Object.Ref)
		}
		protocol, _ := protocol(b)["protocol"].(string)
		if p, _, ok := annotation(b.Service.Annotations, "protocol"); ok {
			protocol = p
		}
		if strings.HasPrefix(protocol, "grpc") {
			return fmt.Errorf("kong speaks HTTP/2 to %s, and cannot rewrite the paths of such requests", b.Object.Ref)
		}
	}
	return nil
}

// checkRewrite returns false, and reports it, if a user's request-transformer replaces the path that a filter of the rule replaces in
// another way than by that plugin: one of the two would be without effect. Where both are the plugin, [merge] says so.
func (t *translator) checkRewrite(r *rule) bool {
	field := r.rewritesPath()
	if field == "" || slices.ContainsFunc(r.plugins, func(p *plugin) bool { return !p.user && p.replacesPath() }) {
		return true
	}
	for _, p := range t.transformers(r) {
		if p.replacesPath() {
			f := unsupported(r.bound.Object, field, fmt.Sprintf("%s replaces the path of its requests too, and one of the two would have no effect",
				p.object.Ref))
			f.Related, f.Hint = []diag.Pos{p.object.At("config.replace.uri")}, "remove one of the two"
			t.report(f)
			return false
		}
	}
	return true
}

// rewritesPath returns the field of the first filter of the rule, or of one of its backends, that asks for another path; "" if none does.
func (r *rule) rewritesPath() string {
	if i := slices.IndexFunc(r.rule.Filters, rewritesPath); i >= 0 {
		return fmt.Sprintf("spec.rules[%d].filters[%d]", r.rule.Index, i)
	}
	for _, b := range r.rule.Backends {
		if i := slices.IndexFunc(b.Filters, rewritesPath); i >= 0 {
			return fmt.Sprintf("spec.rules[%d].backendRefs[%d].filters[%d]", r.rule.Index, b.Index, i)
		}
	}
	return ""
}

// replacesPath reports whether the plugin gives all requests another path.
func (p *plugin) replacesPath() bool {
	replace, _ := p.config["replace"].(map[string]any)
	return p.name == "request-transformer" && replace["uri"] != nil && !p.isDisabled()
}

// transformers returns the users' plugins request-transformer that some requests of a rule pass: the nearest that is for all of them, and
// those for consumers.
func (t *translator) transformers(r *rule) []*plugin {
	var out []*plugin
	add := func(from []*plugin) {
		for _, p := range from {
			if p.user && p.name == "request-transformer" && !p.isDisabled() {
				out = append(out, p)
			}
		}
	}
	for _, level := range [][]*plugin{r.plugins, r.behind().plugins, t.everywhere} {
		if add(level); len(out) > 0 {
			break
		}
	}
	add(r.personal)
	add(r.behind().personal)
	for _, c := range t.people {
		for _, p := range c.plugins {
			if !t.placed[p.object.Ref] {
				add([]*plugin{p})
			}
		}
	}
	return out
}

func rewritesPath(f bind.Filter) bool {
	return f.HTTP != nil && f.HTTP.URLRewrite != nil && f.HTTP.URLRewrite.Path != nil
}
