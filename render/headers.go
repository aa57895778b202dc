package render

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/lua"
)

// headerAction is what a filter does to one header: set, add or remove it.
type headerAction struct {
	verb, name, value string
}

// headerActions returns what a filter does. Of several entries of set, or of add, for one header the first counts (HTTPHeader.name).
func headerActions(f *gatewayv1.HTTPHeaderFilter) ([]headerAction, error) {
	var out []headerAction
	for _, h := range f.Set {
		out = append(out, headerAction{"set", string(h.Name), h.Value})
	}
	for _, h := range f.Add {
		out = append(out, headerAction{"add", string(h.Name), h.Value})
	}
	for _, name := range f.Remove {
		out = append(out, headerAction{verb: "remove", name: name})
	}
	seen := map[string]bool{}
	out = slices.DeleteFunc(out, func(a headerAction) bool {
		name := strings.ToLower(a.name)
		again := seen[name]
		seen[name] = true
		return again
	})
	for _, a := range out {
		if err := a.check(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// check returns an error for what no header of HTTP is (RFC 9110, section 5), and for headers that describe the message or the connection
// instead of the request: those are nginx's to write.
func (a headerAction) check() error {
	switch name := strings.ToLower(a.name); {
	case name == "":
		return errors.New("a header without a name")
	case !isToken(name):
		return fmt.Errorf("%q is no name of a header", a.name)
	case strings.ContainsFunc(a.value, func(r rune) bool { return r != '\t' && unicode.IsControl(r) }):
		return fmt.Errorf("value %q of header %s holds a control character", a.value, a.name)
	case slices.Contains([]string{"connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}, name):
		return fmt.Errorf("header %s belongs to the connection, Kong writes it by itself", a.name)
	}
	return nil
}

func isToken(s string) bool {
	for _, c := range []byte(s) {
		if !isAlphanumeric(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return true
}

// plain reports whether a transformer plugin takes the action and does it to the letter. They take fewer names than HTTP does, and a
// value loses colons at its start.
//
// Source: Kong 3.9.3, kong/tools/http.lua, validate_header_name; kong/plugins/request-transformer/access.lua, iter.
func (a headerAction) plain() bool {
	return strings.Trim(strings.ToLower(a.name), "abcdefghijklmnopqrstuvwxyz0123456789-_") == "" && !strings.HasPrefix(a.value, ":")
}

// transformer returns the plugin of a name for some actions, none if there are none: set replaces what is there and adds what is not.
func transformer(name string, actions []headerAction) []*plugin {
	lists := map[string][]string{}
	for _, a := range actions {
		pair := a.name + ":" + a.value
		switch a.verb {
		case "set":
			lists["replace"], lists["add"] = append(lists["replace"], pair), append(lists["add"], pair)
		case "add":
			lists["append"] = append(lists["append"], pair)
		case "remove":
			lists["remove"] = append(lists["remove"], a.name)
		}
	}
	if len(lists) == 0 {
		return nil
	}
	config := map[string]any{}
	for verb, list := range lists {
		config[verb] = map[string]any{"headers": list}
	}
	return []*plugin{{name: name, config: config}}
}

// requestHeaders returns the plugins that modify the headers of a request: request-transformer, and Lua for what it cannot say.
func requestHeaders(f *gatewayv1.HTTPHeaderFilter) ([]*plugin, error) {
	actions, err := headerActions(f)
	if err != nil {
		return nil, err
	}
	var plain []headerAction
	var programs []lua.Chunk
	for _, a := range actions {
		variable := forwardedVariable(a.name)
		switch name := strings.ToLower(a.name); {
		case name == "host" && a.verb != "set":
			return nil, fmt.Errorf("a request has one Host: it can be set, not %sed", strings.TrimSuffix(a.verb, "e"))
		case name == "x-real-ip" || name == "x-kong-request-id":
			return nil, fmt.Errorf("kong itself writes header %s of every request to a backend", a.name)
		case strings.Contains(name, "_") && a.verb == "add":
			// Kong's table of headers takes one for the other (OpenResty, ngx.req.get_headers).
			return nil, fmt.Errorf("kong cannot add to header %s: it looks for %s", a.name, strings.ReplaceAll(a.name, "_", "-"))
		case variable != "":
			programs = append(programs, lua.Variable(variable, a.verb, a.value))
		case a.plain() && !strings.Contains(a.value, "$("): // a template of request-transformer
			plain = append(plain, a)
		default:
			programs = append(programs, lua.RequestHeader(a.verb, a.name, a.value))
		}
	}
	out := transformer("request-transformer", plain)
	if len(programs) > 0 {
		out = append(out, luaPlugin(postFunction, "access", lua.Join(programs...)))
	}
	return out, nil
}

// forwardedVariable returns the variable of nginx out of which Kong writes a header for a backend, whatever else is done to the header;
// "" for others.
//
// Source: Kong 3.9.3, kong/templates/nginx_kong.lua, proxy_set_header.
func forwardedVariable(header string) string {
	switch name := strings.ToLower(header); name {
	case "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-path", "x-forwarded-prefix", "via":
		return "upstream_" + strings.ReplaceAll(name, "-", "_")
	}
	return ""
}

// responseHeaders returns the plugins that modify the headers of a response: response-transformer, and Lua for what it cannot say.
func responseHeaders(f *gatewayv1.HTTPHeaderFilter) ([]*plugin, error) {
	actions, err := headerActions(f)
	if err != nil {
		return nil, err
	}
	var plain []headerAction
	var programs []lua.Chunk
	for _, a := range actions {
		switch name := strings.ToLower(a.name); {
		case strings.Contains(name, "_"):
			// OpenResty, ngx.header.HEADER.
			return nil, fmt.Errorf("kong cannot change header %s of a response: it writes %s", a.name, strings.ReplaceAll(a.name, "_", "-"))
		case name == "via" || strings.HasPrefix(name, "x-kong-"):
			// Kong 3.9.3, kong/runloop/handler.lua, header_filter.after.
			return nil, fmt.Errorf("kong itself writes header %s of a response, after all plugins", a.name)
		case a.plain():
			plain = append(plain, a)
		default:
			programs = append(programs, lua.ResponseHeader(a.verb, a.name, a.value))
		}
	}
	out := transformer("response-transformer", plain)
	if len(programs) > 0 {
		out = append(out, luaPlugin(postFunction, "header_filter", lua.Join(programs...)))
	}
	return out, nil
}
