package routetest

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Kong answers requests: [Offline] or [Live].
type Kong interface {
	Ask(ctx context.Context, r Request) (Outcome, error)
}

// Run asks for each test, several at a time, and returns the results in the order of the tests.
func Run(ctx context.Context, tests []Test, k Kong) []Result {
	results := make([]Result, len(tests))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, t := range tests {
		g.Go(func() error {
			outcome, err := k.Ask(ctx, t.Request)
			if err != nil {
				results[i] = Result{Test: t, Err: err}
			} else {
				results[i] = t.Check(outcome)
			}
			return nil
		})
	}
	_ = g.Wait() // nothing of it fails
	return results
}
