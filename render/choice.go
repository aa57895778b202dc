package render

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/lua"
)

// delivery is how the requests of a rule get to its backends.
type delivery struct {
	rule   *rule
	tags   []string
	origin *kong.Origin
	usable []bind.Backend
	groups []group
	// bad is the weight of the backends that are broken.
	bad int64
	// fields are those of the Service.
	fields map[string]any
	// hashing are fields of Upstreams that keep sessions; nil if there are none.
	hashing map[string]any
	// sessions are the plugins that sessions take.
	sessions []*plugin
	// own are the plugins for the filters of backends, where they are as good as the rule's.
	own []*plugin
	// problem is why all requests are answered 500; "" if they are not.
	problem string
}

// group is those of a rule's backends that requests reach through the same filters. Most rules have one.
type group struct {
	backends []bind.Backend
	weight   int64
	shares   []share
	// upstream is the Upstream that leads to them, "" for the one address of the Service.
	upstream string
	// scheme is how requests are sent to them: "http", "https", or "" as the Service says.
	scheme string
}

// delivery finds out how the requests of a rule get to its backends.
func (t *translator) delivery(r *rule) *delivery {
	usable, bad := t.split(r)
	d := &delivery{rule: r, tags: r.allTags(), usable: usable, bad: bad, fields: t.serviceFields(r, usable), origin: &kong.Origin{
		Object: r.bound.Object.Ref.Diag(), Field: ruleField(r.rule.Index), Pos: r.rule.Pos,
	}}
	if len(usable) == 1 && bad == 0 {
		d.tags = append(objectTags(usable[0].Object.Ref), t.userTags(*usable[0].Object, usable[0].Service.Annotations)...)
	}
	for _, g := range groups(r, usable) {
		if g.shares = t.shares(r, g.backends); len(g.shares) > 0 {
			d.groups = append(d.groups, g)
		} else {
			d.bad += g.weight
		}
	}
	if r.answers {
		return d
	}
	t.retries(r, usable, d.fields)
	t.timeouts(r, usable, d.fields)
	var err error
	if d.hashing, d.sessions, err = t.sessions(r, usable); err != nil {
		t.refuseDelivery(d, ".sessionPersistence", err)
	}
	if err := rewritable(d); err != nil {
		t.refuseDelivery(d, "", err)
	}
	if d.problem == "" && d.plain() {
		d.own = t.ownFilters(d)
	}
	return d
}

// refuseDelivery reports what a rule asks for and cannot have: its requests are answered 500.
func (t *translator) refuseDelivery(d *delivery, field string, err error) {
	f := unsupported(d.rule.bound.Object, fmt.Sprintf("spec.rules[%d]%s", d.rule.rule.Index, field), err.Error())
	f.Hint = hintFor(err)
	t.report(f)
	d.problem = "unsupported rule"
}

// withHint is an error that says what to do about it.
type withHint struct {
	error
	hint string
}

// hintFor returns what to do about an error; "" if it does not say.
func hintFor(err error) string {
	var with withHint
	if !errors.As(err, &with) {
		return ""
	}
	return with.hint
}

// errBackendPlugin is why the requests of a rule are answered 500 whose backend has a filter of type ExtensionRef.
func errBackendPlugin() error {
	return withHint{errors.New("kong has plugins for a route or a service, not for a single backend"),
		"make it a filter of the rule, give the backend a rule of its own, or name the plugin in " +
			"the annotation konghq.com/plugins of the Service"}
}

// rewritable returns an error for a rule that changes paths for backends which leave no room for that.
func rewritable(d *delivery) error {
	for _, b := range d.rule.rule.Backends {
		if slices.ContainsFunc(b.Filters, rewritesPath) {
			return d.rule.checkBackendPaths()
		}
	}
	if p := d.fields["protocol"]; d.rule.stripPath && (p == "grpc" || p == "grpcs") {
		return errors.New("kong cannot strip the path of requests to backends that speak HTTP/2: remove konghq.com/strip-path")
	}
	return nil
}

// groups returns backends by their filters, and by what Kong speaks to them where it can be told that by request, in the order of the first
// of each.
func groups(r *rule, backends []bind.Backend) []group {
	var out []group
	mixed := r.mixesSchemes(backends)
	type kind struct{ filters, scheme string }
	place := map[kind]int{}
	for _, b := range backends {
		key := kind{filters: filtersKey(b.Filters)}
		if mixed {
			key.scheme = cmp.Or(r.protocolTo(b), "http")
		}
		i, ok := place[key]
		if !ok {
			i = len(out)
			place[key] = i
			out = append(out, group{scheme: key.scheme})
		}
		out[i].backends = append(out[i].backends, b)
		out[i].weight += int64(b.Weight)
	}
	return out
}

func filtersKey(filters []bind.Filter) string {
	if len(filters) == 0 {
		return ""
	}
	var specs []any
	for _, f := range filters {
		specs = append(specs, f.HTTP)
	}
	text, err := json.Marshal(specs)
	if err != nil {
		return ""
	}
	return string(text)
}

// deliver returns the plugins that give a rule's requests to its backends, in the order in which they are to work.
func (t *translator) deliver(d *delivery) []*plugin {
	if d.problem != "" {
		return []*plugin{internalError(d.problem)}
	}
	out := slices.Concat(d.sessions, d.own)
	if !d.plain() {
		out = append(out, t.chosen(d)...)
	}
	if d.problem == "" && d.rule.byLua() {
		p, err := t.resend(d)
		if err != nil {
			t.refuseDelivery(d, ".retry", err)
			return []*plugin{internalError(d.problem)}
		}
		p.field = ".retry"
		out = append(out, p)
	}
	if d.problem != "" {
		return []*plugin{internalError(d.problem)}
	}
	return out
}

// plain reports whether nothing is to be chosen: all requests go the same way, and no filter of the backends is of a type that the rule has
// too, which theirs would have to come after, or redirects, which nothing of the backend would be left for.
func (d *delivery) plain() bool {
	return len(d.groups) == 0 || len(d.groups) == 1 && d.bad == 0 &&
		!slices.ContainsFunc(d.groups[0].backends[0].Filters, func(f bind.Filter) bool {
			return f.HTTP != nil && f.HTTP.RequestRedirect != nil || f.Mirror == nil && f.Plugin == nil &&
				slices.ContainsFunc(d.rule.rule.Filters, func(o bind.Filter) bool { return o.Type == f.Type })
		})
}

// ownFilters returns the plugins for the filters of backends that get all of a rule's requests.
func (t *translator) ownFilters(d *delivery) []*plugin {
	if len(d.groups) == 0 {
		return nil
	}
	b := d.groups[0].backends[0]
	var out []*plugin
	for i, f := range b.Filters {
		if f.Mirror != nil || f.Plugin != nil { // see attach
			continue
		}
		field := fmt.Sprintf(".backendRefs[%d].filters[%d]", b.Index, i)
		plugins, err := d.rule.filter(*f.HTTP)
		if err != nil {
			t.refuseDelivery(d, field, err)
			return nil
		}
		for _, p := range plugins {
			p.field = field
			out = append(out, p)
		}
	}
	return append(out, t.mirrorPlugin(d, ".backendRefs", b.Filters, 0)...)
}

// mirrorPlugin returns the plugin that copies requests as filters of type RequestMirror ask; none if none does.
func (t *translator) mirrorPlugin(d *delivery, field string, filters []bind.Filter, only int) []*plugin {
	mirrors, err := t.mirrors(d.rule, filters, only)
	if err != nil {
		t.refuseDelivery(d, field, err)
	}
	if len(mirrors) == 0 {
		return nil
	}
	p := luaPlugin(postFunction, "access", lua.Copies(mirrors))
	p.field = field
	return []*plugin{p}
}

// chosen returns the plugin that chooses among groups of backends and broken ones, and does what the filters of the chosen ones ask.
func (t *translator) chosen(d *delivery) []*plugin {
	var list []lua.Backend
	var total int64
	changes := len(d.groups) > 1
	for _, g := range d.groups {
		b, err := t.changes(d, g)
		if err != nil {
			return nil
		}
		b.Weight = g.weight
		if len(d.groups) > 1 {
			b.Upstream, b.Scheme = g.upstream, g.scheme
		}
		total += g.weight
		changes = changes || len(g.backends[0].Filters) > 0
		list = append(list, b)
	}
	const field = ".backendRefs"
	if !changes {
		p := luaPlugin(postFunction, "access", lua.Errors(d.rule.brokenStatus(), d.bad, total+d.bad, noBackend))
		p.field = field
		return []*plugin{p}
	}
	if len(d.groups) > 1 && d.hashing != nil {
		t.refuseDelivery(d, ".sessionPersistence",
			errors.New("backends with filters or protocols of their own are chosen at random, so that no session could persist"))
		return nil
	}
	if d.bad > 0 {
		list = append(list, lua.Backend{Weight: d.bad, Broken: true})
	}
	p := luaPlugin(postFunction, "access", lua.Choose(list, d.rule.brokenStatus(), noBackend))
	if responses := lua.Responses(list); responses != "" {
		p.config["header_filter"] = []any{string(responses)}
	}
	p.field = field
	out := []*plugin{p}
	for i, g := range d.groups {
		out = append(out, t.mirrorPlugin(d, field, g.backends[0].Filters, i+1)...)
	}
	return out
}

// changes returns what the filters of a group of backends do, as programs. An error has been reported.
func (t *translator) changes(d *delivery, g group) (lua.Backend, error) {
	var out lua.Backend
	b := g.backends[0]
	for i, f := range b.Filters {
		var err error
		switch {
		case f.Mirror != nil:
			continue
		case f.Plugin != nil && (d.bad > 0 || d.rule.sharedFilters() == nil):
			err = errBackendPlugin()
		case f.Plugin != nil: // see attach
		case f.HTTP.RequestHeaderModifier != nil:
			out.Request, err = requestProgram(f.HTTP.RequestHeaderModifier, out.Request)
		case f.HTTP.ResponseHeaderModifier != nil:
			var program lua.Chunk
			program, err = responseProgram(f.HTTP.ResponseHeaderModifier)
			out.Response = lua.Join(out.Response, program)
		case f.HTTP.RequestRedirect != nil:
			var redirect lua.Redirect
			redirect, err = d.rule.redirection(f.HTTP.RequestRedirect)
			out.Answer = redirect.Program()
		case f.HTTP.CORS != nil:
			var policy lua.CORS
			policy, err = corsPolicy(f.HTTP.CORS)
			out.Request = lua.Join(out.Request, lua.Within(policy.Access()))
			out.Response = lua.Join(out.Response, lua.Within(policy.HeaderFilter()))
		case f.HTTP.URLRewrite != nil:
			out.Request, err = d.rule.rewriteProgram(f.HTTP.URLRewrite, out.Request)
		default:
			err = fmt.Errorf("gwsync cannot render filter %s for one backend of several", f.Type)
		}
		if err != nil {
			t.refuseDelivery(d, fmt.Sprintf(".backendRefs[%d].filters[%d]", b.Index, i), err)
			return out, err
		}
	}
	return out, nil
}

// requestProgram returns a program that modifies the headers of a request, after another one.
func requestProgram(f *gatewayv1.HTTPHeaderFilter, before lua.Chunk) (lua.Chunk, error) {
	if _, err := requestHeaders(f); err != nil {
		return "", err
	}
	actions, err := headerActions(f)
	for _, a := range actions {
		program := lua.RequestHeader(a.verb, a.name, a.value)
		if variable := forwardedVariable(a.name); variable != "" {
			program = lua.Variable(variable, a.verb, a.value)
		}
		before = lua.Join(before, program)
	}
	return before, err
}

// responseProgram returns a program that modifies the headers of a response.
func responseProgram(f *gatewayv1.HTTPHeaderFilter) (lua.Chunk, error) {
	if _, err := responseHeaders(f); err != nil {
		return "", err
	}
	actions, err := headerActions(f)
	var out lua.Chunk
	for _, a := range actions {
		out = lua.Join(out, lua.ResponseHeader(a.verb, a.name, a.value))
	}
	return out, err
}

// rewriteProgram returns a program that changes the Host and path of a request, after another one.
func (r *rule) rewriteProgram(f *gatewayv1.HTTPURLRewriteFilter, before lua.Chunk) (lua.Chunk, error) {
	if f.Hostname != nil {
		before = lua.Join(before, lua.RequestHeader("set", "Host", string(*f.Hostname)))
	}
	if f.Path == nil {
		return before, nil
	}
	path, prefix, err := replacement(f.Path)
	if err != nil {
		return "", err
	}
	if !prefix {
		return lua.Join(before, lua.Path(cmp.Or(path, "/"))), nil
	}
	if r.path != "" {
		return "", errors.New("the rule replaces the prefix of the path, too")
	}
	old, err := r.prefixOf()
	return lua.Join(before, lua.Prefix(old, path)), err
}
