package bind

import (
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// TestPartiallyInvalid asks when the condition of that name is to be set, and what it says.
func TestPartiallyInvalid(t *testing.T) {
	const manifests = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong}
spec: {gatewayClassName: kong, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  parentRefs: [{name: kong}]
  rules:
`
	const good = "  - {name: good, matches: [{path: {value: /}}]}\n"
	const bad = "  - {name: bad, matches: [{path: {type: RegularExpression, value: '/('}}]}\n"
	const doubled = "  - {matches: [{path: {type: RegularExpression, value: '/a**'}}]}\n"
	tests := []struct {
		name, rules string
		flavor      kong.Flavor
		partially   bool
		reason      string
		message     string
	}{
		{"valid", good, "", false, "", ""},
		{"some", good + bad + doubled, "", true, "", "Dropped Rules 1 (bad): regex /(: unclosed group; 2: " +
			`regex /a**: pcre2_compile() failed: quantifier does not follow a repeatable item in "/a**" at "*"`},
		{"one", bad + good, "", true, "", "Dropped Rule 0 (bad): regex /(: unclosed group"},
		{"all", bad, "", false, UnsupportedValue, "Dropped Rule 0 (bad): regex /(: unclosed group"},
		{"another engine", good + doubled, kong.Expressions, false, "", ""},
	}
	for _, tt := range tests {
		g, _ := Build(loadString(t, manifests+tt.rules), Options{Flavor: tt.flavor})
		r := g.Routes[0]
		if got := r.PartiallyInvalid(); got != tt.partially {
			t.Errorf("%s: partially invalid is %v", tt.name, got)
		}
		if p := r.Parents[0]; p.Reason != tt.reason || p.Accepted != (tt.reason == "") || len(r.Bindings()) == 0 != (tt.reason != "") {
			t.Errorf("%s: accepted is %v, for %q, with %d bindings", tt.name, p.Accepted, p.Reason, len(r.Bindings()))
		}
		if got := r.DroppedMessage(); got != tt.message {
			t.Errorf("%s: the message is %q, want %q", tt.name, got, tt.message)
		}
		if got := g.Gateways[0].Listeners[0].AttachedRoutes; got == 0 != (tt.reason != "") {
			t.Errorf("%s: %d routes are attached", tt.name, got)
		}
	}
}
