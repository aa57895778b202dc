package proxy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The order is Kong's: a plugin of the consumer comes before one of route and service only together with one of them.
func TestMostSpecificScopeWins(t *testing.T) {
	named := func(s string) plugin { return unmodelled{reason: s} }
	order := []struct {
		scope scope
		name  string
	}{
		{scope{"r", "s", "c"}, "consumer+route+service"},
		{scope{route: "r", consumer: "c"}, "consumer+route"},
		{scope{service: "s", consumer: "c"}, "consumer+service"},
		{scope{route: "r", service: "s"}, "route+service"},
		{scope{consumer: "c"}, "consumer"},
		{scope{route: "r"}, "route"},
		{scope{service: "s"}, "service"},
		{scope{}, "global"},
	}
	all := map[scope]configured{}
	for _, o := range order {
		all[o.scope] = configured{plugin: named(o.name)}
	}
	table := &pluginTable{byName: map[string]map[scope]configured{"p": all}}
	for _, o := range order {
		if diff := cmp.Diff(o.name, table.pick("p", "r", "s", "c").plugin.(unmodelled).reason); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		delete(all, o.scope)
	}
	if p := table.pick("p", "r", "s", "c"); p.plugin != nil {
		t.Errorf("got %v of nothing", p)
	}
	all[scope{consumer: "c"}] = configured{plugin: named("consumer")}
	if p := table.pick("p", "r", "s", ""); p.plugin != nil {
		t.Errorf("got %v for nobody", p)
	}
}
