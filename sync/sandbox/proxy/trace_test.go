package proxy

import (
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gwsync/gwsync/render/kong"
)

func TestTrace(t *testing.T) {
	state := stateOf(t, `
_format_version: "3.0"
services:
- {name: a, host: a.example.com, port: 81, path: /base}
routes:
- {name: a, paths: [/a], service: a, headers: {x-go: ["yes"]}}
- {name: stop, paths: [/stop], service: a}
plugins:
- {name: request-transformer, route: a, config: {add: {headers: ["x-added:1"]}}}
- {name: response-transformer, service: a, config: {add: {headers: ["x-back:2"]}}}
- {name: request-termination, route: stop, config: {status_code: 418, message: tea}}
`)
	p := New(func() (kong.State, uint64) { return state, 1 }, kong.TraditionalCompatible, Options{})
	r := httptest.NewRequest("PUT", "/a/b?c=d", nil)
	r.Header.Set("X-Go", "yes")
	got := p.Trace(r)
	want := []Sent{{Backend: "a.example.com:81", Method: "PUT", Target: "/base/b?c=d", Host: "a.example.com:81"}}
	if diff := cmp.Diff(want, got.Sent, cmpopts.IgnoreFields(Sent{}, "Header", "Body")); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if got.Sent[0].Header.Get("X-Added") != "1" || got.Header.Get("X-Back") != "2" || got.Status != 200 {
		t.Errorf("the trace misses what plugins do: %v, %d %v", got.Sent[0].Header, got.Status, got.Header)
	}
	if diff := cmp.Diff([]string{"request-transformer", "response-transformer"}, pluginNames(got)); diff != "" {
		t.Errorf("plugins (-want +got):\n%s", diff)
	}
	got = p.Trace(httptest.NewRequest("GET", "/stop", nil))
	if got.Status != 418 || got.Sent != nil || got.Match.Route.Name() != "stop" {
		t.Errorf("got %d, sent %v, by %s; want 418 by stop, nothing sent", got.Status, got.Sent, got.Match.Route.Name())
	}
}

func pluginNames(t Trace) []string {
	var out []string
	for _, e := range t.Plugins {
		out = append(out, e.Text("name"))
	}
	return out
}
