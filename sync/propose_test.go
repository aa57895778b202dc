package sync

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// slowSource is a source that takes a second, like everything of fakeKong.
type slowSource struct {
	files  fstest.MapFS
	err    error
	opened int
	closed int
}

func (s *slowSource) Fetch(context.Context) (Snapshot, error) {
	time.Sleep(time.Second)
	if s.err != nil {
		return Snapshot{}, s.err
	}
	s.opened++
	return Snapshot{Inputs: []manifest.Input{{FS: s.files, Path: "."}}, Revision: "abc", Closer: s}, nil
}

func (s *slowSource) Close() error { s.closed++; return nil }

const manifests = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong, namespace: default}
spec:
  gatewayClassName: kong
  listeners: [{name: proxy, port: 80, protocol: HTTP}]
---
apiVersion: v1
kind: Service
metadata: {name: echo, namespace: default}
spec: {ports: [{port: 1027}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: echo, namespace: default}
spec:
  parentRefs: [{name: kong}]
  rules:
  - matches: [{path: {type: PathPrefix, value: /echo}}]
    backendRefs: [{name: echo, port: 1027}]
`

func TestProposeThenApplyThenNothing(t *testing.T) {
	for _, database := range []bool{true, false} {
		for _, flavor := range []kong.Flavor{kong.Expressions, kong.TraditionalCompatible} {
			synctest.Test(t, func(t *testing.T) {
				src := &slowSource{files: fstest.MapFS{"all.yaml": {Data: []byte(manifests)}}}
				f := newFake(t, database, kong.State{})
				f.info.Flavor = flavor
				p, err := Propose(t.Context(), src, f, diff.Options{Instance: "main"}, render.Options{})
				if err != nil || p.Rendered.Findings.HasErrors() {
					t.Fatalf("got %v, %v", p.Rendered.Findings, err)
				}
				if p.Plan.Empty() || p.Revision != "abc" || p.Info.Flavor != flavor {
					t.Errorf("got %s of %s for %s", p.Plan, p.Revision, p.Info.Flavor)
				}
				if _, err := Apply(t.Context(), f, p.Plan, Options{}); err != nil {
					t.Fatal(err)
				}
				for e := range f.held(t).Of(kong.Routes) {
					if _, ok := e.Field("expression"); ok != (flavor == kong.Expressions) {
						t.Errorf("a route for another flavor: %s", e.AppendJSON(nil))
					}
				}
				if p, err = Propose(t.Context(), src, f, diff.Options{Instance: "main"}, render.Options{}); err != nil || !p.Plan.Empty() {
					t.Errorf("a second time: %s, %v", p.Plan, err)
				}
				if src.opened != 2 || src.closed != 2 {
					t.Errorf("%d snapshots opened, %d closed", src.opened, src.closed)
				}
			})
		}
	}
}

func TestProposeReadsBothSidesAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		_, err := Propose(t.Context(), &slowSource{}, newFake(t, true, kong.State{}), diff.Options{Instance: "main"}, render.Options{})
		if took := time.Since(begin); err != nil || took != time.Second {
			t.Errorf("took %s, %v", took, err)
		}
	})
}

func TestProposeFailsWithItsSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("no such branch")
		f := newFake(t, true, kong.State{})
		if _, err := Propose(t.Context(), &slowSource{err: gone}, f, diff.Options{Instance: "main"}, render.Options{}); !errors.Is(err, gone) {
			t.Errorf("got %v", err)
		}
		if len(f.writes()) > 0 {
			t.Errorf("wrote %v", f.writes())
		}
	})
}
