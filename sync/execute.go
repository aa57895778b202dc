package sync

import (
	"context"
	"sync"
	"time"

	"github.com/gwsync/gwsync/diff"
)

// execute makes the writes of one phase, each as soon as those are done that it comes after, until one fails or the context ends. Those
// under way then are finished all the same: a request given up half-way leaves nobody knowing what the Kong holds. Now and then it waits
// for the Kong's workers; the error is that of waiting.
func (a *applier) execute(ctx context.Context, phase diff.Phase) error {
	finishing, cancel := lingering(ctx)
	defer cancel()
	q := newQueue(phase.Writes)
	done := 0
	write := func(w diff.Write) {
		if a.stopped(ctx, w) {
			return
		}
		err := a.target.Write(finishing, w)
		a.mu.Lock()
		defer a.mu.Unlock()
		done++
		a.unheard++
		a.record(w, err)
		a.Observe(Event{Step: phase.Name, Write: w, Done: done, Total: len(phase.Writes), Err: err})
	}
	for q.grant(batch - a.unheard) {
		var workers sync.WaitGroup
		for range min(a.Parallelism, len(phase.Writes)) {
			workers.Go(func() {
				for i, ok := q.next(); ok; i, ok = q.next() {
					write(phase.Writes[i])
					q.done(i)
				}
			})
		}
		workers.Wait()
		switch {
		case ctx.Err() != nil || len(a.errs) > 0 && a.OnError != Continue:
			return nil
		case a.unheard < batch:
			continue
		}
		if err := a.catchUp(ctx, phase, done); err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) stopped(ctx context.Context, w diff.Write) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.isHeldUp(w) || ctx.Err() != nil
}

// queue hands out the writes of a phase, each after those that it has to wait for, whether they were made or not: what is not to be made
// after a failure is known by its group, see [diff.Plan.Groups].
type queue struct {
	mu    sync.Mutex
	wake  sync.Cond
	ready []int // in the order of the phase, as far as they became ready together
	// waiting is how many writes each write waits for, and followers are those that wait for it.
	waiting   []int
	followers [][]int
	running   int
	granted   int // how many may be handed out
}

func newQueue(writes []diff.Write) *queue {
	q := &queue{waiting: make([]int, len(writes)), followers: make([][]int, len(writes))}
	q.wake.L = &q.mu
	for i, w := range writes {
		q.waiting[i] = len(w.After)
		for _, before := range w.After {
			q.followers[before] = append(q.followers[before], i)
		}
		if len(w.After) == 0 {
			q.ready = append(q.ready, i)
		}
	}
	return q
}

// grant lets n more writes be handed out, and reports whether there is any.
func (q *queue) grant(n int) bool {
	q.granted = n
	return len(q.ready) > 0
}

// next returns a write to make now, waiting for one to become ready. ok is false if there will be none, or no more are granted.
func (q *queue) next() (i int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.ready) == 0 && q.granted > 0 {
		if q.running == 0 {
			return 0, false
		}
		q.wake.Wait()
	}
	if q.granted == 0 {
		return 0, false
	}
	i, q.ready = q.ready[0], q.ready[1:]
	q.granted--
	q.running++
	return i, true
}

// done says that a write was made, or will not be.
func (q *queue) done(i int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running--
	for _, f := range q.followers[i] {
		if q.waiting[f]--; q.waiting[f] == 0 {
			q.ready = append(q.ready, f)
		}
	}
	q.wake.Broadcast()
}

// grace is how long requests that write may go on after the context of an apply has ended.
const grace = 10 * time.Second

// lingering returns a context that ends when ctx has ended and the grace is over.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if sleep(out, grace) == nil {
			cancel()
		}
	})
	return out, func() { stop(); cancel() }
}
