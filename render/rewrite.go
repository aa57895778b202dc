package render

import (
	"fmt"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/lua"
)

// rewrite returns the plugins that change a request's Host and path, and notes in the rule a new prefix: Kong puts a Service's path before
// what is left of the request's once the match is stripped, which is the specification's table (HTTPPathModifier.replacePrefixMatch) row by
// row.
func (r *rule) rewrite(f *gatewayv1.HTTPURLRewriteFilter) ([]plugin, error) {
	var out []plugin
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
		out = append(out, plugin{name: "request-transformer", config: map[string]any{"replace": map[string]any{"uri": path}}})
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

// checkBackendPaths returns an error if a backend leaves no room for a rewritten path: its Service asks by annotation for a path of its own,
// or Kong speaks HTTP/2 to it, as it does without a way to change the path (kong/templates/nginx_kong.lua, grpc_pass).
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
