package render

import (
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/route"
)

// only returns the one protocol that the rule's routes have, "" if both.
func (r *rule) only() string {
	if len(r.protocols) == 1 {
		return r.protocols[0]
	}
	return ""
}

// protocolExpr tells TLS from plain requests by the server name, where other routes make that necessary. Kong's own field for
// it, net.protocol, is no part of its router's cache key: the first request for a path would decide for both.
func (r *rule) protocolExpr() route.Expr {
	if !r.separate {
		return nil
	}
	any, err := route.CompileRegex(".")
	if err != nil {
		return nil
	}
	if r.only() == "https" {
		return route.TLSSNI().Matches(any)
	}
	return route.Not(route.TLSSNI().Matches(any))
}

// separateTLS finds rules for plain requests only or for TLS only that share a hostname with rules for the other, and rules for
// plain requests whose hostnames an HTTPS listener has too: a Kong route for http takes TLS requests as well, one for https keeps
// plain requests from others, to answer 426. With expressions they are told apart, traditional_compatible cannot.
func (t *translator) separateTLS(g *bind.Graph, rules []*rule) {
	hosts := map[string]*hostSet{"http": {}, "https": {}}
	for _, r := range rules {
		for _, p := range r.protocols {
			for _, h := range r.hostnames() {
				hosts[p].add(h)
			}
		}
	}
	other := map[string]*hostSet{"http": hosts["https"], "https": hosts["http"]}
	listeners := httpsHosts(g)
	for _, r := range rules {
		only := r.only()
		if only == "" {
			continue
		}
		mixed := slices.ContainsFunc(r.hostnames(), other[only].overlaps)
		plain := only == "http" && r.plain()
		// Where TLS comes in, it must not be remembered for plain requests, not even for other hostnames.
		r.separate = mixed || plain && len(listeners.has) > 0
		if !mixed && !(plain && slices.ContainsFunc(r.hostnames(), listeners.overlaps)) {
			continue
		}
		if r.first {
			t.report(t.separated(r.bound.Object, mixed))
		}
	}
}

// httpsHosts returns the hostnames of all HTTPS listeners.
func httpsHosts(g *bind.Graph) *hostSet {
	out := &hostSet{}
	for _, gateway := range g.Gateways {
		for _, l := range gateway.AllListeners() {
			if l.Spec.Protocol == gatewayv1.HTTPSProtocolType {
				out.add(l.Hostname)
			}
		}
	}
	return out
}

// plain reports whether no HTTPS listener accepts the rule.
func (r *rule) plain() bool {
	return !slices.ContainsFunc(r.bindings, func(b bind.Binding) bool { return b.Listener.Spec.Protocol == gatewayv1.HTTPSProtocolType })
}

// separated says what becomes of a route that needs TLS told from plain requests. Mixed means that other routes would get its
// requests or it theirs, else it would only answer on more listeners than its own.
func (t *translator) separated(o manifest.Object, mixed bool) diag.Finding {
	f := unsupported(o, "spec.parentRefs", "router flavor traditional_compatible cannot tell HTTP from HTTPS listeners of one hostname")
	f.Hint = "attach its routes to listeners of both protocols, or use a Kong with router_flavor = expressions"
	switch {
	case t.target.Flavor == kong.Expressions:
		f.Severity, f.Code, f.Hint = diag.Info, TLSWithoutSNI, ""
		f.Message = "its hostname is on listeners of the other protocol too: TLS requests without a server name count as plain ones"
	case !mixed:
		f.Severity, f.Code = diag.Warning, ServedElsewhere
		f.Message += ": Kong serves the route on both"
	}
	return f
}
