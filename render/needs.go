package render

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/lua"
	"github.com/gwsync/gwsync/render/route"
)

// Need is something that a configuration asks of the kong.conf of a Kong that is to serve it.
type Need struct {
	// Setting is the setting's name: router_flavor, plugins, untrusted_lua, untrusted_lua_sandbox_requires, stream_listen, proxy_listen; or
	// workspace, which is no setting of kong.conf but the part of an Enterprise Kong that is written to.
	Setting string
	// Value is what it must be or, of a list, contain: "sandbox", "resty.http", "0.0.0.0:5300 udp".
	Value string
	// Origins say what needs it, sorted; not empty.
	Origins []kong.Origin

	// listen is what Value says of a listener.
	listen listen
}

// Needs returns what a configuration asks of kong.conf, sorted: whatever Kong it is for, and whether or not that is Kong's default. Of
// ports it knows those that routes name; a route that any port will do for needs none.
func Needs(s kong.State) []Need {
	n := needs{}
	for e := range s.Of(kong.Routes) {
		n.route(e)
	}
	for e := range s.Of(kong.Plugins) {
		n.plugin(e)
	}
	out := make([]Need, 0, len(n))
	for _, need := range n {
		slices.SortFunc(need.Origins, compareOrigins)
		need.Origins = slices.Compact(need.Origins)
		out = append(out, *need)
	}
	slices.SortFunc(out, func(a, b Need) int {
		return cmp.Or(cmp.Compare(a.Setting, b.Setting), cmp.Compare(a.listen.port, b.listen.port), cmp.Compare(a.Value, b.Value))
	})
	return out
}

// Modules returns the modules that Lua in a configuration loads by name, sorted: what it needs of untrusted_lua_sandbox_requires.
func Modules(s kong.State) []string {
	var out []string
	for _, n := range Needs(s) {
		if n.Setting == "untrusted_lua_sandbox_requires" {
			out = append(out, n.Value)
		}
	}
	return out
}

func compareOrigins(a, b kong.Origin) int {
	return cmp.Or(a.Pos.Compare(b.Pos), cmp.Compare(a.Object.String(), b.Object.String()), cmp.Compare(a.Field, b.Field))
}

// needs are needs by setting and value.
type needs map[[2]string]*Need

func (n needs) add(setting, value string, of kong.Entity) *Need {
	key := [2]string{setting, value}
	if n[key] == nil {
		n[key] = &Need{Setting: setting, Value: value}
	}
	n[key].Origins = append(n[key].Origins, of.Origin())
	return n[key]
}

func (n needs) listener(setting string, l listen, of kong.Entity) {
	n.add(setting, l.String(), of).listen = l
}

// route adds what a route needs: the router flavor that reads it, and listeners of its ports.
func (n needs) route(e kong.Entity) {
	if e.Text("expression") != "" {
		n.add("router_flavor", string(kong.Expressions), e)
	}
	stream := map[string]listen{"tcp": {}, "udp": {udp: true}, "tls": {ssl: true}, "tls_passthrough": {ssl: true}}
	ports := portsOf(e)
	for _, protocol := range e.Strings("protocols") {
		l, ok := stream[protocol]
		if ok && len(ports) == 0 {
			n.listener("stream_listen", l, e)
		}
		for _, l.port = range ports {
			if ok {
				n.listener("stream_listen", l, e)
			} else {
				n.listener("proxy_listen", listen{port: l.port}, e)
			}
		}
	}
}

// portsOf returns the ports that a route names as those that its requests or streams come to.
func portsOf(e kong.Entity) []int {
	fields := []string{"net.dst.port"}
	if header, err := route.HTTPHeader(PortHeader); err == nil {
		fields = append(fields, header.Name())
	}
	var out []int
	for _, v := range route.Values(e, fields...) {
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			out = append(out, n)
		}
	}
	return out
}

// plugin adds what a plugin needs: that it is there, and that its Lua may run.
//
// Source: Kong 3.9.3, kong/plugins/pre-function, kong/plugins/request-transformer/access.lua, kong/tools/sandbox.
func (n needs) plugin(e kong.Entity) {
	name := e.Text("name")
	n.add("plugins", name, e)
	switch name {
	case preFunction, postFunction:
		config, _ := e.Field("config")
		n.early(e, config)
		for text := range texts(config) {
			n.add("untrusted_lua", "sandbox", e)
			for _, module := range lua.Requires(text) {
				n.add("untrusted_lua_sandbox_requires", module, e)
			}
		}
	case "request-transformer":
		config, _ := e.Field("config")
		for text := range texts(config) {
			if _, template, ok := strings.Cut(text, "$("); ok && strings.Contains(template, ")") {
				n.add("untrusted_lua", "sandbox", e)
			}
		}
	}
}

// early adds what a plugin needs that runs before Kong knows the route: Kong asks for no workspace then.
//
// Source: Kong 3.9.3, kong/runloop/plugins_iterator.lua, PluginsIterator.new (globals).
func (n needs) early(e kong.Entity, config kong.Value) {
	phases, _ := config.(map[string]kong.Value)
	for _, phase := range []string{"certificate", "rewrite"} {
		if programs, ok := phases[phase].([]any); ok && len(programs) > 0 && isGlobal(e) {
			n.add(workspace, kong.DefaultWorkspace, e)
		}
	}
}

// isGlobal reports whether a plugin is for all requests.
func isGlobal(e kong.Entity) bool {
	for range e.Refs() {
		return false
	}
	return true
}

const workspace = "workspace"

// texts iterates over all strings in a value.
func texts(v kong.Value) func(yield func(string) bool) {
	var each func(v kong.Value, yield func(string) bool) bool
	each = func(v kong.Value, yield func(string) bool) bool {
		switch v := v.(type) {
		case string:
			return yield(v)
		case []any:
			for _, below := range v {
				if !each(below, yield) {
					return false
				}
			}
		case map[string]any:
			for _, below := range v {
				if !each(below, yield) {
					return false
				}
			}
		}
		return true
	}
	return func(yield func(string) bool) { each(v, yield) }
}

// Missing returns a finding for each need that a Kong with the settings does not meet. It is an error where the configuration cannot
// work, a warning where it depends on what is in front of the Kong, and for information where a Kong serves no requests itself and does
// not know how those are configured that do.
func Missing(needs []Need, s kong.Settings) diag.List {
	var out diag.List
	for _, n := range needs {
		severity, has := n.unmet(s)
		if has == "" {
			continue
		}
		f := diag.Finding{
			Severity: severity,
			Code:     MissingSetting,
			Object:   n.Origins[0].Object,
			Field:    n.Origins[0].Field,
			Pos:      n.Origins[0].Pos,
			Message:  n.message(has),
			Hint:     n.hint(),
		}
		const few = 3
		for _, o := range n.Origins[1:min(len(n.Origins), 1+few)] {
			f.Related = append(f.Related, o.Pos)
		}
		out = append(out, f)
	}
	return out.Sorted()
}

// message says what is needed and what there is instead.
func (n *Need) message(has string) string {
	if n.Setting == workspace {
		return fmt.Sprintf("it needs the workspace %s: in another one, such as %s, Kong runs no plugin before it knows the route", n.Value, has)
	}
	return fmt.Sprintf("it needs %s in %s of the Kong's kong.conf, %s", n.Value, n.Setting, has)
}

// Unusual returns a finding, for information, for each need that a Kong does not meet by default: what to see to before the
// configuration is given to a Kong that is not known yet.
func Unusual(needs []Need, f kong.Flavor) diag.List {
	s := kong.DefaultSettings()
	s.Flavor = f
	out := Missing(needs, s)
	for i := range out {
		out[i].Severity = diag.Info
		out[i].Message += " by default"
	}
	return out
}

// unmet returns what the settings have instead, and how bad that is; "" if the need is met.
func (n *Need) unmet(s kong.Settings) (diag.Severity, string) {
	serves := diag.Error
	if s.Role == "control_plane" || !hears(s.ProxyListen) && !hears(s.StreamListen) {
		serves = diag.Info
	}
	switch n.Setting {
	case "router_flavor":
		if s.Flavor != kong.Flavor(n.Value) {
			return diag.Error, "which is " + string(s.Flavor)
		}
	case "plugins":
		if s.Plugins != nil && !slices.Contains(s.Plugins, n.Value) {
			return diag.Error, "which has no plugin of that name"
		}
	case "untrusted_lua":
		if s.UntrustedLua == "off" {
			return serves, "which is off"
		}
	case "untrusted_lua_sandbox_requires":
		if s.UntrustedLua == "sandbox" && !slices.Contains(s.Modules(), n.Value) {
			return serves, "which has " + listed(s.Requires)
		}
	case workspace:
		if s.Workspace != "" && s.Workspace != n.Value {
			return diag.Error, s.Workspace
		}
	case "stream_listen":
		return n.unheard(s.StreamListen, s.PortMaps, serves)
	case "proxy_listen":
		return n.unheard(s.ProxyListen, s.PortMaps, serves)
	}
	return diag.Info, ""
}

func listed(l []string) string {
	if len(l) == 0 {
		return "none"
	}
	return strings.Join(l, ", ")
}

// hint says what to write into kong.conf.
func (n *Need) hint() string {
	switch n.Setting {
	case "router_flavor", "untrusted_lua":
		return fmt.Sprintf("set %s = %s in kong.conf", n.Setting, n.Value)
	case "plugins":
		return "install it, and add it to plugins in kong.conf"
	case workspace:
		return "write to the default workspace, or do without several ports of a protocol, matches of headers that need a key, " +
			"and clients' certificates"
	case "untrusted_lua_sandbox_requires":
		return fmt.Sprintf("add %s to %s in kong.conf", n.Value, n.Setting)
	}
	s := fmt.Sprintf("add %s to %s in kong.conf", n.Value, n.Setting)
	if n.listen.port != 0 {
		s += fmt.Sprintf("; or, for a port that leads to another one of Kong's, port_maps = %d:THAT", n.listen.port)
	}
	return s
}
