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

// InOrder makes pieces 0 to n-1, and takes what they come to one after the other, in order, while the next are being made: at most one more
// than there are cores. A panic comes out of it.
func InOrder[T any](n int, piece func(i int) T, take func(T)) {
	type result struct {
		value   T
		failure string
	}
	var coming []chan result
	next := func() {
		r := <-coming[0]
		coming = coming[1:]
		if r.failure != "" {
			panic(r.failure) //nolint:forbidigo // it comes from another goroutine
		}
		take(r.value)
	}
	for i := range n {
		if len(coming) > runtime.GOMAXPROCS(0) {
			next()
		}
		c := make(chan result, 1)
		coming = append(coming, c)
		go func() {
			var r result
			defer func() {
				if p := recover(); p != nil {
					r.failure = fmt.Sprintf("%v\n\n%s", p, debug.Stack())
				}
				c <- r
			}()
			r.value = piece(i)
		}()
	}
	for len(coming) > 0 {
		next()
	}
}

// Do calls the functions, as [Each] does.
func Do(pieces ...func()) { Each(len(pieces), func() func(int) { return func(i int) { pieces[i]() } }) }
