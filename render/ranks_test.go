package render

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// TestTooManyMatches has more matches compete at one hostname than Kong has priorities for, which only the classic routes run out of.
func TestTooManyMatches(t *testing.T) {
	var b strings.Builder
	b.WriteString(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong}
spec:
  gatewayClassName: kong
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: v1
kind: Service
metadata: {name: echo}
spec: {selector: {app: echo}, ports: [{port: 80}]}
`)
	const routes, rules, matches = 9, 16, 8
	for r := range routes {
		fmt.Fprintf(&b, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r%d}\n"+
			"spec:\n  parentRefs: [{name: kong}]\n  rules:\n", r)
		for rule := range rules {
			b.WriteString("  - backendRefs: [{name: echo, port: 80}]\n    matches:\n")
			for m := range matches {
				// Regular expressions all compete: nobody knows which requests two of them share.
				fmt.Fprintf(&b, "    - path: {type: RegularExpression, value: '/r%d/%d/%d/.*'}\n", r, rule, m)
			}
		}
	}
	files := fstest.MapFS{"all.yaml": {Data: []byte(b.String())}}
	for flavor, want := range map[kong.Flavor]string{
		kong.TraditionalCompatible: "all.yaml:492:7: error: more than 1024 matches compete here, which Kong cannot order",
		kong.Expressions:           "",
	} {
		r, err := Render([]manifest.Input{{FS: files, Path: "."}}, Options{Target: Target{Flavor: flavor}})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, f := range r.Findings {
			got += fmt.Sprintf("%s: %s: %s", f.Pos, f.Severity, f.Message)
		}
		if got != want {
			t.Errorf("%s: findings are %q, want %q", flavor, got, want)
		}
	}
}
