package manifest

import (
	"fmt"
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/gwsync/gwsync/render/rendertest"
)

// BenchmarkLoad reads repositories of N documents, a file each: ns/doc, B/doc and retained-B/doc, which is what the Set keeps of one,
// do not grow with N.
//
//   - alike: HTTPRoutes and Services that differ in names only
//   - paths: HTTPRoutes that differ in names, paths and values of labels
//   - shapes: the same, but no two of them have the same shape
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("alike/%d", n), func(b *testing.B) { benchmarkLoad(b, rendertest.Many(n/2)) })
		b.Run(fmt.Sprintf("paths/%d", n), func(b *testing.B) { benchmarkLoad(b, differing(n, false)) })
		b.Run(fmt.Sprintf("shapes/%d", n), func(b *testing.B) { benchmarkLoad(b, differing(n, true)) })
	}
}

func benchmarkLoad(b *testing.B, tree fstest.MapFS) {
	b.ReportAllocs()
	n := float64(len(tree))
	var set Set
	before, allocated := heap(), allocations()
	for b.Loop() {
		s, findings, err := Load([]Input{{FS: tree, Path: "."}}, Options{})
		if err != nil || len(findings) > 0 {
			b.Fatal(err, findings)
		}
		set = s
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n/float64(b.N), "ns/doc")
	b.ReportMetric(float64(allocations()-allocated)/n/float64(b.N), "B/doc")
	b.ReportMetric(float64(heap()-before)/n, "retained-B/doc")
	runtime.KeepAlive(set)
}

// differing returns n HTTPRoutes with one backend and two matches. If shapes is true, no two of them have the same shape.
func differing(n int, shapes bool) fstest.MapFS {
	const route = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: route-%[1]d
  namespace: team-%[2]d
  labels:
    app: shop-%[1]d
  annotations:
    konghq.com/strip-path: "true" # for the sake of %[3]s
spec:
  parentRefs:
    - name: kong
      namespace: infra
  hostnames:
    - shop-%[1]d.example.com
  rules:
    - matches:
        - path:
            type: PathPrefix
            value: /shop/%[1]d
        - path:
            type: Exact
            value: /cart/%[1]d
          headers:
            - name: X-Version
              value: "2"
      backendRefs:
        - name: shop-%[1]d
          port: 8080
`
	tree := fstest.MapFS{}
	for i := range n {
		whom := "the backend"
		if shapes {
			whom = fmt.Sprint("backend ", i)
		}
		tree[fmt.Sprintf("team-%d/route-%d.yaml", i%100, i)] = &fstest.MapFile{Data: fmt.Appendf(nil, route, i, i%100, whom)}
	}
	return tree
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// allocations returns how many bytes have been allocated so far.
func allocations() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func BenchmarkAt(b *testing.B) {
	set, _, err := Load([]Input{{FS: fstest.MapFS{"a": {Data: []byte(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a}
spec:
  rules:
  - matches: [{path: {value: /a}}, {path: {value: /b}}, {path: {value: /c}}]
  - matches: [{path: {value: /a}}, {path: {value: /b}}, {path: {value: /c}}]
    backendRefs: [{name: a, port: 80}]
`)}}, Path: "a"}}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for o := range set.All() {
		b.ReportAllocs()
		for b.Loop() {
			o.At("spec.rules[1].backendRefs[0].name")
		}
	}
}
