package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/routetest"
)

// testSource says which routing tests to run, and on which proxy.
type testSource struct {
	tests []string
	proxy []string
}

func (f *testSource) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.tests, "tests", nil,
		"read the tests of this `FILE` or directory instead of those beside the manifests; may be repeated")
	flags.StringArrayVar(&f.proxy, "proxy", nil, "`URL` of a real proxy to ask; once more for that of HTTPS")
}

// load returns the tests: those of a snapshot of the manifests, unless the flags name others.
func (f *testSource) load(ctx context.Context, beside sync.Snapshot, stdin io.Reader) (tests []routetest.Test, err error) {
	if len(f.tests) == 0 {
		return routetest.Load(beside.Inputs)
	}
	named, err := sync.Files(f.tests, stdin).Fetch(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, named.Close()) }()
	return routetest.LoadNamed(named.Inputs)
}

// live returns the proxy that the flags name.
func (f *testSource) live() (routetest.Live, error) {
	live, err := routetest.NewLive(f.proxy)
	if err != nil {
		return routetest.Live{}, fmt.Errorf("--proxy: %w", err)
	}
	return live, nil
}

// verifier holds a proxy to the routing tests after an apply.
type verifier struct {
	tests []routetest.Test
	live  routetest.Live
}

// newVerifier reads the tests before anything is written: what is wrong with them is no reason to stop half-way.
func newVerifier(ctx context.Context, f testSource, source sync.Source, stdin io.Reader) (v *verifier, err error) {
	if len(f.proxy) == 0 {
		return nil, sync.WithHint(errors.New("--verify needs a proxy to ask"), "give --proxy http://HOST:PORT")
	}
	snapshot, err := source.Fetch(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, snapshot.Close()) }()
	v = new(verifier)
	if v.live, err = f.live(); err != nil {
		return nil, err
	}
	if v.tests, err = f.load(ctx, snapshot, stdin); err == nil && len(v.tests) == 0 {
		err = sync.WithHint(errors.New("--verify found no tests"), "write a first set with: gwsync test --generate > routes.test.yaml")
	}
	return v, err
}

// run runs the tests until all pass, or until Kong has had the time to act on what was written; it reports the last run.
func (v *verifier) run(ctx context.Context, w io.Writer, rendered render.Result, target render.Target, settle time.Duration) error {
	const pause, grace = 500 * time.Millisecond, 2 * time.Second
	live := v.live.Know(rendered, target)
	late := time.Now().Add(settle + grace)
	for {
		results := routetest.Run(ctx, v.tests, live)
		failed := routetest.Failed(results)
		if failed == 0 || ctx.Err() != nil || time.Now().After(late) {
			fmt.Fprintln(w, "Routing tests on the proxy:")
			if err := routetest.WriteText(w, results, false); err != nil {
				return err
			}
			if failed > 0 {
				return fmt.Errorf("%s failed on the proxy after the apply", plural(failed, "test"))
			}
			return nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}
