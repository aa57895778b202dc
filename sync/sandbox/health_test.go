package sandbox

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	k := New(Config{Now: ticking()})
	must(t, k, "PUT /upstreams/u", `{}`)
	if a := must(t, k, "GET /upstreams/u/health?balancer_health=1", ""); a.body["data"].(map[string]any)["balancer_health"] != "UNHEALTHY" {
		t.Errorf("a balancer without targets: %v", a.body)
	}
	must(t, k, "POST /upstreams/u/targets", `{"target":"1.2.3.4","weight":7}`)
	must(t, k, "POST /upstreams/u/targets", `{"target":"[::1]:81","weight":0}`)
	a := must(t, k, "GET /upstreams/u/health?size=1", "")
	if a.body["next"] != "/upstreams/u/health?offset=1" || a.body["node_id"] != k.NodeID() {
		t.Errorf("the first page: %v", a.body)
	}
	a = must(t, k, "GET /upstreams/u/health?offset=1", "")
	list, _ := a.body["data"].([]any)
	target, _ := list[0].(map[string]any)
	want := map[string]any{
		"host": "1.2.3.4", "port": 8000.0, "dns": "A", "nodeWeight": 7.0,
		"weight":    map[string]any{"total": 7.0, "available": 7.0, "unavailable": 0.0},
		"addresses": []any{map[string]any{"ip": "1.2.3.4", "port": 8000.0, "weight": 7.0, "health": "HEALTHCHECKS_OFF"}},
	}
	if diff := cmp.Diff(want, target["data"]); diff != "" || target["health"] != "HEALTHCHECKS_OFF" || target["target"] != "1.2.3.4:8000" {
		t.Errorf("health of a target is %v (-want +got):\n%s", target, diff)
	}
	if a := must(t, k, "GET /upstreams/u/health?balancer_health=1", ""); a.body["data"].(map[string]any)["balancer_health"] != "HEALTHY" {
		t.Errorf("a balancer with targets: %v", a.body)
	}
	for request, want := range map[string]string{
		"PUT /upstreams/u/targets/1.2.3.4:8000/unhealthy":            "no healthchecker found for u",
		"PUT /upstreams/u/targets/1.2.3.4:8000/1.2.3.4:8000/healthy": "no healthchecker found for u",
		"PUT /upstreams/u/targets/5.6.7.8:80/healthy":                "Not found",
		"POST /upstreams/u/targets/1.2.3.4:8000/healthy":             "Method not allowed",
		"GET /upstreams/none/health":                                 "Not found",
	} {
		if got := ask(t, k, request, "").body["message"]; got != want {
			t.Errorf("%s: %v, want %s", request, got, want)
		}
	}
}
