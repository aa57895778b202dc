package proxy

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// table is one generation of the configuration, compiled. It is never changed, but for the balancers of its upstreams, what its router
// remembers, the counters of its rate limits and what its Lua code keeps.
type table struct {
	generation uint64
	// pluginsGeneration is that of the plugins, which may lag behind.
	pluginsGeneration uint64
	router            *route.Router
	matches           *route.Cache
	routerErr         error // why there is no router
	plugins           *pluginTable
	upstreams         map[string]*upstream          // by name
	certificates      map[string][]*tls.Certificate // by SNI

	certificatesByID map[string]*tls.Certificate
	trusted          map[string]*x509.CertPool // by service: what it verifies its backends with
	identities       *identities
	counters         *counters
	lua              *luaPool
}

// newTable compiles a configuration, with the plugins of another. Upstreams that are as in before, which may be nil, keep their place in
// the ring.
func newTable(s, plugins kong.State, f kong.Flavor, before *table) *table {
	byID := certificatesByID(s)
	t := &table{
		plugins: newPluginTable(plugins), upstreams: map[string]*upstream{},
		certificates: certificatesOf(s, byID), certificatesByID: byID, trusted: trustedBy(s),
		identities: newIdentities(s), counters: newCounters(), lua: newLuaPool(),
	}
	if before != nil {
		t.counters = before.counters
	}
	if t.router, t.routerErr = route.New(s, f); t.routerErr == nil {
		t.matches = route.NewCache(t.router)
	}
	targets := map[string][]kong.Entity{}
	for e := range s.Of(kong.Targets) {
		if k, ok := e.Ref("upstream"); ok {
			targets[k.ID] = append(targets[k.ID], e)
		}
	}
	for e := range s.Of(kong.Upstreams) {
		var old *upstream
		if before != nil {
			old = before.upstreams[e.Text("name")]
		}
		t.upstreams[e.Text("name")] = newUpstream(e, targets[e.ID()], old)
	}
	return t
}
