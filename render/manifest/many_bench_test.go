package manifest_test

import (
	"fmt"
	"testing"

	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/rendertest"
)

func BenchmarkLoadMany(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			tree := rendertest.Many(n)
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				s, findings, err := manifest.Load([]manifest.Input{{FS: tree, Path: "."}}, manifest.Options{})
				if err != nil || len(findings) > 0 || s.Len() != 2*n+2 {
					b.Fatal(err, findings)
				}
			}
		})
	}
}
