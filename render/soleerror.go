package render

import (
	"slices"

	"github.com/gwsync/gwsync/render/lua"
)

// internalError answers every request with 500, as the Gateway API asks for what is broken.
func internalError(message string) *plugin {
	return &plugin{name: "request-termination", config: map[string]any{"status_code": 500, "message": message}, shuts: true}
}

// soleError is the only plugin of a rule that answers 500: a user's on its Routes could answer in its place. So could one for all requests
// or for those of a consumer, which run all the same, as nearly all run before request-termination: then it is Lua that runs before them,
// if that may be.
func (t *translator) soleError(p *plugin) []*plugin {
	users := func(p *plugin) bool { return p.user && !p.isDisabled() }
	elsewhere := slices.ContainsFunc(t.everywhere, users) ||
		slices.ContainsFunc(t.people, func(c consumer) bool { return slices.ContainsFunc(c.plugins, users) })
	if !elsewhere || t.target.Declarative {
		return []*plugin{p}
	}
	message, _ := p.config["message"].(string)
	return []*plugin{luaPlugin(preFunction, "access", lua.Exit(500, message))}
}
