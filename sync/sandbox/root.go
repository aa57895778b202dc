package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// rootEndpoints are those about the Kong itself, whose cache is always empty.
//
// Source: kong/api/routes/kong.lua, kong/api/routes/health.lua, kong/api/routes/plugins.lua.
func (k *Kong) rootEndpoints(n *node) {
	n.handle("GET", "/", nil, k.root)
	n.handle("GET", "/status", nil, k.status)
	n.handle("GET", "/endpoints", nil, func(*request) (int, any, *Error) {
		return http.StatusOK, map[string]any{"data": k.tree.paths()}, nil
	})
	n.handle("GET", "/plugins/enabled", nil, func(*request) (int, any, *Error) {
		return http.StatusOK, map[string]any{"enabled_plugins": slices.Sorted(maps.Keys(priorities()))}, nil
	})
	n.handle("DELETE", "/cache", nil, func(*request) (int, any, *Error) { return http.StatusNoContent, nil, nil })
	n.handle("DELETE", "/cache/:key", nil, func(*request) (int, any, *Error) { return http.StatusNoContent, nil, nil })
	n.handle("GET", "/cache/:key", nil, func(*request) (int, any, *Error) { return 0, nil, notFound() })
	n.handle("GET", "/status/dns", nil, func(*request) (int, any, *Error) {
		return 0, nil, plainError(http.StatusNotImplemented, "not implemented with the legacy DNS client")
	})
}

// refuseEndpoints are those that Kong has and the sandbox has not.
func (k *Kong) refuseEndpoints(n *node) {
	for what, paths := range map[string][]string{
		"ACME":            {"/acme", "/acme/certificates", "/acme/certificates/:certificates"},
		"debugging":       {"/debug/node/log-level", "/debug/node/log-level/:log_level"},
		"metrics":         {"/metrics"},
		"the proxy cache": {"/proxy-cache", "/proxy-cache/:cache_key", "/proxy-cache/:plugin_id/caches/:cache_key"},
		"timers":          {"/timers"},
	} {
		for _, path := range paths {
			n.handle("*", path, nil, func(*request) (int, any, *Error) { return 0, nil, notModelled(what) })
		}
	}
	for _, path := range []string{
		"/filter-chains", "/filter-chains/:filter_chains", "/filter-chains/:filter_chains/route", "/filter-chains/:filter_chains/service",
		"/routes/:routes/filter-chains", "/routes/:routes/filter-chains/:filter_chains",
		"/services/:services/filter-chains", "/services/:services/filter-chains/:filter_chains",
	} {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			n.handle(method, path, nil, func(*request) (int, any, *Error) {
				return 0, nil, needsWasm()
			})
		}
	}
	for _, what := range []string{"data-planes", "status"} {
		n.handle("GET", "/clustering/"+what, nil, func(*request) (int, any, *Error) {
			return 0, nil, plainError(http.StatusBadRequest,
				"this endpoint is only available when Kong is configured to run as Control Plane for the cluster")
		})
	}
	for _, which := range []string{"all", "disabled", "enabled"} {
		n.handle("GET", "/routes/:routes/filters/"+which, nil, func(*request) (int, any, *Error) { return 0, nil, needsWasm() })
	}
}

func needsWasm() *Error {
	return plainError(http.StatusBadRequest, "this endpoint is only available when wasm is enabled")
}

// paths returns all paths at and below n, in order of their segments.
func (n *node) paths() []string {
	out := []string{}
	if n.methods != nil {
		out = append(out, n.path)
	}
	for _, name := range slices.Sorted(maps.Keys(n.static)) {
		out = append(out, n.static[name].paths()...)
	}
	if n.param != nil {
		out = append(out, n.param.paths()...)
	}
	return out
}

// root says who this Kong is and how it is configured.
func (k *Kong) root(*request) (int, any, *Error) {
	available := map[string]any{}
	for name, priority := range priorities() {
		available[name] = map[string]any{"priority": priority, "version": k.config.Version}
	}
	enabled := []any{}
	plugins := k.store.kinds["plugins"]
	for _, id := range plugins.ids {
		if name := plugins.rows[id].data["name"]; !slices.Contains(enabled, name) {
			enabled = append(enabled, name)
		}
	}
	return http.StatusOK, map[string]any{
		"tagline": "Welcome to kong", "version": k.config.Version, "edition": "community",
		"lua_version": "LuaJIT 2.1.1700206165", "node_id": k.nodeID,
		"timers":        map[string]any{"pending": 1, "running": 0},
		"plugins":       map[string]any{"available_on_server": available, "enabled_in_cluster": enabled},
		"configuration": k.configuration(),
	}, nil
}

func (k *Kong) configuration() map[string]any {
	database := "postgres"
	if k.config.DBLess {
		database = "off"
	}
	return map[string]any{
		"admin_listen": listOf(k.listeners.Admin), "proxy_listen": listOf(k.listeners.Proxy), "stream_listen": listOf(k.listeners.Stream),
		"allow_debug_header": false, "database": database,
		"headers": []string{"server_tokens", "latency_tokens", "x-kong-request-id"},
		"plugins": []string{"bundled"}, "port_maps": luaList(k.listeners.PortMaps), "role": "traditional", "router_flavor": k.config.Flavor,
		"untrusted_lua": "sandbox", "untrusted_lua_sandbox_environment": map[string]any{},
		"untrusted_lua_sandbox_requires": luaList(k.config.SandboxRequires),
		"worker_consistency":             "eventual",
		// A write to the sandbox counts at once, so that a client need not wait. Kong says 5 for both, and takes no 0 for the workers.
		"db_update_frequency": 0, "worker_state_update_frequency": 0,
	}
}

// luaList returns a list as Kong prints it: Lua has one word for an empty list and an empty object.
func luaList(list []string) any {
	if len(list) == 0 {
		return map[string]any{}
	}
	return list
}

func listOf(addresses []string) []string {
	if len(addresses) == 0 {
		return []string{"off"}
	}
	return addresses
}

// status says how this Kong is. Its memory figures are made up.
func (k *Kong) status(q *request) (int, any, *Error) {
	if unit := q.query.Get("unit"); unit != "" && unit != "m" || q.query.Has("scale") {
		return 0, nil, notModelled("units of memory figures")
	}
	k.requests.Lock()
	total := k.requests.total
	k.requests.Unlock()
	dicts := map[string]any{}
	for name, size := range schema.SharedDicts() {
		dicts[name] = map[string]any{"allocated_slabs": "0.04 MiB", "capacity": fmt.Sprintf("%d.00 MiB", size)}
	}
	body := map[string]any{
		"memory": map[string]any{
			"lua_shared_dicts": dicts,
			"workers_lua_vms":  []any{map[string]any{"http_allocated_gc": "50.00 MiB", "pid": 1}},
		},
		"server": map[string]any{
			"connections_accepted": total, "connections_active": 1, "connections_handled": total,
			"connections_reading": 0, "connections_waiting": 0, "connections_writing": 1, "total_requests": total,
		},
	}
	if k.config.DBLess {
		body["configuration_hash"] = k.hash
	} else {
		body["database"] = map[string]any{"reachable": true}
	}
	return http.StatusOK, body, nil
}

// priorities are the bundled plugins with the priority by which Kong orders them.
//
// Source: the PRIORITY of kong/plugins/*/handler.lua.
func priorities() map[string]int {
	return map[string]int{
		"acl": 950, "acme": 1705, "ai-prompt-decorator": 772, "ai-prompt-guard": 771, "ai-prompt-template": 773, "ai-proxy": 770,
		"ai-request-transformer": 777, "ai-response-transformer": 768, "aws-lambda": 750, "azure-functions": 749, "basic-auth": 1100,
		"bot-detection": 2500, "correlation-id": 100001, "cors": 2000, "datadog": 10, "file-log": 9, "grpc-gateway": 998, "grpc-web": 3,
		"hmac-auth": 1030, "http-log": 12, "ip-restriction": 990, "jwt": 1450, "key-auth": 1250, "ldap-auth": 1200, "loggly": 6,
		"oauth2": 1400, "opentelemetry": 14, "post-function": -1000, "pre-function": 1000000, "prometheus": 13, "proxy-cache": 100,
		"rate-limiting": 910, "redirect": 779, "request-size-limiting": 951, "request-termination": 2, "request-transformer": 801,
		"response-ratelimiting": 900, "response-transformer": 800, "session": 1900, "standard-webhooks": 760, "statsd": 11, "syslog": 4,
		"tcp-log": 7, "udp-log": 8, "zipkin": 100000,
	}
}
