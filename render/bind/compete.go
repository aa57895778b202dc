package bind

import (
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// claim is a route that wants a listener which not all routes can have.
type claim struct {
	route   *Route
	binding *Binding
}

// compete decides which routes come first at listeners that cannot serve all that they let attach:
//
//   - of an HTTPRoute and a GRPCRoute with a hostname in common, one is accepted (GR GRPCRouteSpec.Hostnames)
//   - a port has one TCPRoute or UDPRoute, and a hostname one TLSRoute: the others are accepted, and get nothing
//     (conformance tests TCPRouteMultipleRoutesAttachment, UDPRouteMultipleRoutesAttachment)
//
// The oldest route comes first, then the first by "{namespace}/{name}", see [manifest.Object.Older]; of two kinds with one name, the
// GRPCRoute, whose kind is the first by name. A route that is turned away takes nothing from others.
func (b *builder) compete() {
	for _, claims := range b.claims() {
		slices.SortStableFunc(claims, func(a, b claim) int { return a.route.Object.Older(b.route.Object) })
		switch claims[0].route.Object.Ref.Kind {
		case kindHTTPRoute, kindGRPCRoute:
			separateKinds(claims)
		case kindTLSRoute:
			separateHostnames(claims)
		default:
			for _, c := range claims {
				c.yield(claims[0].route)
			}
		}
	}
}

// claims returns the routes of each listener that could turn others away. HTTPRoutes are among them only where there is a GRPCRoute.
func (b *builder) claims() map[*Listener][]claim {
	claims := map[*Listener][]claim{}
	collect := func(wanted func(r *Route, l *Listener) bool) {
		for _, r := range b.Routes {
			if r.invalid() != "" {
				continue
			}
			for i := range r.Parents {
				for j := range r.Parents[i].Bindings {
					if bd := &r.Parents[i].Bindings[j]; bd.Accepted && wanted(r, bd.Listener) {
						claims[bd.Listener] = append(claims[bd.Listener], claim{r, bd})
					}
				}
			}
		}
	}
	collect(func(r *Route, _ *Listener) bool { return r.Object.Ref.Kind != kindHTTPRoute })
	collect(func(r *Route, l *Listener) bool { return r.Object.Ref.Kind == kindHTTPRoute && len(claims[l]) > 0 })
	return claims
}

// yield notes that a route has the listener instead of c's.
func (c claim) yield(winner *Route) {
	if winner != c.route {
		c.binding.Winner, c.binding.rival = winner, winner
	}
}

// separateKinds turns away the HTTPRoutes and GRPCRoutes that have a hostname in common with one of the other kind before them.
func separateKinds(claims []claim) {
	http, grpc := newHosts(), newHosts()
	for rank, c := range claims {
		own, other := http, grpc
		if c.route.Object.Ref.Kind == kindGRPCRoute {
			own, other = grpc, http
		}
		if first, ok := other.first(c.binding.hosts()); ok {
			c.yield(claims[first].route)
			c.binding.Accepted = false
		} else {
			own.add(c.binding.hosts(), rank)
		}
	}
}

// separateHostnames notes which TLSRoute has which hostname.
func separateHostnames(claims []claim) {
	owner := map[string]*Route{}
	for _, c := range claims {
		hosts := c.binding.hosts()
		var taken []string
		for _, h := range hosts {
			if o, has := owner[h]; has && o != c.route {
				taken = append(taken, h)
			} else {
				owner[h] = c.route
			}
		}
		switch len(taken) {
		case 0:
			continue
		case len(hosts):
			c.yield(owner[hosts[0]])
		default:
			c.binding.rival = owner[taken[0]]
		}
		c.binding.Taken = taken
	}
}

// hosts returns the hostnames that are in common, "" alone for any.
func (b *Binding) hosts() []string {
	if len(b.Hostnames) == 0 {
		return []string{""}
	}
	return b.Hostnames
}

// hosts answers which of many hostnames is the first that has a host in common with another, in time linear in that one's length. The
// first is the one with the lowest rank. Suffixes are keys with their leading dot.
type hosts struct {
	any   map[string]int // by "": any hostname at all
	exact map[string]int // by the hostname itself
	wild  map[string]int // by the suffix of a wildcard
	below map[string]int // by every suffix that a hostname has, the wildcard's own included
}

func newHosts() hosts {
	return hosts{map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}}
}

// add takes up hostnames. Ranks are to be added in ascending order.
func (h hosts) add(names []string, rank int) {
	put := func(m map[string]int, key string) {
		if _, taken := m[key]; !taken {
			m[key] = rank
		}
	}
	for _, name := range names {
		put(h.any, "")
		put(h.exact, name)
		if suffix, ok := strings.CutPrefix(name, "*"); ok {
			put(h.wild, suffix)
		}
		for _, suffix := range suffixes(name) {
			put(h.below, suffix)
		}
	}
}

// first returns the lowest rank of a hostname that has a host in common with any of names.
func (h hosts) first(names []string) (rank int, ok bool) {
	look := func(m map[string]int, key string) {
		if r, found := m[key]; found && (!ok || r < rank) {
			rank, ok = r, true
		}
	}
	for _, name := range names {
		look(h.exact, "")
		look(h.exact, name)
		if name == "" {
			look(h.any, "")
		}
		if suffix, wild := strings.CutPrefix(name, "*"); wild {
			look(h.below, suffix)
		}
		for _, suffix := range suffixes(name) {
			look(h.wild, suffix)
		}
	}
	return rank, ok
}

// suffixes returns what follows each label of a hostname but the last, with the leading dot: those of the wildcards that it is within.
func suffixes(hostname string) []string {
	var out []string
	for i := 1; i < len(hostname); i++ {
		if hostname[i] == '.' {
			out = append(out, hostname[i:])
		}
	}
	return out
}

// reportWinners reports the listeners that a route has to leave to others: the first of each parentRef, and how many more there are.
func (b *builder) reportWinners(r *Route) {
	for i := range r.Parents {
		p := &r.Parents[i]
		var first *Binding
		more := 0
		for j := range p.Bindings {
			switch bd := &p.Bindings[j]; {
			case bd.rival == nil || bd.repeated:
			case first == nil:
				first = bd
			default:
				more++
			}
		}
		if first != nil {
			b.reportWinner(r, p, first, more)
		}
	}
}

func (b *builder) reportWinner(r *Route, p *Parent, bd *Binding, more int) {
	c := rivalCheck(r, bd)
	f := diag.Finding{
		Severity: diag.Warning, Code: ShadowedRoute, Object: r.Object.Ref.Diag(), Pos: p.Pos, Field: p.field,
		Message: say("listener %s of %s: ", bd.Listener.Name(), bd.Listener.Object.Ref) + c.Detail, Hint: c.Fix,
		Related: []diag.Pos{c.Pos, bd.Listener.Pos},
	}
	if more > 0 {
		f.Message += "; and so at " + count(more, "more listener")
	}
	if !bd.Accepted {
		f.Severity, f.Code = diag.Error, HostnameConflict
	}
	if len(r.Hostnames) > 0 {
		f.Field = "spec.hostnames"
		f.Pos = r.Object.At(f.Field)
	}
	b.report(f)
}
