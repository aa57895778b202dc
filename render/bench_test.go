package render_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/rendertest"
)

// BenchmarkRender reads, binds, renders and encodes repositories of 1,000 and 10,000 routes: time and memory grow with their number.
func BenchmarkRender(b *testing.B) {
	for _, flavor := range []kong.Flavor{kong.TraditionalCompatible, kong.Expressions} {
		for _, n := range []int{1000, 10000} {
			b.Run(fmt.Sprintf("%s/%d", flavor, n), func(b *testing.B) {
				fs := rendertest.Many(n)
				b.ReportAllocs()
				for b.Loop() {
					result, err := render.Render([]manifest.Input{{FS: fs, Path: "."}}, render.Options{Target: render.Target{Flavor: flavor}})
					if err != nil {
						b.Fatal(err)
					}
					if len(result.Findings) > 0 || result.State.Len() != 3*n {
						b.Fatalf("%d entities, findings %v", result.State.Len(), result.Findings)
					}
					if err := result.State.Encode(io.Discard); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
