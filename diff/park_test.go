package diff_test

import (
	"testing"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// parkedForms returns what is written for a new route with a plugin on a service that is live.
func parkedForms(t *testing.T, routes ...map[string]any) []kong.Entity {
	t.Helper()
	service := entity(t, kong.Services, "s", map[string]any{"name": "s", "host": "echo.svc"})
	desired := []kong.Entity{service}
	for _, fields := range routes {
		fields["service"] = map[string]any{"id": service.ID()}
		r := entity(t, kong.Routes, fields["name"].(string), fields)
		desired = append(desired, r,
			entity(t, kong.Plugins, r.Name(), map[string]any{"name": "key-auth", "route": map[string]any{"id": r.ID()}}))
	}
	live := state(t, service, entity(t, kong.Routes, "live", map[string]any{"name": "live", "paths": []string{"/live"},
		"service": map[string]any{"id": service.ID()}}))
	desired = append(desired, entity(t, kong.Routes, "live", map[string]any{"name": "live", "paths": []string{"/live"},
		"service": map[string]any{"id": service.ID()}}))
	var out []kong.Entity
	for _, w := range compute(t, live, state(t, desired...)).Phases()[0].Writes {
		if w.Entity.Kind() == kong.Routes {
			out = append(out, w.Entity)
		}
	}
	return out
}

func exampleRoutes() []map[string]any {
	return []map[string]any{
		{"name": "classic", "protocols": []string{"http", "https"}, "hosts": []string{"example.com"}, "paths": []string{"/", "~/$gwsync"},
			"methods": []string{"GET"}, "headers": map[string]any{"x": []string{"y"}}, "regex_priority": 3},
		{"name": "grpc", "protocols": []string{"grpc", "grpcs"}, "strip_path": false,
			"hosts": []string{"example.com"}, "snis": []string{"example.com"}},
		{"name": "stream", "protocols": []string{"tcp"}, "sources": []any{map[string]any{"port": 1}}},
		{"name": "passthrough", "protocols": []string{"tls_passthrough"}, "snis": []string{"example.com"}},
	}
}

func TestParkedRoutesAreWhatKongAccepts(t *testing.T) {
	for flavor, routes := range map[kong.Flavor][]map[string]any{
		kong.TraditionalCompatible: exampleRoutes(),
		kong.Expressions: append(exampleRoutes(),
			map[string]any{"name": "expression", "protocols": []string{"http"}, "expression": `http.path ^= "/"`, "priority": 7},
			map[string]any{"name": "stream-expression", "protocols": []string{"tls"}, "expression": `tls.sni == "x"`, "priority": 7}),
	} {
		parked := parkedForms(t, routes...)
		if len(parked) != len(routes) {
			t.Fatalf("%d of %d routes are parked", len(parked), len(routes))
		}
		for _, r := range parked {
			if err := route.Validate(r, flavor); err != nil {
				t.Errorf("%s: %s: %v", flavor, r.AppendJSON(nil), err)
			}
			if !diff.Owned(r, instance) || !r.HasTag("gwsync-parked") || r.ID() != kong.ID(kong.Routes, r.Name()) {
				t.Errorf("%s would not be found again", r.AppendJSON(nil))
			}
		}
	}
}

func FuzzParkedRoutesMatchNothing(f *testing.F) {
	for _, target := range []string{"/", "/$gwsync-parked", "/gwsync-parked", "/%0Agwsync-parked", "/\n", "//", "*", "http://example.com:1/"} {
		f.Add("GET", "example.com:0", target, "x", "y")
	}
	var routers []*route.Router
	f.Fuzz(func(t *testing.T, method, host, target, header, value string) {
		if routers == nil {
			expression := map[string]any{"name": "e", "protocols": []string{"http"}, "expression": `http.path ^= "/"`}
			for flavor, routes := range map[kong.Flavor][]kong.Entity{
				kong.TraditionalCompatible: parkedForms(t, exampleRoutes()[:2]...),
				kong.Expressions:           parkedForms(t, append(exampleRoutes()[:2], expression)...),
			} {
				service := entity(t, kong.Services, "s", map[string]any{"name": "s", "host": "echo.svc"})
				r, err := route.New(state(t, append(routes, service)...), flavor)
				if err != nil {
					t.Fatal(err)
				}
				routers = append(routers, r)
			}
		}
		for _, r := range routers {
			for _, protocol := range []string{"http", "https"} {
				m := r.Match(route.Request{Method: method, Protocol: protocol, Host: host, Target: target, SNI: host,
					Header: [][2]string{{header, value}}})
				if !m.Route.IsZero() {
					t.Errorf("%s matches", m.Route.AppendJSON(nil))
				}
			}
		}
	})
}
