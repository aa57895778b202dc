package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

const needy = `_format_version: "3.0"
routes:
- name: any port
  protocols: [http, https]
  expression: http.path ^= "net.dst.port == 1"
- name: ports
  protocols: [http]
  expression: (net.dst.port == 8080 || net.dst.port == 80) && http.path ^= "/"
- {name: classic, protocols: [http], hosts: ["a.example:8081"]}
- {name: dns, protocols: [udp], destinations: [{port: 53}]}
- {name: names, protocols: [tls_passthrough], snis: [a.example]}
- {name: mail, protocols: [tls, tcp], expression: net.dst.port == 25}
plugins:
- name: pre-function
  route: classic
  config:
    access: ["local cjson = require('cjson.safe')"]
    rewrite: ["local http = require 'resty.http'"]
- {name: pre-function, config: {rewrite: ["local a = 1"]}}
- {name: request-transformer, route: mail, config: {add: {headers: ["a:$(b)"]}}}
- {name: request-transformer, route: names, config: {add: {headers: ["a:$("]}}}
`

func needsOf(t *testing.T, text string) []render.Need {
	t.Helper()
	s, err := kong.Decode(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return render.Needs(s)
}

func TestNeeds(t *testing.T) {
	var got []string
	for _, n := range needsOf(t, needy) {
		got = append(got, n.Setting+": "+n.Value)
	}
	want := []string{
		"plugins: pre-function", "plugins: request-transformer",
		"proxy_listen: 0.0.0.0:80", "proxy_listen: 0.0.0.0:8080", "proxy_listen: 0.0.0.0:8081",
		"router_flavor: expressions",
		"stream_listen: 0.0.0.0:PORT ssl", "stream_listen: 0.0.0.0:25", "stream_listen: 0.0.0.0:25 ssl", "stream_listen: 0.0.0.0:53 udp",
		"untrusted_lua: sandbox", "untrusted_lua_sandbox_requires: cjson.safe", "untrusted_lua_sandbox_requires: resty.http",
		"workspace: default",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// enough returns the settings that have all that needy asks for.
func enough() kong.Settings {
	return kong.Settings{
		Flavor: kong.Expressions, UntrustedLua: "sandbox", Requires: []string{"cjson.safe", "resty.http"},
		ProxyListen:  []string{"0.0.0.0:8000 reuseport", "[::]:8080", "0.0.0.0:8443 http2 ssl", "0.0.0.0:9081"},
		StreamListen: []string{"0.0.0.0:25 ssl", "127.0.0.1:25", "0.0.0.0:53 udp reuseport"},
		PortMaps:     []string{"80:8000", "8081:9081"},
		Plugins:      []string{"pre-function", "request-transformer"},
	}
}

func TestMissing(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*kong.Settings)
		want   string
	}{
		"nothing":            {func(*kong.Settings) {}, ""},
		"all plugins":        {func(s *kong.Settings) { s.Plugins = nil }, ""},
		"lua without limits": {func(s *kong.Settings) { s.UntrustedLua, s.Requires = "on", nil }, ""},
		"lua": {func(s *kong.Settings) { s.UntrustedLua = "off" },
			"error: it needs sandbox in untrusted_lua of the Kong's kong.conf, which is off"},
		"a module": {func(s *kong.Settings) { s.Requires = s.Requires[:1] },
			"error: it needs resty.http in untrusted_lua_sandbox_requires of the Kong's kong.conf, which has cjson.safe"},
		"a plugin": {func(s *kong.Settings) { s.Plugins = s.Plugins[:1] },
			"error: it needs request-transformer in plugins of the Kong's kong.conf, which has no plugin of that name"},
		"the flavor": {func(s *kong.Settings) { s.Flavor = kong.TraditionalCompatible },
			"error: it needs expressions in router_flavor of the Kong's kong.conf, which is traditional_compatible"},
		"the default workspace by name": {func(s *kong.Settings) { s.Workspace = "default" }, ""},
		"a workspace": {func(s *kong.Settings) { s.Workspace = "team" },
			"error: it needs the workspace default: in another one, such as team, Kong runs no plugin before it knows the route"},
		"a port": {func(s *kong.Settings) { s.PortMaps = []string{"80:8000", "8081:1", "x", "1:2:3"} },
			"warning: it needs 0.0.0.0:8081 in proxy_listen of the Kong's kong.conf, " +
				"which is 0.0.0.0:8000 reuseport, [::]:8080, 0.0.0.0:8443 http2 ssl, 0.0.0.0:9081"},
		"streams of udp": {func(s *kong.Settings) { s.StreamListen = s.StreamListen[:2] },
			"error: it needs 0.0.0.0:53 udp in stream_listen of the Kong's kong.conf, which is 0.0.0.0:25 ssl, 127.0.0.1:25"},
		"streams of udp on the port": {func(s *kong.Settings) { s.StreamListen[2] = "0.0.0.0:54 udp" },
			"warning: it needs 0.0.0.0:53 udp in stream_listen of the Kong's kong.conf, which is 0.0.0.0:25 ssl, 127.0.0.1:25, 0.0.0.0:54 udp"},
		"what a node for the Admin API has serve": {func(s *kong.Settings) {
			s.ProxyListen, s.StreamListen, s.PortMaps = []string{"off"}, nil, nil
			s.UntrustedLua = "off"
		},
			"info: it needs 0.0.0.0:25 in stream_listen of the Kong's kong.conf, which is none\n" +
				"info: it needs 0.0.0.0:25 ssl in stream_listen of the Kong's kong.conf, which is none\n" +
				"info: it needs 0.0.0.0:53 udp in stream_listen of the Kong's kong.conf, which is none\n" +
				"info: it needs 0.0.0.0:80 in proxy_listen of the Kong's kong.conf, which is off\n" +
				"info: it needs 0.0.0.0:8080 in proxy_listen of the Kong's kong.conf, which is off\n" +
				"info: it needs 0.0.0.0:8081 in proxy_listen of the Kong's kong.conf, which is off\n" +
				"info: it needs 0.0.0.0:PORT ssl in stream_listen of the Kong's kong.conf, which is none\n" +
				"info: it needs sandbox in untrusted_lua of the Kong's kong.conf, which is off"},
		"what others serve": {func(s *kong.Settings) { s.Role, s.UntrustedLua = "control_plane", "off" },
			"info: it needs sandbox in untrusted_lua of the Kong's kong.conf, which is off"},
	} {
		t.Run(name, func(t *testing.T) {
			s := enough()
			test.change(&s)
			var got []string
			for _, f := range render.Missing(needsOf(t, needy), s) {
				got = append(got, f.Severity.String()+": "+f.Message)
				if f.Hint == "" || f.Code != render.MissingSetting {
					t.Errorf("%+v", f)
				}
			}
			if got := strings.Join(got, "\n"); got != test.want {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestUnusualNamesTheManifest says of what is rendered where in the manifests a need comes from.
func TestUnusualNamesTheManifest(t *testing.T) {
	e, err := kong.New(kong.Routes, kong.ID(kong.Routes, "r"), map[string]any{
		"name": "r", "protocols": []any{"tcp"}, "destinations": []any{map[string]any{"port": int64(9000)}},
	}, kong.Origin{
		Object: diag.Object{Kind: "TCPRoute", Namespace: "shop", Name: "db"}, Field: "spec.rules[0]",
		Pos: diag.Pos{File: "db.yaml", Line: 7, Col: 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := kong.NewState(e)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := report.Findings(&b, render.Unusual(render.Needs(s), kong.Expressions)); err != nil {
		t.Fatal(err)
	}
	want := `db.yaml:7:3: info: it needs 0.0.0.0:9000 in stream_listen of the Kong's kong.conf, which is off by default [MissingSetting]
    hint: add 0.0.0.0:9000 to stream_listen in kong.conf; or, for a port that leads to another one of Kong's, port_maps = 9000:THAT
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}
