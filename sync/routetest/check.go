package routetest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Outcome is what became of a request. What is not known is nil.
type Outcome struct {
	// Status, Header are the answer; a status of gRPC is in Header even if it came after the body.
	Status int
	Header http.Header
	// Routed says whether a route took the request; Route is whose: "HTTPRoute shop/echo", or Kong's name of its route.
	Routed *bool
	Route  *string
	// Sent is what a backend got, if it is known whether one got anything.
	Sent *Sent
	// Echoed says that the answer is an echo's, whose status is nobody's.
	Echoed bool
}

// Sent is what backends got.
type Sent struct {
	// Backends are the names of those that the request may have gone to, NAMESPACE/NAME:PORT; none if Kong answered by itself.
	Backends []string
	Path     string
	Host     string
	// Header is nil if it is not known.
	Header http.Header
}

// Result is what a test came to.
type Result struct {
	Test Test
	// Failures say what was expected and did not happen, one line each.
	Failures []string
	// Unchecked are the fields of expect about which nothing is known.
	Unchecked []string
	// Err is why there was no outcome.
	Err error
}

// Passed reports whether nothing failed.
func (r Result) Passed() bool { return r.Err == nil && len(r.Failures) == 0 }

// Check holds an outcome to what a test expects.
func (t Test) Check(o Outcome) Result {
	c := &checking{result: Result{Test: t}}
	e := t.Expect
	c.noRoute(e, o)
	if e.Route != "" {
		c.text("route", e.Route, o.Route)
	}
	c.sent(e, o)
	if e.Status != 0 {
		if o.Echoed && e.Status != o.Status {
			c.unknown("status")
		} else {
			c.equal("status", fmt.Sprint(e.Status), fmt.Sprint(o.Status))
		}
	}
	if e.GRPCStatus != nil {
		if o.Echoed {
			c.unknown("grpcStatus")
		} else {
			c.equal("grpcStatus", fmt.Sprint(*e.GRPCStatus), o.Header.Get("Grpc-Status"))
		}
	}
	if e.Location != "" {
		c.equal("location", e.Location, o.Header.Get("Location"))
	}
	c.headers("responseHeaders", e.ResponseHeaders, o.Header)
	return c.result
}

// checking collects the result of a test.
type checking struct{ result Result }

func (c *checking) fail(format string, args ...any) {
	c.result.Failures = append(c.result.Failures, fmt.Sprintf(format, args...))
}

func (c *checking) unknown(field string) { c.result.Unchecked = append(c.result.Unchecked, field) }

func (c *checking) equal(field, want, got string) {
	if want != got {
		c.fail("%s is %s, want %s", field, show(got), show(want))
	}
}

func (c *checking) text(field, want string, got *string) {
	if got == nil {
		c.unknown(field)
		return
	}
	c.equal(field, want, *got)
}

func (c *checking) noRoute(e Expect, o Outcome) {
	switch {
	case !e.NoRoute:
	case o.Status != http.StatusNotFound:
		c.fail("status is %d%s, want no route: 404", o.Status, by(o))
	case o.Routed == nil:
		c.unknown("noRoute")
	case *o.Routed:
		c.fail("a route answers%s, want none", by(o))
	}
}

// by says who answered, if that is known.
func by(o Outcome) string {
	switch {
	case o.Route != nil && *o.Route != "":
		return " by " + *o.Route
	case o.Sent != nil && len(o.Sent.Backends) > 0:
		return " from " + strings.Join(o.Sent.Backends, " or ")
	}
	return ""
}

// sent holds what a backend got to what is expected of it.
func (c *checking) sent(e Expect, o Outcome) {
	wants := map[string]bool{"backend": e.Backend != "", "path": e.Path != "", "host": e.Host != "", "headers": len(e.Headers) > 0}
	maps.DeleteFunc(wants, func(_ string, wanted bool) bool { return !wanted })
	switch {
	case len(wants) == 0:
		return
	case o.Sent == nil:
		for _, field := range slices.Sorted(maps.Keys(wants)) {
			c.unknown(field)
		}
		return
	case len(o.Sent.Backends) == 0:
		c.fail("no backend gets the request%s: Kong answers %d", by(o), o.Status)
		return
	}
	if e.Backend != "" && !slices.Contains(o.Sent.Backends, e.Backend) {
		c.fail("backend is %s, want %s", show(strings.Join(o.Sent.Backends, " or ")), show(e.Backend))
	}
	if e.Path != "" {
		c.equal("path", e.Path, o.Sent.Path)
	}
	if e.Host != "" {
		c.equal("host", e.Host, o.Sent.Host)
	}
	if wants["headers"] && o.Sent.Header == nil {
		c.unknown("headers")
	} else {
		c.headers("headers", e.Headers, o.Sent.Header)
	}
}

func (c *checking) headers(field string, want map[string]*string, got http.Header) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		values, there := got[http.CanonicalHeaderKey(name)]
		value := strings.Join(values, ", ")
		switch w := want[name]; {
		case w == nil && there:
			c.fail("%s: %s is %s, want none", field, name, show(value))
		case w != nil && !there:
			c.fail("%s: there is no %s, want %s", field, name, show(*w))
		case w != nil && *w != value:
			c.fail("%s: %s is %s, want %s", field, name, show(value), show(*w))
		}
	}
}

// show quotes what would be misread.
func show(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}
