package diff

import (
	"slices"

	"github.com/gwsync/gwsync/render/kong"
)

// A parked route exists, so that plugins can refer to it, and matches no request whatsoever. Its form must not depend on
// what a client may send: a host, a method or a header that "nobody" sends is one that an attacker reads here and sends.
// So each form is a contradiction in itself.
//
// Parking keeps the id, the name, the service and the tags, and adds one tag for people. Whether a route is parked is told
// by its form, not by the tag: who edits the form opens the route.
const (
	parkedTag = "gwsync-parked"

	// parkedExpression wants one number to be two.
	parkedExpression = "(net.dst.port == 0) && (net.dst.port == 1)"

	// parkedPath is a regular expression that wants more text after the end of the text. Rust's regex crate, which matches
	// paths in router flavor traditional_compatible, and PCRE, which does in traditional, agree on that: without their
	// multi-line modes $ matches nowhere but at the end (PCRE: or before a last newline), and there "g" does not follow.
	parkedPath = "~/$gwsync-parked"

	// parkedPort of address parkedIP is where a stream route waits in vain: no connection is accepted at port 0 of no address.
	parkedIP, parkedPort = "0.0.0.0", 0
)

// matchers are the fields by which a route selects requests.
//
// Source: Kong 3.9.3, kong/db/schema/entities/routes.lua.
var matchers = []string{"expression", "methods", "hosts", "paths", "headers", "snis", "sources", "destinations"}

// parked returns the route in a form that Kong accepts in every router flavor and that no request can match.
func parked(route kong.Entity) (kong.Entity, error) {
	form := parkedForm(route)
	e, err := route.With("tags", append(route.Tags(), parkedTag))
	for _, name := range matchers {
		if _, ok := e.Field(name); err == nil && (ok || form[name] != nil) {
			e, err = e.With(name, form[name])
		}
	}
	return e, err
}

// isParked reports whether no request can match the route because of its parked form.
func isParked(route kong.Entity) bool {
	form := parkedForm(route)
	for _, name := range matchers {
		got, ok := route.Field(name)
		want, wanted := form[name]
		if name == "snis" && isStream(route) {
			continue // kept, see parkedForm
		}
		if ok != wanted || !equal(got, want) {
			return false
		}
	}
	return true
}

// parkedForm returns the matchers of the parked route.
func parkedForm(route kong.Entity) map[string]kong.Value {
	if _, ok := route.Field("expression"); ok {
		return map[string]kong.Value{"expression": parkedExpression}
	}
	if !isStream(route) {
		return map[string]kong.Value{"paths": []any{parkedPath}}
	}
	form := map[string]kong.Value{
		"destinations": []any{map[string]kong.Value{"ip": parkedIP, "port": int64(parkedPort)}},
	}
	if snis, ok := route.Field("snis"); ok {
		form["snis"] = snis // Kong wants them in a tls_passthrough route; all matchers must hold, so they open nothing
	}
	return form
}

func isStream(route kong.Entity) bool {
	return slices.ContainsFunc(route.Strings("protocols"), func(p string) bool {
		return p == "tcp" || p == "udp" || p == "tls" || p == "tls_passthrough"
	})
}

// disabled returns the service in a form that makes all its routes vanish from the router at once.
func disabled(service kong.Entity) (kong.Entity, error) {
	return service.With("enabled", false)
}

// isEnabled reports whether the service's routes can match. Kong's default is true.
func isEnabled(service kong.Entity) bool {
	v, ok := service.Field("enabled")
	return !ok || v != false
}
