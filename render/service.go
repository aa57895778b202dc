package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/lua"
	"github.com/gwsync/gwsync/render/manifest"
)

// services renders the Services of the rules, and tells each rule the name of its own. Rules of one route with the same backends
// share the Service of the first.
func (t *translator) services(rules []*rule) {
	type sharing struct {
		route    manifest.Ref
		backends string
		path     string
		answers  bool
		refused  bool
	}
	seen := map[sharing]string{}
	for _, r := range rules {
		if r.matches[0].last {
			continue // a plugin answers, and nothing of the manifests stands behind it
		}
		t.secure(r)
		key := sharing{r.bound.Object.Ref, backendsKey(r), r.path, r.answers, r.refused}
		if name, ok := seen[key]; ok {
			r.service = name
			continue
		}
		r.service = serviceName(r.bound.Object.Ref, r.rule.Index)
		seen[key] = r.service
		t.service(r)
	}
}

func backendsKey(r *rule) string {
	var keys []string
	for _, b := range r.rule.Backends {
		keys = append(keys, fmt.Sprintf("%+v %d %d %t", b.Target, b.Port, b.Weight, r.broken(b)))
	}
	slices.Sort(keys)
	return strings.Join(keys, "\n")
}

// share is what an address gets of a Service's requests.
type share struct {
	host   string
	port   int64
	weight int64
}

// service adds the Service of a rule, with an Upstream where it takes several addresses, and with the 500s for backends that are
// broken.
func (t *translator) service(r *rule) {
	origin := kong.Origin{
		Object: r.bound.Object.Ref.Diag(), Field: fmt.Sprintf("spec.rules[%d]", r.rule.Index), Pos: r.rule.Pos,
	}
	usable, bad := t.split(r)
	tags := r.tags
	if len(usable) == 1 && bad == 0 {
		tags = append(objectTags(usable[0].Object.Ref), t.userTags(usable[0].Object, usable[0].Service.Annotations)...)
	}
	fields := t.serviceFields(r, usable)
	t.tlsFields(r, fields)
	fields["name"] = r.service
	if r.path != "" {
		fields["path"] = r.path
	}
	reached := t.lead(r, usable, fields, tags, origin)
	e := t.add(kong.Services, kong.ID(kong.Services, r.service), fields, tags, origin)
	t.sendsHost(e, r)
	if e.IsZero() {
		return
	}
	plugins, ok := t.attachToService(r, usable)
	if !ok {
		t.shut[r.service] = true
		return
	}
	var good int64
	for _, b := range usable {
		good += int64(b.Weight)
	}
	switch {
	case r.answers:
	case !reached:
		plugins = []plugin{unreachable(r.brokenStatus())}
	case bad > 0:
		plugins = append(plugins, shareOfErrors(r.brokenStatus(), bad, bad+good))
	}
	t.behind[r.service] = plugins
	for _, p := range t.settle(r.bound.Object, inherit(plugins, t.everywhere)) {
		t.plugin(p, e, tags, origin)
	}
}

// lead sets where a rule's Service leads: to an address, or to an Upstream of its own or of the one backend. It reports whether there is
// anything that it could lead to.
func (t *translator) lead(r *rule, usable []bind.Backend, fields map[string]any, tags []string, origin kong.Origin) bool {
	if len(usable) == 1 && len(usable[0].Endpoints) > 1 {
		if name, ok := t.endpoints(r, usable[0]); ok {
			fields["host"] = name
			return true
		}
	}
	switch shares := t.shares(r, usable); len(shares) {
	case 0:
		fields["host"] = r.service + ".invalid"
		return false
	case 1:
		fields["host"], fields["port"] = shares[0].host, shares[0].port
	default:
		fields["host"] = r.service
		t.upstream(r, r.service, shares, tags, origin)
	}
	return true
}

// endpoints returns the name of the Upstream that has the endpoints of a backend for Targets. All rules with this backend share it, or a
// Service of many endpoints that many routes lead to would come to their product. It returns false if one address stands for all.
func (t *translator) endpoints(r *rule, b bind.Backend) (string, bool) {
	name := fmt.Sprintf("%s.%s.%d.svc", b.Target.Name, b.Target.Namespace, b.Port)
	if many, known := t.spread[name]; known {
		return name, many
	}
	b.Weight = 1
	shares := t.shares(r, []bind.Backend{b})
	t.spread[name] = len(shares) > 1
	if len(shares) > 1 {
		origin := kong.Origin{Object: b.Object.Ref.Diag(), Pos: b.Object.At("")}
		t.upstream(r, name, shares, objectTags(b.Object.Ref), origin)
	}
	return name, len(shares) > 1
}

// split returns the backends that get requests, and the weight of those that are broken.
func (t *translator) split(r *rule) (usable []bind.Backend, bad int64) {
	for _, b := range r.rule.Backends {
		switch {
		case b.Weight == 0:
		case r.broken(b):
			bad += int64(b.Weight)
		default:
			usable = append(usable, b)
		}
	}
	return usable, bad
}

// broken reports whether the requests of a backend are to be answered 500: it does not resolve, it is to be reached by a TLS that is not
// rendered, or one of its filters does not resolve.
func broken(b bind.Backend) bool {
	return b.Reason != "" || b.Policy != nil || slices.ContainsFunc(b.Filters, blocks)
}

// shares returns the addresses of the backends and their weights, in the order of the backends. The addresses of a backend divide its
// weight evenly, in whole numbers: all weights are multiplied so that they can. Backends of one address share it.
func (t *translator) shares(r *rule, usable []bind.Backend) []share {
	found := make([][]share, len(usable))
	parts := int64(1)
	for i, b := range usable {
		addresses, err := t.addresses(r, b)
		if err != nil {
			t.report(unsupported(r.bound.Object, fmt.Sprintf("spec.rules[%d].backendRefs[%d]", r.rule.Index, b.Index), err.Error()))
			continue
		}
		found[i] = addresses
		parts = multiple(parts, int64(len(addresses)))
	}
	var out []share
	index := map[share]int{}
	for i, b := range usable {
		for _, s := range found[i] {
			at, ok := index[s]
			if !ok {
				at = len(out)
				index[s] = at
				out = append(out, s)
			}
			out[at].weight += int64(b.Weight) * parts / int64(len(found[i]))
		}
	}
	return out
}

// multiple returns the least common multiple of two numbers. Where weights times that would leave their type, it returns a number so
// large that no weight which Kong has can tell the difference.
func multiple(a, b int64) int64 {
	const most = 1 << 40 // times 1,000,000, the largest weight
	if m := a / gcd(a, b); m <= most/b {
		return m * b
	}
	return most
}

// maxWeight is Kong's largest target weight (kong/db/schema/entities/targets.lua). The Gateway API goes to 1,000,000.
const maxWeight = 65535

// upstream adds an Upstream that leads to several addresses, and its Targets.
func (t *translator) upstream(r *rule, name string, shares []share, tags []string, origin kong.Origin) {
	t.scale(r, shares)
	id := kong.ID(kong.Upstreams, name)
	t.add(kong.Upstreams, id, map[string]any{"name": name}, tags, origin)
	for _, s := range shares {
		target := s.host + ":" + strconv.FormatInt(s.port, 10)
		t.add(kong.Targets, kong.ID(kong.Targets, id+":"+target),
			map[string]any{"upstream": id, "target": target, "weight": s.weight}, tags, origin)
	}
}

// scale brings weights into Kong's range, exactly where they have a common divisor.
func (t *translator) scale(r *rule, shares []share) {
	var divisor, largest int64
	for _, s := range shares {
		divisor, largest = gcd(divisor, s.weight), max(largest, s.weight)
	}
	if largest <= maxWeight {
		return
	}
	if largest/divisor > maxWeight {
		field := fmt.Sprintf("spec.rules[%d].backendRefs", r.rule.Index)
		t.report(diag.Finding{
			Severity: diag.Warning, Code: InexactWeight, Object: r.bound.Object.Ref.Diag(), Pos: r.bound.Object.At(field), Field: field,
			Message: fmt.Sprintf("Kong's weights end at %d: the proportions are kept as nearly as that allows", maxWeight),
			Hint:    "use smaller weights of the same proportions",
		})
	}
	for i, s := range shares {
		if largest/divisor <= maxWeight {
			shares[i].weight = s.weight / divisor
		} else {
			shares[i].weight = max(1, s.weight*maxWeight/largest)
		}
	}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

const noBackend = "no existing backendRef provided"

// unreachable answers every request with a status, for want of a backend.
func unreachable(status int) plugin {
	return plugin{name: "request-termination", config: map[string]any{"status_code": status, "message": noBackend}}
}

// shareOfErrors answers bad of total requests with a status, at random, as the Gateway API asks for broken backends among good ones
// (HTTPRouteRule.backendRefs). No declarative plugin can.
func shareOfErrors(status int, bad, total int64) plugin {
	return luaPlugin(postFunction, "access", lua.New(
		"if math.random(@total) <= @bad then return kong.response.exit(@status, { message = @message }) end",
		lua.Values{"bad": bad, "total": total, "status": status, "message": noBackend}))
}
