package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

const (
	kindTCPRoute = "TCPRoute"
	kindUDPRoute = "UDPRoute"
	kindTLSRoute = "TLSRoute"
)

// isStreamKind reports whether routes of a kind are about connections rather than requests.
func isStreamKind(kind string) bool {
	return kind == kindTCPRoute || kind == kindUDPRoute || kind == kindTLSRoute
}

// stream is what becomes a Route for streams: a rule with one of Kong's protocols, on the ports of the listeners that have it so, and for
// a TLSRoute on one hostname.
type stream struct {
	rule     *rule
	protocol string // tcp, udp, tls_passthrough, or tls where Kong ends it
	hostname string // "" where there is none to look at
	ports    []int32
	// elsewhere are the hostnames within hostname that belong to other listeners of all the ports.
	elsewhere []string
	// separate says that TLS listeners on other ports have the hostname too, so that the port must be looked at; beside are the ports of
	// TLS listeners that have not, on which Kong serves the stream all the same.
	separate bool
	beside   []int32
}

// streams renders the TCPRoutes, UDPRoutes and TLSRoutes.
func (t *translator) streams(g *bind.Graph) {
	var rules []*rule
	for _, r := range g.Routes {
		if isStreamKind(r.Object.Ref.Kind) {
			rules = append(rules, t.streamRule(r)...)
		}
	}
	doors := tlsDoors(g)
	var all []*stream
	for _, r := range rules {
		t.secure(r)
		if !t.streamService(r) {
			continue
		}
		own := streamsOf(r, doors)
		t.warnOfStreams(own)
		all = append(all, own...)
	}
	all = t.refuseSharedPorts(g, all)
	if t.target.Flavor == kong.Expressions {
		for _, s := range all {
			t.streamExpression(s)
		}
	} else {
		t.classicStreams(all)
	}
}

// streamRule returns the rule of a route of streams that is to be rendered, of which there is one (TCPRouteSpec.rules), or none.
func (t *translator) streamRule(r *bind.Route) []*rule {
	bindings := t.served(r)
	for i := range bindings {
		b := &bindings[i]
		b.Hostnames = slices.DeleteFunc(slices.Clone(b.Hostnames), func(h string) bool { return slices.Contains(b.Taken, h) })
	}
	bindings = slices.DeleteFunc(bindings, func(b bind.Binding) bool { return len(b.Hostnames) == 0 })
	if len(bindings) == 0 || len(r.Rules) == 0 || r.Rules[0].Dropped != "" {
		return nil
	}
	if len(r.Rules) > 1 {
		t.report(unsupported(r.Object, "spec.rules[1]", "no connection gets here: all are for the first rule"))
	}
	tags := append(objectTags(r.Object.Ref), t.userTags(r.Object, r.Object.Annotations())...)
	return []*rule{{
		common: &common{bound: r, bindings: bindings, tags: tags}, rule: &r.Rules[0], first: true,
		service: &kongService{name: serviceName(r.Object.Ref, 0)},
	}}
}

// tlsDoors returns the hostnames of the TLS listeners of each port. Listeners that serve nothing count too: what stays shut is not to be
// open by way of another.
func tlsDoors(g *bind.Graph) map[int32]*hostSet {
	out := map[int32]*hostSet{}
	for _, gateway := range g.Gateways {
		for _, l := range gateway.AllListeners() {
			if l.Spec.Protocol != gatewayv1.TLSProtocolType {
				continue
			}
			if out[l.Spec.Port] == nil {
				out[l.Spec.Port] = &hostSet{}
			}
			out[l.Spec.Port].add(l.Hostname)
		}
	}
	return out
}

// streamsOf returns the streams of a rule: those with exact hostnames first.
func streamsOf(r *rule, doors map[int32]*hostSet) []*stream {
	type key struct{ protocol, hostname string }
	found := map[key]*stream{}
	times := map[key]map[string]int{} // on how many ports a hostname is elsewhere
	for _, b := range r.bindings {
		for _, h := range b.Hostnames {
			k := key{streamProtocol(b.Listener), h}
			if found[k] == nil {
				found[k] = &stream{rule: r, protocol: k.protocol, hostname: h}
				times[k] = map[string]int{}
			}
			found[k].ports = append(found[k].ports, b.Listener.Spec.Port)
			for _, e := range b.Elsewhere {
				if within(e, []string{h}) {
					times[k][e]++
				}
			}
		}
	}
	for k, s := range found {
		for _, e := range slices.Sorted(maps.Keys(times[k])) {
			if times[k][e] == len(s.ports) {
				s.elsewhere = append(s.elsewhere, e)
			}
		}
		slices.Sort(s.ports)
		s.ports = slices.Compact(s.ports)
		for _, port := range slices.Sorted(maps.Keys(doors)) {
			if s.isTLS() && !slices.Contains(s.ports, port) {
				s.separate = s.separate || doors[port].overlaps(s.hostname)
				s.beside = append(s.beside, port)
			}
		}
	}
	wildcard := func(s *stream) int { return number(strings.HasPrefix(s.hostname, "*")) }
	return slices.SortedFunc(maps.Values(found), func(a, b *stream) int {
		return cmp.Or(wildcard(a)-wildcard(b), cmp.Compare(a.hostname, b.hostname), cmp.Compare(a.protocol, b.protocol))
	})
}

// streamProtocol returns Kong's protocol for the routes of a listener.
func streamProtocol(l *bind.Listener) string {
	switch {
	case l.Spec.Protocol == gatewayv1.TCPProtocolType:
		return "tcp"
	case l.Spec.Protocol == gatewayv1.UDPProtocolType:
		return "udp"
	case l.TLSMode() == gatewayv1.TLSModePassthrough:
		return "tls_passthrough"
	}
	return "tls"
}

func (s *stream) isTLS() bool { return s.protocol == "tls" || s.protocol == "tls_passthrough" }

// expression returns what the stream looks at. Of TLS that is the server name alone, wherever that is enough: Kong asks its router
// twice, before and after it has taken the stream over, and knows the port of the listener only before.
func (s *stream) expression() route.Expr {
	var all []route.Expr
	if s.hostname != "" {
		all = append(all, sniExpr(s.hostname))
	}
	for _, e := range s.elsewhere {
		all = append(all, route.Not(sniExpr(e)))
	}
	if !s.isTLS() || s.separate {
		var ports []route.Expr
		for _, p := range s.ports {
			ports = append(ports, route.NetDstPort(p))
		}
		all = append(all, route.Any(ports...))
	}
	return route.All(all...)
}

// sniExpr compares the server name without regard to case, as [hostExpr] does the Host.
func sniExpr(hostname string) route.Expr {
	if suffix, ok := strings.CutPrefix(hostname, "*"); ok {
		return route.TLSSNI().Lower().HasSuffix(suffix)
	}
	return route.TLSSNI().Lower().Equal(hostname)
}

func (t *translator) streamExpression(s *stream) {
	t.streamRoute(s.rule, s.name(), map[string]any{
		"protocols": []string{s.protocol}, "expression": s.expression().String(), "priority": exprPriority(s.hostname, traits{}, 0),
	})
}

// name returns the name of the stream's Route.
func (s *stream) name() string {
	if s.isTLS() {
		return hostRouteName(s.rule.bound.Object.Ref, s.hostname, 0, s.number())
	}
	return s.classicName()
}

// classicName returns the name that the Ingress Controller gives to a Route for all hostnames.
func (s *stream) classicName() string { return routeName(s.rule.bound.Object.Ref, 0, s.number()) }

// number tells the routes apart that a TLSRoute has if listeners pass its streams on and others terminate them.
func (s *stream) number() int {
	passed := func(b bind.Binding) bool { return streamProtocol(b.Listener) != s.protocol }
	return number(s.protocol == "tls" && slices.ContainsFunc(s.rule.bindings, passed))
}

// streamRoute adds a Route of a rule.
func (t *translator) streamRoute(r *rule, name string, fields map[string]any) {
	t.route(r, name, fields, &kong.Origin{Object: r.bound.Object.Ref.Diag(), Field: ruleField(r.rule.Index), Pos: r.rule.Pos})
}

// warnOfStreams says where Kong cannot tell the streams of a rule from others as its listeners do.
func (t *translator) warnOfStreams(own []*stream) {
	for _, s := range own {
		if s.separate {
			f := unsupported(s.rule.bound.Object, "spec.parentRefs", fmt.Sprintf("listeners on other ports have its server names, too: "+
				"Kong tells them apart only if it listens on %s itself, with no port_maps in kong.conf for that", portList(s.ports)))
			f.Severity, f.Code = diag.Warning, UnmappedPort
			f.Hint = "give the listeners server names that have nothing in common, or have Kong listen on their very ports"
			t.report(f)
			return
		}
	}
	for _, s := range own {
		if len(s.beside) > 0 {
			f := unsupported(s.rule.bound.Object, "spec.parentRefs", fmt.Sprintf(
				"Kong serves the route for %s on %s too, where no listener has that server name", s.hostname, portList(s.beside)))
			f.Severity, f.Code = diag.Warning, ServedElsewhere
			f.Hint = "have a firewall keep clients from the ports that are not for them, if that matters: Kong knows the port of a TLS stream " +
				"only where it listens on that very port"
			t.report(f)
			break
		}
	}
	for _, s := range own {
		for _, b := range s.rule.bindings {
			if e := t.alsoServed(s, b, own); e != "" {
				f := unsupported(s.rule.bound.Object, "spec.parentRefs", fmt.Sprintf(
					"Kong serves the route for %s on port %d too, where a more specific listener has no route", e, b.Listener.Spec.Port))
				f.Severity, f.Code, f.Related = diag.Warning, ServedElsewhere, []diag.Pos{b.Listener.Pos}
				f.Hint = "give the route hostnames that are the same on all of its ports, or attach it to the other listeners as well"
				t.report(f)
				return
			}
		}
	}
}

// alsoServed returns a hostname that another listener of a binding's port has to itself, and that the stream is served for all the same;
// "" if there is none.
func (t *translator) alsoServed(s *stream, b bind.Binding, own []*stream) string {
	if !slices.Contains(b.Hostnames, s.hostname) || streamProtocol(b.Listener) != s.protocol {
		return ""
	}
	for _, e := range b.Elsewhere {
		excluded := t.target.Flavor == kong.Expressions && slices.Contains(s.elsewhere, e)
		attached := slices.ContainsFunc(own, func(o *stream) bool { return o.hostname == e })
		if within(e, []string{s.hostname}) && !excluded && !attached {
			return e
		}
	}
	return ""
}

func portList(ports []int32) string {
	if len(ports) == 1 {
		return fmt.Sprint("port ", ports[0])
	}
	out := make([]string, len(ports))
	for i, p := range ports {
		out[i] = fmt.Sprint(p)
	}
	return "ports " + strings.Join(out, " and ")
}

// refuseSharedPorts leaves out, and reports, routes on ports that have listeners both for UDP and for TCP or TLS, unless routes to the same
// backends have both. Kong's router remembers the route of a port, and forgets whether it was asked for TCP or UDP; what has a server name
// differs.
//
// Source: Kong 3.9.3, kong/router/fields.lua, get_cache_key.
func (t *translator) refuseSharedPorts(g *bind.Graph, all []*stream) []*stream {
	type use struct{ udp, tcp, tls bool }
	ports := map[int32]*use{}
	for _, gateway := range g.Gateways {
		for _, l := range gateway.AllListeners() {
			u := ports[l.Spec.Port]
			if u == nil {
				u = &use{}
				ports[l.Spec.Port] = u
			}
			u.udp = u.udp || l.Spec.Protocol == gatewayv1.UDPProtocolType
			u.tcp = u.tcp || l.Spec.Protocol == gatewayv1.TCPProtocolType
			u.tls = u.tls || l.Spec.Protocol == gatewayv1.TLSProtocolType
		}
	}
	for { // what is left out no longer stands beside others
		kept := slices.DeleteFunc(slices.Clone(all), func(s *stream) bool {
			i := slices.IndexFunc(s.ports, func(p int32) bool {
				u := ports[p]
				switch s.protocol {
				case "udp":
					return u.tls || u.tcp && !sharesBackends(s, p, all)
				case "tcp":
					return u.udp && !sharesBackends(s, p, all)
				}
				return false
			})
			if i >= 0 {
				t.report(sharedPort(s, s.ports[i]))
			}
			return i >= 0
		})
		if len(kept) == len(all) {
			return kept
		}
		all = kept
	}
}

func sharedPort(s *stream, port int32) diag.Finding {
	f := unsupported(s.rule.bound.Object, "spec.parentRefs", fmt.Sprintf("it is not served: port %d has listeners for UDP and for others, "+
		"and Kong remembers the route of a port without regard to that", port))
	f.Hint = "give the listeners ports with different numbers, or routes with the same backends"
	return f
}

// sharesBackends reports whether a route of another kind leads from a port to the same backends.
func sharesBackends(s *stream, port int32, all []*stream) bool {
	return slices.ContainsFunc(all, func(o *stream) bool {
		return o.protocol != s.protocol && !o.isTLS() && slices.Contains(o.ports, port) && backendsKey(o.rule) == backendsKey(s.rule)
	})
}
