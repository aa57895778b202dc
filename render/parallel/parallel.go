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

// Panic carries a panic from the goroutine that met it to the one that waits for it.
type Panic struct{ text string }

// Catch calls piece. If it panics, Catch keeps that with the stack and returns.
func (p *Panic) Catch(piece func()) {
	defer func() {
		if r := recover(); r != nil {
			p.text = fmt.Sprintf("%v\n\n%s", r, debug.Stack())
		}
	}()
	piece()
}

// Pass panics if a piece did.
func (p *Panic) Pass() {
	if p.text != "" {
		panic(p.text) //nolint:forbidigo // it comes from another goroutine
	}
}

// Each starts some workers, has them called with 0 to n-1, and returns when all is done. A panic of a worker comes out of it.
func Each(n int, worker func() func(i int)) {
	var next atomic.Int64
	var running sync.WaitGroup
	panics := make([]Panic, min(n, runtime.GOMAXPROCS(0)))
	for w := range panics {
		running.Go(func() {
			panics[w].Catch(func() {
				do := worker()
				for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
					do(i)
				}
			})
		})
	}
	running.Wait()
	for _, p := range panics {
		p.Pass()
	}
}

// InOrder makes pieces 0 to n-1, and takes what they come to one after the other, in order, while the next are being made: at most one more
// than there are cores. A panic comes out of it.
func InOrder[T any](n int, piece func(i int) T, take func(T)) {
	type result struct {
		value T
		panic Panic
	}
	var coming []chan result
	next := func() {
		r := <-coming[0]
		coming = coming[1:]
		r.panic.Pass()
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
			r.panic.Catch(func() { r.value = piece(i) })
			c <- r
		}()
	}
	for len(coming) > 0 {
		next()
	}
}

// Do calls the functions, as [Each] does.
func Do(pieces ...func()) { Each(len(pieces), func() func(int) { return func(i int) { pieces[i]() } }) }
