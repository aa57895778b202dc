package route

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// Router answers which route of a state a request goes to. It is immutable and safe for concurrent use.
type Router struct {
	entries []entry // the most important first
	index   index
	fields  []string // those that any expression asks for, sorted
}

// entry is a route, or a part of one, as the router tries it.
type entry struct {
	id       string
	priority uint64
	expr     Expr
	route    kong.Entity // as it was before it was split
	service  kong.Entity // zero for a route without a service
}

// New returns the router of a Kong of that flavor that holds the state. Routes of streams and of disabled services take no part.
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
	slices.SortFunc(r.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), strings.Compare(b.id, a.id))
	})
	fields := map[string]bool{}
	for i, e := range r.entries {
		r.index.add(i, e.expr)
		e.expr.predicates(func(p *predicate) bool {
			fields[p.field.name] = true
			return true
		})
	}
	r.fields = slices.Sorted(maps.Keys(fields))
	return r, nil
}

// add adds a route in its parts.
func (r *Router) add(s kong.State, route kong.Entity, f kong.Flavor) error {
	if isStream(route) {
		return nil
	}
	var service kong.Entity
	if key, ok := route.Ref("service"); ok {
		if service, ok = s.Get(key); !ok {
			return fmt.Errorf("its service %s does not exist", key.ID)
		}
		if enabled, ok := service.Field("enabled"); ok && enabled == false {
			return nil
		}
	}
	for _, part := range Split(route) {
		e, err := compile(part, f)
		if err != nil {
			return err
		}
		priority, err := Priority(part)
		if err != nil {
			return err
		}
		r.entries = append(r.entries, entry{id: part.ID(), priority: priority, expr: e, route: route, service: service})
	}
	return nil
}

// compile returns what a route, or a part of one, matches.
func compile(r kong.Entity, f kong.Flavor) (Expr, error) {
	e, err := parseRoute(r)
	if err != nil {
		return nil, err
	}
	if f == kong.TraditionalCompatible {
		if _, ok := r.Field("expression"); ok {
			return nil, errors.New("it has an expression, which the router flavor traditional_compatible does not know")
		}
		return e, nil
	}
	return All(e, protocols(r)), nil
}

// parseRoute returns a route's own expression, or the one that its criteria amount to.
func parseRoute(r kong.Entity) (Expr, error) {
	text := r.Text("expression")
	if text == "" {
		text = classicText(r)
	}
	e, err := Parse(oldPort.ReplaceAllString(text, "net.dst.port$1"))
	if err != nil {
		return nil, err
	}
	return e, check(e, isStream(r))
}

// oldPort is a name of net.dst.port that Kong rewrites before it parses, wherever it stands.
//
// Source: Kong 3.9.3, kong/router/transform.lua, amending_expression.
var oldPort = regexp.MustCompile(`net\.port(\s*[=><!])`)

// protocols returns the condition on the protocol that the flavor expressions adds to each route. One that only takes HTTPS gets
// none, so that plain requests can be told so.
//
// Source: Kong 3.9.3, kong/router/expressions.lua.
func protocols(r kong.Entity) Expr {
	list := r.Strings("protocols")
	if len(list) == 1 && list[0] == "https" {
		return nil
	}
	if len(list) == 0 {
		list = []string{"http", "https"} // Kong's default
	}
	var es []Expr
	for _, p := range list {
		es = append(es, NetProtocol().Equal(Request{Protocol: p}.protocol()))
	}
	return Any(es...)
}
