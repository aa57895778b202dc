package manifest

import (
	"fmt"
	"runtime"
	"testing"
	"testing/fstest"
)

// BenchmarkLoad reads N files of one HTTPRoute each, with one backend and two matches. retained-B/file is what the Set
// keeps of one.
func BenchmarkLoad(b *testing.B) {
	const route = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: route-%[1]d
  namespace: team-%[2]d
  labels:
    app: shop
  annotations:
    konghq.com/strip-path: "true" # for the sake of the backend
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
        - name: shop
          port: 8080
`
	for _, n := range []int{1_000, 10_000} {
		tree := fstest.MapFS{}
		bytes := 0
		for i := range n {
			data := fmt.Appendf(nil, route, i, i%100)
			bytes += len(data)
			tree[fmt.Sprintf("team-%d/route-%d.yaml", i%100, i)] = &fstest.MapFile{Data: data}
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(bytes))
			b.ReportAllocs()
			var set Set
			before := heap()
			for b.Loop() {
				s, findings, err := Load([]Input{{FS: tree, Path: "."}}, Options{})
				if err != nil || len(findings) > 0 || s.Len() != n {
					b.Fatal(err, findings)
				}
				set = s
			}
			b.ReportMetric(float64(heap()-before)/float64(n), "retained-B/file")
			runtime.KeepAlive(set)
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
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
