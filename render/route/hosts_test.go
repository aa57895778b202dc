package route

import (
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

func TestHosts(t *testing.T) {
	for _, test := range []struct {
		fields map[string]any
		want   string
	}{
		{map[string]any{"hosts": []string{"b.example", "A.example"}, "paths": []string{"/"}}, "a.example b.example"},
		{map[string]any{"hosts": []string{"a.example", "*.example"}}, "any"},
		{map[string]any{"paths": []string{"/"}}, "any"},
		{map[string]any{"expression": `http.path ^= "/" && (http.host == "b" || http.host == "a")`}, "a b"},
		{map[string]any{"expression": `(http.host == "b" || http.path == "/a")`}, "any"},
		{map[string]any{"expression": `!(http.host == "b")`}, "any"},
		{map[string]any{"expression": `http.host != "b"`}, "any"},
		{map[string]any{"expression": `http.host`}, "any"},
	} {
		e, err := kong.New(kong.Routes, kong.ID(kong.Routes, "r"), test.fields, kong.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		got := "any"
		if hosts, ok := Hosts(e); ok {
			got = strings.Join(hosts, " ")
		}
		if got != test.want {
			t.Errorf("%v: got %q, want %q", test.fields, got, test.want)
		}
	}
}
