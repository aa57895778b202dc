package route

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// Router answers which route of a state a request goes to. It is immutable and safe for concurrent use.
type Router struct {
	http, stream subsystem
	disabled     []kong.Entity // routes of disabled services
}

// entry is a route, or a part of one, as the router tries it.
type entry struct {
	part       kong.Entity // the route, or what Kong split it into
	priority   uint64
	expr       Expr        // all of the conditions
	conditions []condition // in Kong's order
	route      kong.Entity // as it was before it was split
	service    kong.Entity // zero for a route without a service
}

// condition is what a route's field demands of a request.
type condition struct {
	field string
	expr  Expr
}

// New returns the router of a Kong of that flavor that holds the state. Routes of disabled services take no part.
//
// A route is an error if its service does not exist, if it has no expression that Kong would take, or none that this package can
// model. Errors name the routes. What else [Validate] refuses does not matter here.
func New(s kong.State, f kong.Flavor) (*Router, error) {
	r := &Router{}
	var errs []error
	for e := range s.Of(kong.Routes) {
		if err := r.add(s, e, f); err != nil {
			errs = append(errs, fmt.Errorf("route %s: %w", e.Name(), err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	r.http.build()
	r.stream.build()
	return r, nil
}

// add adds a route in its parts.
//
// Source: Kong 3.9.3, kong/runloop/handler.lua, new_router and get_service_for_route.
func (r *Router) add(s kong.State, route kong.Entity, f kong.Flavor) error {
	stream := isStream(route)
	var service kong.Entity
	if key, ok := route.Ref("service"); ok {
		if service, ok = s.Get(key); !ok {
			return fmt.Errorf("its service %s does not exist", key.ID)
		}
		switch enabled, ok := service.Field("enabled"); {
		case isStreamProtocol(service.Text("protocol")) != stream:
			service = kong.Entity{} // Kong warns, and goes on without it
		case ok && enabled == false:
			r.disabled = append(r.disabled, route)
			return nil
		}
	}
	to := r.subsystem(stream)
	to.routes++
	for _, part := range Split(route) {
		e, err := newEntry(part, f)
		if err != nil {
			return err
		}
		e.route, e.service = route, service
		to.entries = append(to.entries, e)
	}
	return nil
}

func (r *Router) subsystem(stream bool) *subsystem {
	if stream {
		return &r.stream
	}
	return &r.http
}

func newEntry(part kong.Entity, f kong.Flavor) (entry, error) {
	conditions, err := compile(part, f)
	if err != nil {
		return entry{}, err
	}
	priority, err := Priority(part)
	if err != nil {
		return entry{}, err
	}
	all := make([]Expr, len(conditions))
	for i, c := range conditions {
		all[i] = c.expr
	}
	return entry{part: part, priority: priority, expr: All(all...), conditions: conditions}, nil
}

// before orders entries as Kong tries them.
//
// Source: Kong/atc-router 1.6.2, src/router.rs, MatcherKey.
func (e entry) before(o entry) int {
	return cmp.Or(cmp.Compare(o.priority, e.priority), strings.Compare(o.part.ID(), e.part.ID()))
}

// compile returns what a route, or a part of one, demands of a request.
func compile(r kong.Entity, f kong.Flavor) ([]condition, error) {
	_, isExpression := r.Field("expression")
	if isExpression && f == kong.TraditionalCompatible {
		return nil, errors.New("it has an expression, which the router flavor traditional_compatible does not know")
	}
	out := classicConditions(r, f)
	if isExpression || out == nil {
		e, err := parseRoute(r, f == kong.Expressions)
		if err != nil {
			return nil, err
		}
		out = []condition{{"expression", e}}
	}
	if f == kong.Expressions {
		if p := protocols(r); p != nil {
			out = append(out, condition{"protocols", p})
		}
	}
	return out, nil
}

// parseRoute returns a route's own expression, or the one that its criteria amount to. amend says whether Kong rewrites old names
// of fields in it.
func parseRoute(r kong.Entity, amend bool) (Expr, error) {
	text := r.Text("expression")
	if text == "" {
		text = classicText(r)
	}
	if amend {
		text = amended(text)
	}
	e, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if wrong := check(e, isStream(r)); wrong != nil {
		wrong.Line, wrong.Column = place(text, wrong.predicate.at)
		return nil, wrong
	}
	return e, nil
}

func amended(text string) string { return oldPort.ReplaceAllString(text, "net.dst.port$1") }

// oldPort is a name of net.dst.port that Kong rewrites before it parses, wherever it stands, be it in a path. The Admin API
// does so in every flavor, the router in the flavor expressions.
//
// Source: Kong 3.9.3, kong/router/transform.lua, amending_expression.
var oldPort = regexp.MustCompile(`net\.port(\s*[=><!])`)

// classicConditions returns what each field of a classic route demands, or nil if Kong would not take one of them. Joined by &&, as
// Kong joins their texts, they mean the same as apart, since nothing binds more loosely.
func classicConditions(r kong.Entity, f kong.Flavor) []condition {
	var out []condition
	for _, p := range classicParts(r) {
		if f == kong.Expressions {
			p.text = amended(p.text)
		}
		e, err := Parse(p.text)
		if err != nil || check(e, isStream(r)) != nil {
			return nil
		}
		out = append(out, condition{p.field, e})
	}
	return out
}

// protocols returns the condition on the protocol that the flavor expressions adds to each route. One that only takes HTTPS gets
// none, so that plain requests can be told so, nor does one that only takes TLS.
//
// Source: Kong 3.9.3, kong/router/expressions.lua.
func protocols(r kong.Entity) Expr {
	list := r.Strings("protocols")
	if len(list) == 1 && slices.Contains([]string{"https", "tls", "tls_passthrough"}, list[0]) {
		return nil
	}
	if len(list) == 0 {
		list = []string{"http", "https"} // Kong's default
	}
	var es []Expr
	for _, p := range list {
		es = append(es, NetProtocol().Equal(underlying(p)))
	}
	return Any(es...)
}

// underlying returns the net.protocol of what runs over a protocol of routes.
func underlying(protocol string) string {
	switch protocol {
	case "grpc":
		return "http"
	case "grpcs":
		return "https"
	case "tls_passthrough":
		return "tcp"
	}
	return protocol
}
