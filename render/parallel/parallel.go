// Package parallel does pieces of work at the same time, on all cores. No piece may depend on what another does; then what comes of them
// does not depend on their order either.
package parallel

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Each starts some workers, has them called with 0 to n-1, and returns when all is done. A panic of a worker comes out of it.
func Each(n int, worker func() func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	var once sync.Once
	var failure string
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					once.Do(func() { failure = fmt.Sprintf("%v\n\n%s", r, debug.Stack()) })
				}
			}()
			do := worker()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
	if failure != "" {
		panic(failure) //nolint:forbidigo // it comes from a worker
	}
}

// Do calls the functions, as [Each] does.
func Do(pieces ...func()) { Each(len(pieces), func() func(int) { return func(i int) { pieces[i]() } }) }
