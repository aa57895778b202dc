package render

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/route"
)

// FuzzPrecedence makes up matches of several routes and checks, for each two that compete for a hostname, that Kong asks first the
// one that the Gateway API prefers, in both flavors. What a flavor cannot order must be a finding.
func FuzzPrecedence(f *testing.F) {
	f.Add([]byte("some matches, made up from these bytes"))
	f.Add([]byte{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 255, 254, 253})
	f.Add([]byte("\x01\x21\x41\x61\x81\xa1\xc1\xe1\x02\x22\x42\x62\x82\xa2\xc2\xe2\x03\x23\x43\x63"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rules := madeUp(data)
		t.Run("expressions", func(t *testing.T) { checkOrder(t, rules, kong.Expressions) })
		t.Run("traditional_compatible", func(t *testing.T) { checkOrder(t, rules, kong.TraditionalCompatible) })
	})
}

// madeUp returns rules of one match each, in the order of their routes.
func madeUp(data []byte) []*rule {
	hosts := [][]string{nil, {"a.example.com"}, {"b.example.com"}, {"a.example.com", "b.example.com"}, {"*.example.com"},
		{"a.example.com", "*.example.com"}}
	var out []*rule
	for i := 0; i+4 <= len(data) && i < 4*40; i += 4 {
		b := data[i : i+4]
		r := &bind.Route{Object: manifest.Object{Ref: manifest.Ref{Kind: "HTTPRoute", Namespace: "ns", Name: fmt.Sprintf("r%03d", i)}}}
		m := match{path: pathMatch{pathKind(b[1] % 3), "/" + "aaaaaaaa"[:b[1]>>5]}}
		if b[2]&1 != 0 {
			m.method = []string{"GET", "POST"}[b[2]>>1&1]
		}
		for h := range b[2] >> 5 {
			m.headers = append(m.headers, valueMatch{name: fmt.Sprintf("x-%d", h), value: "1"})
		}
		for q := range b[3] >> 6 {
			m.queries = append(m.queries, valueMatch{name: fmt.Sprintf("q%d", q), value: "1"})
		}
		http := &bind.Listener{Spec: &gatewayv1.Listener{Protocol: gatewayv1.HTTPProtocolType}}
		one := &rule{rule: &bind.Rule{}, common: &common{bound: r, protocols: []string{"http"},
			bindings: []bind.Binding{{Listener: http, Hostnames: hosts[int(b[0])%len(hosts)]}}}}
		m.of = one
		one.matches = []match{m}
		one.setPlaces()
		out = append(out, one)
	}
	return out
}

// rendered is one route of Kong and what it stands for.
type rendered struct {
	hostname string
	order    int
	match    match
	priority uint64
}

func checkOrder(t *testing.T, rules []*rule, flavor kong.Flavor) {
	tr := &translator{target: Target{Flavor: flavor}, composer: newComposer(flavor), partSize: 1}
	if flavor == kong.Expressions {
		tr.expressionRoutes(slices.Clone(rules))
	} else {
		tr.traditionalRoutes(slices.Clone(rules))
	}
	routes := composed(t, tr)
	var all []rendered
	for i, r := range rules {
		m := r.matches[0]
		for _, h := range r.hostnames() {
			if e, ok := find(routes, m, h, flavor); ok {
				p, err := route.Priority(e)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, rendered{h, i, m, p})
			} else if tr.findings.Count(diag.Error) == 0 {
				t.Fatalf("match %+v on %q is not rendered, and no finding says so", m, h)
			}
		}
	}
	for _, a := range all {
		for _, b := range all {
			if compete(a, b) && preferred(a, b) > 0 && a.priority <= b.priority {
				t.Fatalf("Kong asks %+v\nbefore %+v", b, a)
			}
		}
	}
}

// composed returns what a translator has made.
func composed(t *testing.T, tr *translator) kong.State {
	entities, findings := tr.composer.all()
	tr.report(findings...)
	state, err := kong.NewState(entities...)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// find returns the route that was rendered for a match on a hostname.
func find(routes kong.State, m match, hostname string, f kong.Flavor) (kong.Entity, bool) {
	names := []string{hostRouteName(m.of.bound.Object.Ref, hostname, m.of.rule.Index, m.index)}
	if f == kong.TraditionalCompatible {
		names = append(names, routeName(m.of.bound.Object.Ref, m.of.rule.Index, m.index))
	}
	for _, name := range names {
		e, ok := routes.Find(kong.Routes, name)
		if hosts := e.Strings("hosts"); ok && (f == kong.Expressions || hostname == "" || contains(hosts, hostname)) {
			return e, true
		}
	}
	return kong.Entity{}, false
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// compete reports whether one request can match both.
func compete(a, b rendered) bool {
	var hosts hostSet
	hosts.add(a.hostname)
	if !hosts.overlaps(b.hostname) || a.match.method != "" && b.match.method != "" && a.match.method != b.match.method {
		return false
	}
	if a.match.path.kind == b.match.path.kind && a.match.path.kind != regexPath && len(a.match.path.value) == len(b.match.path.value) {
		return a.match.path == b.match.path
	}
	return true
}

// preferred is the Gateway API's order, written down a second time: positive if a comes first.
func preferred(a, b rendered) int {
	exactness := func(h string) int {
		switch {
		case h == "":
			return 0
		case h[0] == '*':
			return 1
		}
		return 2
	}
	return cmp.Or(
		cmp.Compare(exactness(a.hostname), exactness(b.hostname)),
		cmp.Compare(len(a.hostname), len(b.hostname)),
		cmp.Compare(a.match.path.kind, b.match.path.kind),
		cmp.Compare(len(a.match.path.value), len(b.match.path.value)),
		cmp.Compare(min(len(a.match.method), 1), min(len(b.match.method), 1)),
		cmp.Compare(len(a.match.headers), len(b.match.headers)),
		cmp.Compare(len(a.match.queries), len(b.match.queries)),
		cmp.Compare(b.order, a.order),
	)
}

func TestPriorityFitsKong(t *testing.T) {
	host := "a" + string(make([]byte, 300))
	for _, high := range []traits{
		{path: exactPath, length: 5000, method: true, headers: 100, queries: 100},
		{call: call{service: 5000, method: 5000, exact: true, headers: 100}},
	} {
		if top := exprPriority(host, high, 0); top <= 0 || top > 1<<46-1 {
			t.Errorf("the highest priority is %d, Kong's largest %d", top, 1<<46-1)
		}
	}
	last := exprPriority("", traits{last: true}, 0)
	for _, low := range []traits{{}, {call: call{headers: 1}}} {
		if p := exprPriority("", low, low.places()-1); p <= last {
			t.Errorf("%+v has priority %d, and what is last %d", low, p, last)
		}
	}
	if last != 0 {
		t.Errorf("the lowest priority is %d, want 0", last)
	}
}

// A route that comes changes no priority of others that it does not tie with.
func TestPriorityIsStable(t *testing.T) {
	before, after := madeUp([]byte("aaaabbbbcccc")), madeUp([]byte("aaaabbbbccccdddd"))
	priorities := func(rules []*rule) map[string]any {
		tr := &translator{target: Target{Flavor: kong.Expressions}, composer: newComposer(kong.Expressions), partSize: 1}
		tr.expressionRoutes(rules)
		out := map[string]any{}
		for e := range composed(t, tr).All() {
			out[e.Name()], _ = e.Field("priority")
		}
		return out
	}
	later := priorities(after)
	for name, p := range priorities(before) {
		if later[name] != p {
			t.Errorf("%s had priority %v and has %v", name, p, later[name])
		}
	}
}
