package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/route"
	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// healthEndpoints are those of the health of an upstream's targets. What takes looking up a name or checking health is
// refused: the sandbox does neither.
//
// Source: kong/api/routes/upstreams.lua, kong/db/dao/targets.lua, kong/runloop/balancer/healthcheckers.lua.
func (k *Kong) healthEndpoints(n *node) {
	upstreams := k.tables.Entity("upstreams")
	n.handle("GET", "/upstreams/:upstreams/health", nil, func(q *request) (int, any, *Error) {
		u, err := k.parent(q, upstreams)
		if err != nil {
			return 0, nil, err
		}
		return k.upstreamHealth(q, u)
	})
	for _, path := range []string{
		"/upstreams/:upstreams/targets/:targets/healthy", "/upstreams/:upstreams/targets/:targets/:address/healthy",
		"/upstreams/:upstreams/targets/:targets/unhealthy", "/upstreams/:upstreams/targets/:targets/:address/unhealthy",
	} {
		n.handle("PUT", path, nil, func(q *request) (int, any, *Error) { return k.setHealth(q, upstreams) })
	}
}

// setHealth answers who says that a target is healthy, or is not. Without health checks Kong has nowhere to note it.
func (k *Kong) setHealth(q *request, upstreams *schema.Entity) (int, any, *Error) {
	r, err := k.target(q, upstreams)
	if err != nil {
		return 0, nil, err
	}
	u := k.store.kinds["upstreams"].rows[fieldID(r.data["upstream"])]
	if checksHealth(u) {
		return 0, nil, notModelled("health checks")
	}
	name, _ := u.data["name"].(string)
	return 0, nil, plainError(http.StatusBadRequest, "no healthchecker found for "+name)
}

// checksHealth reports whether an upstream has health checks of any sort.
func checksHealth(u *row) bool {
	checks, _ := u.data["healthchecks"].(map[string]any)
	on := func(path ...string) bool {
		var v any = checks
		for _, name := range path {
			m, _ := v.(map[string]any)
			v = m[name]
		}
		return v != nil && v != 0.0
	}
	return on("active", "healthy", "interval") || on("active", "unhealthy", "interval") || on("passive", "unhealthy", "tcp_failures") ||
		on("passive", "unhealthy", "timeouts") || on("passive", "unhealthy", "http_failures")
}

// upstreamHealth answers the health of an upstream's targets, or with balancer_health=1 that of its balancer.
func (k *Kong) upstreamHealth(q *request, u *row) (int, any, *Error) {
	if checksHealth(u) {
		return 0, nil, notModelled("health checks")
	}
	targets := k.latestTargets(u.id)
	var hosts []map[string]any
	for _, r := range targets {
		host, ok := hostStatus(r)
		if !ok {
			return 0, nil, notModelled("the health of targets that are names: it looks up none")
		}
		hosts = append(hosts, host)
	}
	if q.query.Get("balancer_health") == "1" {
		return http.StatusOK, map[string]any{"data": balancerStatus(u, hosts), "next": nil, "node_id": k.nodeID}, nil
	}
	start, end, err := targetPage(q, len(targets))
	if err != nil {
		return 0, nil, err
	}
	data := []any{}
	for i := start; i < end; i++ {
		target := map[string]any{"health": "HEALTHCHECKS_OFF", "data": hosts[i]}
		for name, v := range targets[i].data {
			target[name] = v
		}
		data = append(data, target)
	}
	body := map[string]any{"data": data, "next": nil, "node_id": k.nodeID}
	if end < len(targets) {
		offset := strconv.Itoa(end)
		body["offset"], body["next"] = offset, "/upstreams/"+q.param("upstreams")+"/health?offset="+url.QueryEscape(offset)
	}
	return http.StatusOK, body, nil
}

// hostStatus returns what a balancer knows of a target, and whether that takes no lookup.
func hostStatus(r *row) (map[string]any, bool) {
	target, _ := r.data["target"].(string)
	a, err := route.ParseAddress(target)
	if err != nil || a.Name {
		return nil, false
	}
	host, record := a.Host, "A"
	if strings.Contains(host, ":") {
		host, record = "["+host+"]", "AAAA"
	}
	weight := r.data["weight"]
	return map[string]any{
		"host": host, "port": a.Port, "dns": record, "nodeWeight": weight,
		"weight":    map[string]any{"total": weight, "available": weight, "unavailable": 0},
		"addresses": []any{map[string]any{"ip": host, "port": a.Port, "weight": weight, "health": "HEALTHCHECKS_OFF"}},
	}, true
}

// balancerStatus returns what a balancer without health checks knows of itself: it is healthy if any of its targets has a weight.
func balancerStatus(u *row, hosts []map[string]any) map[string]any {
	total := 0.0
	slices.Reverse(hosts) // a balancer has its targets in the order of their creation
	for _, h := range hosts {
		weight, _ := h["nodeWeight"].(float64)
		total += weight
		addresses, _ := h["addresses"].([]any)
		address, _ := addresses[0].(map[string]any)
		delete(address, "health")
		address["healthy"] = true
	}
	health := "HEALTHY"
	if total == 0 {
		health = "UNHEALTHY"
	}
	var list any = hosts
	if len(hosts) == 0 {
		list = map[string]any{} // as Lua has it
	}
	return map[string]any{
		"id": u.id, "health": "HEALTHCHECKS_OFF", "balancer_health": health,
		"details": map[string]any{
			"healthy": total > 0, "hosts": list,
			"weight": map[string]any{"total": total, "available": total, "unavailable": 0},
		},
	}
}
