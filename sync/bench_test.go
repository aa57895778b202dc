package sync_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/rendertest"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/admin"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// BenchmarkDiff works out, for repositories of 1,000 and 10,000 routes, that a Kong with a database holds all they say. The Kong is a
// sandbox in the same process, whose time and memory count too.
func BenchmarkDiff(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			source := fixed{[]manifest.Input{{FS: rendertest.Many(n), Path: "."}}}
			rendered, err := render.Render(source.inputs, render.Options{Target: render.Target{Tags: diff.Tags("default")}})
			if err != nil {
				b.Fatal(err)
			}
			k := sandbox.New(sandbox.Config{Flavor: kong.TraditionalCompatible})
			if err := k.Load(rendered.State); err != nil {
				b.Fatal(err)
			}
			server := httptest.NewServer(k.Admin())
			defer server.Close()
			b.ReportAllocs()
			for b.Loop() {
				client, err := admin.New(admin.Config{URL: server.URL})
				if err != nil {
					b.Fatal(err)
				}
				p, err := sync.Propose(b.Context(), source, client, diff.Options{Instance: "default"}, render.Options{})
				if err != nil {
					b.Fatal(err)
				}
				if !p.Plan.Empty() || p.Plan.Live().Len() != 3*n {
					b.Fatalf("%s of %d entities", p.Plan, p.Plan.Live().Len())
				}
			}
		})
	}
}

// fixed is a source that always holds the same.
type fixed struct{ inputs []manifest.Input }

func (f fixed) Fetch(context.Context) (sync.Snapshot, error) {
	return sync.Snapshot{Inputs: f.inputs}, nil
}
