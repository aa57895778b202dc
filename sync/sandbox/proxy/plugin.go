package proxy

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/gwsync/gwsync/render/kong"
)

// plugin is one configured plugin.
type plugin interface {
	// access runs before the backend is asked. An answer ends the request there. An error is Kong's: the client gets 500.
	access(*exchange) (*response, error)
	// filter changes an answer on its way to the client, whoever gave it.
	filter(*exchange, *response)
}

// passive is a plugin that does nothing; embed it for the phases that a plugin has no work in.
type passive struct{}

func (passive) access(*exchange) (*response, error) { return nil, nil }
func (passive) filter(*exchange, *response)         {}

// kind is a plugin that the proxy knows.
type kind struct {
	name string
	// priority is Kong's: plugins run from the highest to the lowest, in both phases.
	priority int
	// build compiles the plugin's config, the entity's field of that name.
	build func(config kong.Value) (plugin, error)
}

// kinds are the plugins that the proxy knows. Priorities: PRIORITY in kong/plugins/NAME/handler.lua of Kong 3.9.3.
func kinds() []kind {
	return []kind{
		{"pre-function", 1_000_000, newFunction},
		{"cors", 2000, newCORS},
		{"jwt", 1450, newJWT},
		{"key-auth", 1250, newKeyAuth},
		{"basic-auth", 1100, newBasicAuth},
		{"ip-restriction", 990, newIPRestriction},
		{"acl", 950, newACL},
		{"rate-limiting", 910, newRateLimiting},
		{"request-transformer", 801, newRequestTransformer},
		{"response-transformer", 800, newResponseTransformer},
		{"redirect", 779, newRedirect},
		{"request-termination", 2, newRequestTermination},
		{"post-function", -1000, newFunction},
	}
}

// unmodelled is in the place of a plugin that the proxy cannot run.
type unmodelled struct {
	passive
	reason string
}

func (u unmodelled) access(*exchange) (*response, error) { return nil, &unmodelledError{u.reason} }

// scope is what a plugin is configured for, by ids. The zero scope is everything.
type scope struct{ route, service, consumer string }

// pluginTable holds all enabled plugins of a configuration.
type pluginTable struct {
	names  []string // by falling priority; names that are not known come first
	byName map[string]map[scope]configured
	// rewriting are the functions that run before there is a route.
	rewriting []*function
}

// configured is a plugin and the entity that configures it. The zero configured is none.
type configured struct {
	plugin
	entity kong.Entity
}

func newPluginTable(s kong.State) *pluginTable {
	t := &pluginTable{byName: map[string]map[scope]configured{}}
	known := map[string]kind{}
	for _, k := range kinds() {
		known[k.name] = k
	}
	for e := range s.Of(kong.Plugins) {
		if v, _ := e.Field("enabled"); v == false {
			continue
		}
		if _, ok := e.Field("consumer_group"); ok {
			continue // nothing puts a consumer into a group here
		}
		name := e.Text("name")
		if t.byName[name] == nil {
			t.byName[name] = map[scope]configured{}
			t.names = append(t.names, name)
		}
		t.byName[name][scopeOf(e)] = configured{build(known[name], name, e), e}
	}
	slices.SortFunc(t.names, func(a, b string) int {
		return cmp.Or(
			boolOrder(known[a].build != nil, known[b].build != nil),
			cmp.Compare(known[b].priority, known[a].priority),
			cmp.Compare(a, b),
		)
	})
	for _, p := range t.global() {
		if f, ok := p.(configured).plugin.(*function); ok && (len(f.rewrites) > 0 || len(f.certificates) > 0) {
			t.rewriting = append(t.rewriting, f)
		}
	}
	return t
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func build(k kind, name string, e kong.Entity) plugin {
	if k.build == nil {
		return unmodelled{reason: "plugin " + name}
	}
	config, _ := e.Field("config")
	p, err := k.build(config)
	if err != nil {
		return unmodelled{reason: fmt.Sprintf("plugin %s: %v", name, err)}
	}
	if c, ok := p.(interface{ configuredBy(kong.Entity) }); ok {
		c.configuredBy(e)
	}
	return p
}

func scopeOf(e kong.Entity) scope {
	var s scope
	if k, ok := e.Ref("route"); ok {
		s.route = k.ID
	}
	if k, ok := e.Ref("service"); ok {
		s.service = k.ID
	}
	if k, ok := e.Ref("consumer"); ok {
		s.consumer = k.ID
	}
	return s
}

// pick returns the one configuration of a plugin that applies: the most specific one, or none.
//
// Source: Kong 3.9.3, kong/runloop/plugins_iterator.lua, lookup_cfg.
func (t *pluginTable) pick(name, route, service, consumer string) configured {
	for _, s := range []scope{
		{route, service, consumer},
		{route: route, consumer: consumer},
		{service: service, consumer: consumer},
		{route: route, service: service},
		{consumer: consumer},
		{route: route},
		{service: service},
	} {
		// Where an id is missing the row has become one of the others.
		if p := t.byName[name][s]; p.plugin != nil && s != (scope{}) {
			return p
		}
	}
	return t.byName[name][scope{}]
}

// global returns the plugins that run on what no route was found for: Kong has them filter its own errors.
func (t *pluginTable) global() []plugin {
	var out []plugin
	for _, name := range t.names {
		if p := t.byName[name][scope{}]; p.plugin != nil {
			out = append(out, p)
		}
	}
	return out
}

// access runs the plugins of the exchange, and notes those that will filter the answer. It returns the answer of the plugin
// that ended the request, if one did. A plugin that cannot be run ends it before any other has run, but for those of the
// consumer that is found out on the way: they end it when it is.
func (x *exchange) access() *response {
	x.filters = nil
	if answer := x.unrunnable(); answer != nil {
		return answer
	}
	var answer *response
	for _, name := range x.table.plugins.names {
		p := x.pick(name)
		if p.plugin == nil {
			continue
		}
		x.filters = append(x.filters, p)
		if x.trace != nil {
			x.trace.Plugins = append(x.trace.Plugins, p.entity)
		}
		if answer != nil {
			continue
		}
		var err error
		if answer, err = p.access(x); err != nil {
			answer = x.failed(err)
		}
	}
	if answer == nil {
		answer = x.unrunnable()
	}
	if answer == nil && x.lost {
		answer = x.errorPage(http.StatusInternalServerError)
		answer.proxied = true
	}
	return answer
}

// pick returns the one configuration of a plugin that applies to the exchange as it is known now, or none.
func (x *exchange) pick(name string) configured {
	return x.table.plugins.pick(name, x.match.Route.ID(), x.match.Service.ID(), x.consumer.ID())
}

// unrunnable is the answer where a plugin applies that is not modelled.
func (x *exchange) unrunnable() *response {
	for _, name := range x.table.plugins.names {
		if u, ok := x.pick(name).plugin.(unmodelled); ok {
			x.filters = nil
			return x.unmodelled("%s", u.reason)
		}
	}
	return nil
}

// failed is the answer where Kong, or a plugin, could not go on.
func (x *exchange) failed(err error) *response {
	var (
		what     *unmodelledError
		body     *bodyError
		tooLarge *http.MaxBytesError
	)
	switch {
	case errors.As(err, &what):
		return x.unmodelled("%s", what.what)
	case errors.As(err, &tooLarge):
		return x.errorPage(http.StatusRequestEntityTooLarge)
	case errors.As(err, &body):
		return x.errorPage(http.StatusBadRequest)
	}
	return x.fail(http.StatusInternalServerError, pageMessages(http.StatusInternalServerError))
}

// unmodelledError is the error of a plugin that was asked for what it does not do.
type unmodelledError struct{ what string }

func (e *unmodelledError) Error() string { return e.what + " is not modelled" }

// decode reads a canonical value into a struct by its JSON names.
func decode(v kong.Value, into any) error {
	if v == nil {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}
