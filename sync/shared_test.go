package sync_test

import (
	"context"
	"errors"
	"io"
	"slices"
	gosync "sync"
	"testing"
	"testing/fstest"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync"
)

// counted is a source that counts how often it is fetched, read and closed, and has a past.
type counted struct {
	sync.History
	files   fstest.MapFS
	fetched int
	closed  int
	past    map[string]*counted
	err     error
}

func (c *counted) Fetch(context.Context) (sync.Snapshot, error) {
	c.fetched++
	if err := c.err; err != nil {
		c.err = nil
		return sync.Snapshot{}, err
	}
	return sync.Snapshot{Inputs: []manifest.Input{{FS: c.files, Path: "."}}, Revision: "now", Closer: c}, nil
}

func (c *counted) At(commit string) sync.Source { return c.past[commit] }

func (c *counted) Close() error { c.closed++; return nil }

var _ io.Closer = (*counted)(nil)

// TestShared has many render one source: it is fetched and closed once, its past as well, and all get the same.
func TestShared(t *testing.T) {
	files := fstest.MapFS{"service.yaml": {Data: []byte("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}")}}
	before := &counted{files: files}
	src := &counted{files: files, past: map[string]*counted{"before": before}, err: errors.New("not yet")}
	shared := sync.Share(src)
	if _, err := shared.Source().Fetch(t.Context()); err == nil {
		t.Error("the source failed, and nobody was told")
	}
	var all gosync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, s := range []sync.Source{shared.Source(), shared.Source().(sync.History).At("before")} {
				snapshot, err := s.Fetch(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				result, err := snapshot.Render(render.Options{})
				if n := len(slices.Collect(result.Set.All())); err != nil || n != 1 {
					t.Errorf("%d objects, error %v", n, err)
				}
				if err := snapshot.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if src.fetched != 2 || before.fetched != 1 {
		t.Errorf("fetched %d times after a failure, its past %d times; want 1 and 1", src.fetched-1, before.fetched)
	}
	if src.closed+before.closed != 0 {
		t.Error("closed while it may still be read")
	}
	if err := shared.Close(); err != nil || src.closed != 1 || before.closed != 1 {
		t.Errorf("closed %d times, its past %d times, error %v; want once each", src.closed, before.closed, err)
	}
}
