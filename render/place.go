package render

import (
	"cmp"
	"maps"
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/kong"
)

// door is a port on which requests of one of Kong's protocols come in.
type door struct {
	protocol string
	port     int32
}

func (d door) compare(o door) int {
	return cmp.Or(cmp.Compare(d.port, o.port), cmp.Compare(d.protocol, o.protocol))
}

func doorOf(l *bind.Listener) (d door, ok bool) {
	switch l.Spec.Protocol {
	case gatewayv1.HTTPProtocolType:
		return door{"http", l.Spec.Port}, true
	case gatewayv1.HTTPSProtocolType:
		return door{"https", l.Spec.Port}, true
	}
	return door{}, false
}

// doors are those of the listeners of all Gateways, which one Kong serves. Listeners that serve nothing count too: what stays shut at one
// must not be open by way of another.
type doors struct {
	all       []door // sorted
	listeners map[door][]*bind.Listener
}

func doorsOf(g *bind.Graph) doors {
	ds := doors{listeners: map[door][]*bind.Listener{}}
	for _, gateway := range g.Gateways {
		for _, l := range gateway.AllListeners() {
			if d, ok := doorOf(l); ok {
				ds.listeners[d] = append(ds.listeners[d], l)
			}
		}
	}
	ds.all = slices.SortedFunc(maps.Keys(ds.listeners), door.compare)
	return ds
}

// secure returns the doors of HTTPS.
func (ds doors) secure() []door {
	return slices.DeleteFunc(slices.Clone(ds.all), func(d door) bool { return d.protocol != "https" })
}

// separate keeps the requests of each listener to its own routes, as far as the target can; what it cannot is a finding. It returns the
// rules that stand for listeners, see [isolation].
func (t *translator) separate(g *bind.Graph, rules []*rule) []*rule {
	ds := doorsOf(g)
	for _, r := range rules {
		if r.places == nil {
			r.setPlaces()
		}
		if r.first && len(r.places) == 0 {
			t.report(invalidAnnotation(r.bound.Object, annotationField("protocols"), "none of the route's listeners is for protocol http"))
		}
	}
	in := newIsolation(ds, rules)
	listeners := t.isolate(in)
	all := slices.Concat(rules, listeners)
	lacks := func(p place) bool { return len(p.doors) < len(ds.all) }
	apart := slices.ContainsFunc(all, func(r *rule) bool { return slices.ContainsFunc(r.places, lacks) })
	if apart {
		t.tellApart(ds, all)
	}
	t.foldUpgrades(rules)
	t.separateTLS(ds, rules)
	t.separateListeners(listeners)
	if apart {
		t.separatePorts(ds, rules)
	}
	t.warnOfListeners(in, rules)
	return listeners
}

// place is a hostname on which listeners accept a rule, "" for any, and where.
type place struct {
	hostname string
	doors    []door // sorted
	apart    apart
}

// apart says how an expression tells the requests for a place from those that come in by other doors.
type apart uint8

const (
	// anyDoor takes requests from all.
	anyDoor apart = iota
	// withoutTLS and withTLS go by the server name.
	withoutTLS
	withTLS
	// byPort goes by the header of [portFunction].
	byPort
)

// doorOf returns the door at which a binding lets requests get to the route. An annotation may keep them to plain ones.
func (r *common) doorOf(b bind.Binding) (d door, ok bool) {
	d, ok = doorOf(b.Listener)
	return d, ok && (d.protocol == "http" || slices.Contains(r.protocols, "https"))
}

// setPlaces says where listeners accept the route, sorted by hostname.
func (r *common) setPlaces() {
	set := map[string][]door{}
	for _, b := range r.bindings {
		d, ok := r.doorOf(b)
		if !ok {
			continue
		}
		for _, h := range hostnamesOf(b) {
			if !slices.Contains(set[h], d) {
				set[h] = append(set[h], d)
			}
		}
	}
	r.places = nil
	for _, h := range slices.Sorted(maps.Keys(set)) {
		slices.SortFunc(set[h], door.compare)
		r.places = append(r.places, place{hostname: h, doors: set[h]})
	}
}

// has reports whether the rule is accepted for a hostname at a door.
func (r *rule) has(d door, hostname string) bool {
	return slices.ContainsFunc(r.places, func(p place) bool { return p.hostname == hostname && slices.Contains(p.doors, d) })
}

// speaks reports whether the place has a door of a protocol.
func (p place) speaks(protocol string) bool {
	return slices.ContainsFunc(p.doors, func(d door) bool { return d.protocol == protocol })
}

// leaks reports whether Kong serves the place at another door as well, for all that the target can say.
func (t *translator) leaks(p place, d door) bool {
	switch {
	case slices.Contains(p.doors, d):
		return false
	case t.target.Flavor != kong.Expressions:
		return true
	}
	return t.target.Declarative && p.speaks(d.protocol)
}

// tellApart decides how the expressions of the rules tell doors apart: not at all if a place has all of them, by the server name of TLS
// where that is enough, else by port.
func (t *translator) tellApart(ds doors, rules []*rule) {
	var needs *rule
	plain := &hostSet{}
	for _, r := range rules {
		for _, p := range r.places {
			if p.speaks("http") {
				plain.add(p.hostname)
			}
			if needs == nil && ds.sharesProtocol(p) {
				needs = r
			}
		}
	}
	ports := needs != nil && t.target.Flavor == kong.Expressions && !t.target.Declarative
	for _, r := range rules {
		for i := range r.places {
			r.places[i].apart = ds.apart(r.places[i], plain, ports)
		}
	}
	if ports {
		t.beforeRouter(needs.bound.Object, "spec.parentRefs", portFunction())
	}
}

// apart decides for one place. Plain are the hostnames that are served without TLS.
func (ds doors) apart(p place, plain *hostSet, ports bool) apart {
	switch {
	case len(p.doors) == len(ds.all):
		return anyDoor
	case ports:
		return byPort
	case !p.speaks("https") && len(ds.secure()) > 0:
		return withoutTLS // even if no HTTPS listener has the hostname: what Kong says of TLS must not be remembered for plain requests
	case !p.speaks("http") && plain.overlaps(p.hostname):
		return withTLS
	}
	return anyDoor
}

// sharesProtocol reports whether there are doors of the place's own protocols that it has not.
func (ds doors) sharesProtocol(p place) bool {
	return slices.ContainsFunc(ds.all, func(d door) bool { return p.speaks(d.protocol) && !slices.Contains(p.doors, d) })
}
