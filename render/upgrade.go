package render

import (
	"slices"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/kong"
)

// upgradeToHTTPS makes a rule that only redirects plain requests to HTTPS do so without a plugin: Kong answers those to a route of protocol
// https with a redirect of the same host, path and query. It runs no plugin then, so that there must be none, and it takes requests of
// HTTPS too, for which no listener of the rule is there: those are answered as if no route was.
//
// Source: Kong 3.9.3, kong/runloop/handler.lua, access.before. It knows no redirect with 303.
func (r *rule) upgradeToHTTPS() {
	secure := slices.ContainsFunc(r.bindings, func(b bind.Binding) bool { return schemeOf(b) == "https" })
	if secure || len(r.plugins) != 1 || !slices.Equal(r.protocols, []string{"http"}) ||
		!slices.Contains([]int{301, 302, 307, 308}, r.upgrade) {
		r.upgrade = 0
		return
	}
	p := *r.plugins[0]
	p.name = "request-termination"
	p.config = map[string]any{"status_code": 404, "message": "no Route matched with those values"}
	r.plugins = []*plugin{&p}
}

// foldUpgrades settles, for traditional_compatible, the usual pair of a route that sends all plain requests to HTTPS and routes for HTTPS
// of the same hostnames. Kong cannot tell the two apart, and need not: a route for HTTPS answers plain requests with that redirect too,
// where they would get nothing else, and comes before the other one. The rules that this settles are marked as folded.
func (t *translator) foldUpgrades(rules []*rule) {
	redirects := func(r *rule) bool { return r.upgrade != 0 }
	if t.target.Flavor == kong.Expressions || !slices.ContainsFunc(rules, redirects) {
		return
	}
	plain := newPlainHosts(rules)
	apart := &hostSet{}
	for _, route := range byRoute(rules) {
		status := 0
		if route[0].onlySecure() {
			status = plain.upgradeOf(route[0])
		}
		for _, r := range route {
			if status != 0 && !slices.ContainsFunc(r.matches, func(m match) bool { return m.last }) {
				r.upgrade, r.folded = status, true
				continue
			}
			for _, p := range r.places {
				if p.speaks("https") {
					apart.add(p.hostname)
				}
			}
		}
	}
	for _, route := range byRoute(rules) {
		if plain.routes[route[0].bound] != 0 && !slices.ContainsFunc(route[0].hostnames(), apart.overlaps) {
			for _, r := range route {
				r.folded = true
			}
		}
	}
	// Of matches that tie, the first wins.
	slices.SortStableFunc(rules, func(a, b *rule) int { return number(a.folded && !a.onlySecure()) - number(b.folded && !b.onlySecure()) })
}

// byRoute returns the rules in order, those of one route together.
func byRoute(rules []*rule) [][]*rule {
	var out [][]*rule
	for i, r := range rules {
		if i == 0 || r.bound != rules[i-1].bound {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], r)
	}
	return out
}

// onlySecure reports whether all listeners of the rule are for HTTPS.
func (r *rule) onlySecure() bool {
	return len(r.places) > 0 && !slices.ContainsFunc(r.places, func(p place) bool { return p.speaks("http") })
}

// upgradeOf returns the status with which a route sends all plain requests to HTTPS; 0 if it does not.
func upgradeOf(route []*rule) int {
	for _, r := range route {
		if r.upgrade != route[0].upgrade || r.onlySecure() || len(r.matches) != 1 || r.matches[0].traits() != (traits{}) {
			return 0
		}
	}
	return route[0].upgrade
}

// plainHosts are the hostnames of routes for plain requests.
type plainHosts struct {
	hostSet
	// upgrades are the statuses of those that only send to HTTPS, all with one; 0 for others.
	upgrades map[string]int
	// routes are the statuses with which routes send all plain requests to HTTPS, where no other does anything else with any of them.
	routes map[*bind.Route]int
}

func newPlainHosts(rules []*rule) plainHosts {
	out := plainHosts{upgrades: map[string]int{}, routes: map[*bind.Route]int{}}
	hosts := map[int]*hostSet{} // by status
	routes := byRoute(rules)
	for _, route := range routes {
		status := upgradeOf(route)
		if hosts[status] == nil {
			hosts[status] = &hostSet{}
		}
		for _, h := range route[0].plainHostnames() {
			hosts[status].add(h)
		}
	}
	for _, route := range routes {
		status := upgradeOf(route)
		for other, set := range hosts {
			if other != status && slices.ContainsFunc(route[0].plainHostnames(), set.overlaps) {
				status = 0
				break
			}
		}
		out.routes[route[0].bound] = status
		for _, h := range route[0].plainHostnames() {
			if before, ok := out.upgrades[h]; ok && before != status {
				status = 0
			}
			out.upgrades[h] = status
			out.add(h)
		}
	}
	return out
}

// plainHostnames returns the hostnames at HTTP listeners.
func (r *rule) plainHostnames() []string {
	var out []string
	for _, p := range r.places {
		if p.speaks("http") {
			out = append(out, p.hostname)
		}
	}
	return out
}

// upgradeOf returns the status with which plain requests of a rule's hostnames are sent to HTTPS; 0 unless all of them are, by routes whose
// hostnames are as wide.
func (h plainHosts) upgradeOf(r *rule) int {
	status := 0
	for _, host := range r.hostnames() {
		narrower := h.narrower(host) || host == "" && len(h.has) > 1
		covered := false
		for _, wider := range append(wildcardsOver(host), host, "") {
			s, ok := h.upgrades[wider]
			switch {
			case !ok:
				continue
			case s == 0 || status != 0 && s != status:
				return 0
			}
			status, covered = s, true
		}
		if narrower || !covered {
			return 0
		}
	}
	return status
}
