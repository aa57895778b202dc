package bind

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gwsync/gwsync/render/manifest"
)

// BenchmarkRepository binds repositories of 2,000 and 20,000 routes in 500 namespaces, with 5,000 ReferenceGrants and 200 Gateways of 20
// listeners each. Time and memory grow with the number of objects, which includes a Service for each route:
//
//   - ns/object is the time to bind
//   - graph-B/object is the memory that the Graph keeps, beyond the manifests
//   - total-B/object is the memory that the Graph keeps, with the manifests
func BenchmarkRepository(b *testing.B) {
	for _, n := range []int{2000, 20000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			empty := heap()
			set := largeSet(b, n)
			loaded := heap()
			var g *Graph
			for b.Loop() {
				g, _ = Build(set, Options{})
			}
			objects := float64(set.Len())
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/objects, "ns/object")
			all := heap()
			b.ReportMetric(float64(all-loaded)/objects, "graph-B/object")
			b.ReportMetric(float64(all-empty)/objects, "total-B/object")
			attached := 0
			for _, r := range g.Routes {
				attached += len(r.Bindings())
			}
			if attached != n {
				b.Fatalf("%d routes are served by %d listeners, want one each", n, attached)
			}
		})
	}
}

// heap returns the number of bytes in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// largeSet makes up the manifests of n routes of all kinds, a file for each namespace.
func largeSet(tb testing.TB, n int) manifest.Set {
	tb.Helper()
	const namespaces, gateways, grants = 500, 200, 5000
	files := make([]strings.Builder, namespaces)
	for i := range namespaces {
		fmt.Fprintf(&files[i], "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns-%03d, labels: {team: team-%d}}\n", i, i%10)
	}
	for i := range gateways {
		fmt.Fprintf(&files[i], "---\n%s", largeGateway(i))
	}
	for i := range grants {
		// The routes of a namespace refer to the Services of the next one.
		at := i % namespaces
		fmt.Fprintf(&files[at], largeGrant, i, at, (at+namespaces-1)%namespaces, i)
	}
	for i := range n {
		at := i % namespaces
		fmt.Fprintf(&files[at], "---\n%s", largeRoute(i, at, i%gateways, (at+1)%namespaces))
		fmt.Fprintf(&files[(at+1)%namespaces], largeService, i, (at+1)%namespaces)
	}
	fs := fstest.MapFS{}
	for i := range files {
		fs[fmt.Sprintf("ns-%03d.yaml", i)] = &fstest.MapFile{Data: []byte(files[i].String())}
	}
	set, findings, err := manifest.Load([]manifest.Input{{FS: fs, Path: "."}}, manifest.Options{})
	if err != nil || findings.HasErrors() {
		tb.Fatalf("%v %s", err, describe(findings[:min(3, len(findings))]))
	}
	return set
}

const largeGrant = `---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: grant-%05d, namespace: ns-%03d}
spec:
  from:
  - {group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: ns-%03d}
  - {group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: ns-x}
  to: [{group: "", kind: Service}, {group: "", kind: Secret, name: secret-%d}]
`

const largeService = `---
apiVersion: v1
kind: Service
metadata: {name: service-%05d, namespace: ns-%03d}
spec:
  selector: {app: app}
  ports: [{port: 80}]
`

// largeGateway has 18 listeners for HTTP with a hostname each, of three ways to let namespaces in, one for TLS and one for TCP.
func largeGateway(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gateway-%03d, namespace: ns-%03d}\n", i, i)
	b.WriteString("spec:\n  gatewayClassName: kong\n  listeners:\n")
	allowed := []string{
		"from: All", "from: Selector, selector: {matchLabels: {absent: label}}",
		"from: Selector, selector: {matchExpressions: [{key: team, operator: In, values: [team-1, team-2]}]}",
	}
	for j := range 18 {
		fmt.Fprintf(&b, "  - {name: l%02d, port: 80, protocol: HTTP, hostname: '*.l%02d.g%03d.example.com', allowedRoutes: {namespaces: {%s}}}\n",
			j, j, i, allowed[j%len(allowed)])
	}
	fmt.Fprintf(&b, "  - {name: tls, port: 8443, protocol: TLS, hostname: '*.g%03d.example.com', tls: {mode: Passthrough}, %s}\n", i, all)
	fmt.Fprintf(&b, "  - {name: tcp, port: %d, protocol: TCP, %s}\n", 10000+i, all)
	return b.String()
}

const all = "allowedRoutes: {namespaces: {from: All}}"

// largeRoute is route i. It is in a namespace, attached to the one listener of a Gateway that has its hostname and allows it, and leads to
// a Service of another namespace.
func largeRoute(i, namespace, gateway, to int) string {
	var kind, spec string
	host := fmt.Sprintf("r%d.l%02d.g%03d.example.com", i, i%6*3, gateway)
	switch i % 20 {
	case 0:
		kind, spec = "GRPCRoute", "  rules: [{matches: [{method: {service: a.B}}], "
	case 1:
		kind, spec = "TLSRoute", "  rules: [{"
	default:
		kind = "HTTPRoute"
		spec = "  rules: [{matches: [{path: {value: /api}}, {path: {type: RegularExpression, value: '/v[0-9]+/x'}, method: GET}], "
	}
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: %s
metadata: {name: route-%05d, namespace: ns-%03d}
spec:
  parentRefs: [{name: gateway-%03d, namespace: ns-%03d}]
  hostnames: [%s]
%sbackendRefs: [{name: service-%05d, namespace: ns-%03d, port: 80}]}]
`, kind, i, namespace, gateway, gateway, host, spec, i, to)
}
