package route_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

func TestValues(t *testing.T) {
	for name, test := range map[string]struct {
		route map[string]any
		field string
		want  []string
	}{
		"numbers": {map[string]any{"expression": "net.dst.port == 80 || (net.dst.port == 443 && net.dst.port != 1)"}, "net.dst.port",
			[]string{"443", "80"}},
		"text": {map[string]any{"expression": `http.headers.a == "x\"y" && !(http.headers.a == "z")`},
			"http.headers.a", []string{`x"y`, "z"}},
		"other fields": {map[string]any{"expression": `http.path == "net.dst.port == 1" && lower(http.host) == "a"`}, "http.host", nil},
		"destinations": {map[string]any{"protocols": []any{"tcp"}, "destinations": []any{map[string]any{"port": int64(53)}}}, "net.dst.port",
			[]string{"53"}},
		"hosts":   {map[string]any{"hosts": []any{"a.example:8080", "b.example"}}, "net.dst.port", []string{"8080"}},
		"nothing": {map[string]any{}, "net.dst.port", nil},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := kong.New(kong.Routes, kong.ID(kong.Routes, "r"), test.route, kong.Origin{})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, route.Values(r, test.field)); d != "" {
				t.Error(d)
			}
		})
	}
}
