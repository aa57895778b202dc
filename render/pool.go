package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

// pooled is a Service that speaks TLS, as far as Kong keeps its connections apart from those of others at one address: by Host and client
// certificate, but not by what they were verified with.
//
// Source: Kong 3.9.3, kong/init.lua, Kong.balancer.
type pooled struct {
	service             kong.Entity
	host, client, trust string
}

// meets reports whether a connection of one can be used for the other, though it would not be made so. A Host "" is the client's.
func (p pooled) meets(o pooled) bool {
	return p.trust != o.trust && p.client == o.client && (p.host == o.host || p.host == "" || o.host == "")
}

// findContested notes the addresses to which rules speak TLS that is verified in several ways: what comes first there would decide for all,
// were Kong to keep the connections.
func (t *translator) findContested(routes []*bind.Route) {
	secured := func(r bind.Rule) bool { return slices.ContainsFunc(r.Backends, hasPolicy) }
	if !slices.ContainsFunc(routes, func(r *bind.Route) bool { return slices.ContainsFunc(r.Rules, secured) }) {
		return
	}
	quiet := t.part() // what it finds is said, and added, where it is used
	trusts := map[endpoint]string{}
	t.contested = map[endpoint]bool{}
	for _, route := range routes {
		for _, r := range quiet.rules(route) {
			for _, b := range r.rule.Backends {
				trust, ok := quiet.trust(r, b)
				if !ok {
					continue
				}
				addresses, _ := quiet.addresses(r, b)
				for _, a := range addresses {
					e := endpoint{strings.ToLower(a.host), a.port}
					if first, known := trusts[e]; known && first != trust {
						t.contested[e] = true
					}
					trusts[e] = trust
				}
			}
		}
	}
}

func hasPolicy(b bind.Backend) bool { return b.Policy != nil }

// trust returns what a backend is verified with; not ok if it is not asked by TLS.
func (t *translator) trust(r *rule, b bind.Backend) (trust string, ok bool) {
	switch {
	case b.Service == nil || b.Reason != "" || b.Weight == 0:
		return "", false
	case b.Policy != nil:
		s, err := t.policy(b.Policy)
		if err != nil {
			return "", false
		}
		return fmt.Sprint(s.authorities, s.depth), true
	}
	protocol := r.protocolTo(b)
	return fmt.Sprint(t.annotatedTLS(b, protocol).fields), protocol == "https"
}

// isContested reports whether a backend of a rule is verified otherwise for another one.
func (t *translator) isContested(r *rule) bool {
	if len(t.contested) == 0 {
		return false
	}
	quiet := &translator{target: t.target}
	return slices.ContainsFunc(r.rule.Backends, func(b bind.Backend) bool {
		if b.Service == nil || b.Reason != "" || b.Weight == 0 {
			return false
		}
		addresses, _ := quiet.addresses(r, b)
		return slices.ContainsFunc(addresses, func(a share) bool { return t.contested[endpoint{strings.ToLower(a.host), a.port}] })
	})
}

// refuseSharedPools reports the Services whose backends Kong would take for verified since they are for another Service at the same
// address.
func (t *translator) refuseSharedPools() {
	entities, _ := t.composer.all()
	targets := map[string][]string{}
	for _, e := range entities {
		if upstream, ok := e.Ref("upstream"); ok && e.Kind() == kong.Targets {
			targets[upstream.ID] = append(targets[upstream.ID], e.Text("target"))
		}
	}
	at := map[string][]pooled{}
	for _, e := range entities {
		if e.Kind() != kong.Services || e.Text("protocol") != "https" || t.senders[e.ID()].byLua {
			continue
		}
		p := t.pooled(e)
		addresses, ok := targets[kong.ID(kong.Upstreams, e.Text("host"))]
		if !ok {
			addresses = []string{address(e)}
		}
		t.joinPools(p, addresses, at)
	}
}

// joinPools puts a Service among those of its addresses, unless another there already stands for it, and reports the first that it meets.
func (t *translator) joinPools(p pooled, addresses []string, at map[string][]pooled) {
	said := false
	for _, a := range addresses {
		known := at[a]
		if i := slices.IndexFunc(known, p.meets); i >= 0 && !said {
			said = true
			t.report(sharedPool(p, known[i], a))
		}
		same := func(o pooled) bool { return o.host == p.host && o.client == p.client && o.trust == p.trust }
		if !slices.ContainsFunc(known, same) {
			at[a] = append(known, p)
		}
	}
}

func (t *translator) pooled(e kong.Entity) pooled {
	p := pooled{service: e, host: t.senders[e.ID()].host}
	if k, ok := e.Ref("client_certificate"); ok {
		p.client = k.ID
	}
	if v, _ := e.Field("tls_verify"); v == true {
		authorities, _ := e.Field("ca_certificates")
		depth, _ := e.Field("tls_verify_depth")
		p.trust = fmt.Sprint(authorities, depth)
	}
	return p
}

func address(e kong.Entity) string {
	port, ok := e.Field("port")
	if !ok {
		port = 80
	}
	return strings.ToLower(e.Text("host")) + ":" + fmt.Sprint(port)
}

func sharedPool(p, o pooled, address string) diag.Finding {
	origin := p.service.Origin()
	host := p.host
	if host == "" {
		host = o.host
	}
	f := diag.Finding{
		Severity: diag.Error, Code: SharedConnections, Object: origin.Object, Pos: origin.Pos, Field: origin.Field,
		Message: fmt.Sprintf("Kong uses connections to %s with Host %s for %s as well, and verifies backends there otherwise",
			address, strconv.Quote(host), o.service.Origin().Object),
		Hint: "give the backends an address each, or the same BackendTLSPolicy; or let Lua verify them, which keeps no connections: " +
			"see --lua-requires",
		Related: []diag.Pos{o.service.Origin().Pos},
	}
	return f
}
