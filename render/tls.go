package render

import (
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/route"
)

// serverName tells TLS from plain requests by the server name. Kong's own field for it, net.protocol, is no part of its router's cache
// key: the first request for a path would decide for both.
func (p place) serverName() (route.Expr, error) {
	any, err := route.CompileRegex(".")
	if err != nil {
		return nil, err
	}
	if p.apart == withTLS {
		return route.TLSSNI().Matches(any), nil
	}
	return route.Not(route.TLSSNI().Matches(any)), nil
}

// separateTLS says of each route where Kong takes TLS requests for plain ones or the other way round: a route for http takes TLS requests
// as well, one for https keeps plain requests from others, to answer 426.
func (t *translator) separateTLS(ds doors, rules []*rule) {
	if secure := len(ds.secure()); secure == 0 || secure == len(ds.all) {
		return
	}
	routes := map[string]*hostSet{"http": {}, "https": {}}
	for _, r := range rules {
		for _, p := range r.places {
			for protocol, hosts := range routes {
				if p.speaks(protocol) && !r.folded {
					hosts.add(p.hostname)
				}
			}
		}
	}
	for _, r := range rules {
		// With both protocols, traditional_compatible serves all hostnames on both: see warnOfListeners.
		if !r.first || r.folded || t.target.Flavor != kong.Expressions && len(r.protocols) > 1 {
			continue
		}
		found, mixed := false, false
		for _, p := range r.places {
			plain, both := p.speaks("http"), p.speaks("http") && p.speaks("https")
			if both || p.apart == byPort {
				continue
			}
			mixes := routes[map[bool]string{true: "https", false: "http"}[plain]].overlaps(p.hostname)
			mixed = mixed || mixes
			found = found || mixes || plain
		}
		if found {
			t.report(t.separated(r.bound.Object, mixed))
		}
	}
}

// separateListeners says the same of the Routes that answer for a listener alone.
func (t *translator) separateListeners(listeners []*rule) {
	if t.target.Flavor != kong.Expressions {
		return
	}
	for _, r := range listeners {
		message := "there are listeners of the other protocol too: TLS requests for its hostname without a server name count as plain ones"
		switch r.places[0].apart {
		case withoutTLS:
			message += ", and get 404"
		case withTLS:
			message += ": what no route of the listener takes may be for routes of other listeners"
		default:
			continue
		}
		f := unsupported(r.bound.Object, r.matches[0].field(), message)
		f.Severity, f.Code = diag.Info, TLSWithoutSNI
		t.report(f)
	}
}

// separated says what becomes of a route that needs TLS told from plain requests. Mixed means that other routes would get its
// requests or it theirs, else it would only answer on more listeners than its own.
func (t *translator) separated(o manifest.Object, mixed bool) diag.Finding {
	f := unsupported(o, "spec.parentRefs", "router flavor traditional_compatible cannot tell HTTP from HTTPS listeners")
	f.Hint = "attach its routes to listeners of both protocols, or use a Kong with router_flavor = expressions"
	switch {
	case t.target.Flavor == kong.Expressions:
		f.Severity, f.Code, f.Hint = diag.Info, TLSWithoutSNI, ""
		f.Message = "there are listeners of the other protocol too: TLS requests without a server name count as plain ones"
	case !mixed:
		f.Severity, f.Code = diag.Warning, ServedElsewhere
		f.Message += ": Kong serves the route on both"
	}
	return f
}
