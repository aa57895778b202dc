package bind

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// listening makes an isolation of one port with listeners of these hostnames, and a function to ask it.
func listening(hostnames ...string) func(listener string, hostnames ...string) []string {
	g := &Graph{isolation: isolation{map[endpoint]bool{}, map[portal]*zone{}, map[isolated][]string{}}}
	at := endpoint{portal{80, "HTTP"}, ""}
	for _, at.hostname = range hostnames {
		if at.hostname != "" && !g.isolation.hosts[at] {
			g.isolation.hosts[at] = true
			g.isolation.add(at)
		}
	}
	return func(listener string, hostnames ...string) []string {
		l := &Listener{Hostname: listener, Spec: &gatewayv1.Listener{Port: 80, Protocol: gatewayv1.HTTPProtocolType}}
		return g.elsewhere(l, hostnames)
	}
}

func TestElsewhere(t *testing.T) {
	ask := listening("", "*.example.com", "a.example.com", "*.b.example.com", "c.b.example.com", "x.example.net", "*.com.example.org")
	tests := []struct {
		listener, hostnames, want string
	}{
		{"", "", "*.com.example.org *.example.com x.example.net"},
		{"", "*.example.net", "x.example.net"},
		{"", "y.example.net", ""},
		{"", "example.com", ""},
		{"", "a.example.com", "a.example.com"},
		{"", "*.example.com", "*.example.com"},
		{"", "*.b.example.com", "*.b.example.com"},
		{"", "*.com", "*.example.com"},
		{"", "*.org *.example.org", "*.com.example.org"},
		{"", "*.example.org y.com.example.org", "*.com.example.org"},
		{"*.example.com", "*.example.com", "*.b.example.com a.example.com"},
		{"*.example.com", "a.example.com b.example.com", "a.example.com"},
		{"*.example.com", "z.b.example.com", "z.b.example.com"},
		{"*.example.com", "*.a.example.com", ""},
		{"*.b.example.com", "*.b.example.com", "c.b.example.com"},
		{"*.b.example.com", "d.b.example.com", ""},
		{"a.example.com", "a.example.com", ""},
	}
	for _, tt := range tests {
		got := strings.Join(ask(tt.listener, strings.Fields(tt.hostnames)...), " ")
		if got != tt.want {
			t.Errorf("listener %q, hostnames %q: elsewhere are %q, want %q", tt.listener, tt.hostnames, got, tt.want)
		}
	}
	if got := listening("")(""); got != nil {
		t.Errorf("alone on its port, %v is elsewhere", got)
	}
}

// TestIsolationCounts tells which listeners have requests of their own: all that are distinct on one port of the Kong, of whichever
// Gateway, whether they can serve or not.
func TestIsolationCounts(t *testing.T) {
	g, _ := Build(loadString(t, `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: one}
spec:
  gatewayClassName: kong
  listeners:
  - {name: any, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: missing}]}}
  - {name: conflict, port: 80, protocol: HTTP, hostname: no.example.com}
  - {name: rival, port: 80, protocol: TCP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: two}
spec:
  gatewayClassName: kong
  allowedListeners: {namespaces: {from: Same}}
  listeners:
  - {name: more, port: 443, protocol: HTTPS, hostname: two.example.com, tls: {certificateRefs: [{name: missing}]}}
  - {name: elsewhere, port: 444, protocol: HTTPS, hostname: port.example.com, tls: {certificateRefs: [{name: missing}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: refused}
spec:
  gatewayClassName: kong
  addresses: [{type: example.com/odd, value: odd}]
  listeners:
  - {name: more, port: 443, protocol: HTTPS, hostname: refused.example.com, tls: {certificateRefs: [{name: missing}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: set}
spec:
  parentRef: {name: two}
  listeners:
  - {name: more, port: 443, protocol: HTTPS, hostname: set.example.com, tls: {certificateRefs: [{name: missing}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: set, namespace: other}
spec:
  parentRef: {name: two, namespace: default}
  listeners:
  - {name: more, port: 443, protocol: HTTPS, hostname: denied.example.com, tls: {certificateRefs: [{name: missing}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec: {parentRefs: [{name: one, sectionName: any}]}
`), Options{})
	want := []string{"set.example.com", "two.example.com"}
	if diff := cmp.Diff(want, g.Routes[0].Parents[0].Bindings[0].Elsewhere); diff != "" {
		t.Errorf("elsewhere (-want +got):\n%s", diff)
	}
}

// FuzzElsewhere holds what belongs to others to its definition, host by host: the listener with the most specific hostname that a host
// is within has its requests.
func FuzzElsewhere(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add([]byte{1, 2, 3, 4}, []byte{0})
	f.Add([]byte{9, 17, 4, 200, 33}, []byte{1, 30, 31})
	universe := fewHostnames()
	f.Fuzz(func(t *testing.T, listeners, route []byte) {
		pick := func(seed []byte) []string {
			var out []string
			for _, b := range seed[:min(len(seed), 12)] {
				out = append(out, universe[int(b)%len(universe)])
			}
			slices.Sort(out)
			return slices.Compact(out)
		}
		all := pick(listeners)
		ask := listening(all...)
		for _, l := range all {
			hostnames, ok := intersectAll(l, pick(route))
			if !ok {
				continue
			}
			others := ask(l, hostnames...)
			holdElsewhere(t, l, hostnames, others, all)
		}
	})
}

func holdElsewhere(t *testing.T, l string, hostnames, others, all []string) {
	t.Helper()
	if !slices.IsSorted(others) {
		t.Errorf("listener %q, hostnames %q: %q is not sorted", l, hostnames, others)
	}
	for _, h := range others {
		if slices.ContainsFunc(others, func(o string) bool { return o != h && within(h, o) }) {
			t.Errorf("listener %q, hostnames %q: %q in %q is within another one", l, hostnames, h, others)
		}
	}
	for _, host := range fewHostnames() {
		covers := func(pattern string) bool { return within(host, pattern) }
		if strings.HasPrefix(host, "*") || host == "" || len(hostnames) > 0 && !slices.ContainsFunc(hostnames, covers) {
			continue
		}
		owner := l
		for _, o := range all {
			if covers(o) && within(o, owner) {
				owner = o
			}
		}
		if got, want := slices.ContainsFunc(others, covers), owner != l; got != want {
			t.Errorf("listeners %q: of %q for %q, is %q elsewhere? %v, want %v", all, hostnames, l, host, got, want)
		}
	}
}

// fewHostnames are all hostnames of up to three of two labels, exact and wild, and any.
func fewHostnames() []string {
	exact := []string{""}
	for _, level := range [][]string{{"a", "b"}, {"a.", "b."}, {"a.", "b."}} {
		for _, suffix := range slices.Clone(exact) {
			for _, label := range level {
				if strings.HasSuffix(label, ".") == (suffix != "") {
					exact = append(exact, label+suffix)
				}
			}
		}
	}
	slices.Sort(exact)
	exact = slices.Compact(exact)
	out := slices.Clone(exact)
	for _, h := range exact {
		if h != "" {
			out = append(out, fmt.Sprintf("*.%s", h))
		}
	}
	return out
}

// BenchmarkListeners is many listeners on one port: of Gateways, of ListenerSets, and a route at the one for any host.
func BenchmarkListeners(b *testing.B) {
	for _, n := range []int{40, 400} {
		set := loadString(b, manyListeners(n))
		b.Run(fmt.Sprint(n*20), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if g, _ := Build(set, Options{}); len(g.Gateways)+len(g.ListenerSets) != n+1 {
					b.Fatalf("%d Gateways and %d ListenerSets", len(g.Gateways), len(g.ListenerSets))
				}
			}
		})
	}
}

// manyListeners makes n Gateways and ListenerSets, half and half, with 20 listeners each, a grant for each, and a Gateway for any host
// with n routes.
func manyListeners(n int) string {
	var m strings.Builder
	m.WriteString(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: any, namespace: edge}
spec:
  gatewayClassName: kong
  allowedListeners: {namespaces: {from: All}}
  listeners: [{name: any, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: c, namespace: certs}]}}]
`)
	for i := range n {
		kind, spec := "Gateway", "gatewayClassName: kong"
		if i%2 == 1 {
			kind, spec = "ListenerSet", "parentRef: {name: any, namespace: edge}"
		}
		fmt.Fprintf(&m, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: %s\nmetadata: {name: g%d, namespace: ns%d}\n"+
			"spec:\n  %s\n  listeners:\n", kind, i, i, spec)
		for j := range 20 {
			fmt.Fprintf(&m, "  - {name: l%d, port: 443, protocol: HTTPS, hostname: h%d.%s%d.example.com, "+
				"tls: {certificateRefs: [{name: c, namespace: certs}]}}\n", j, j, []string{"", "a."}[j%2], i)
		}
		fmt.Fprintf(&m, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {name: g%d, namespace: certs}\n"+
			"spec: {from: [{group: gateway.networking.k8s.io, kind: %s, namespace: ns%d}], to: [{group: \"\", kind: Secret}]}\n", i, kind, i)
		fmt.Fprintf(&m, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r%d, namespace: edge}\n"+
			"spec: {parentRefs: [{name: any}]}\n", i)
	}
	return m.String()
}
