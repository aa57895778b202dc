package admin

import (
	"context"
	"slices"
	"sync"
	"time"
)

// limiter says when each request of a client may begin. All share it: what Kong answers to one holds back the others.
//
// As many requests are under way as Kong bears, up to most: half as many after an answer that asks for fewer (429, 503) or comes slowly,
// then one more each second. Where even one at a time is too much, they begin apart from each other, twice as far each time, then a tenth
// less each second. After an answer that asks for fewer, none begins until the time that it says, or for a while that doubles until an
// answer is a good one.
type limiter struct {
	most  int
	every time.Duration // between the beginnings of two requests

	mu       sync.Mutex
	limit    int
	pace     time.Duration // as every, but of our own accord
	underway int
	waiting  []chan struct{} // first come, first served; a closed one has its place under way
	// next and held are when the next request may begin at the earliest.
	next, held time.Time
	// changed is when limit or pace changed last.
	changed time.Time
	// refused is how often in a row Kong asked for fewer, and good how many answers did not.
	refused, good int
}

// newLimiter returns a limiter of as many requests at a time and, unless it is 0, as many a second.
func newLimiter(parallelism int, qps float64) *limiter {
	l := &limiter{most: parallelism, limit: parallelism}
	if qps > 0 {
		l.every = time.Duration(float64(time.Second) / qps)
	}
	return l
}

// outcome is what an answer says about how much Kong bears.
type outcome int

const (
	// none is no answer, for a reason that has nothing to do with load.
	none outcome = iota
	fine
	// slow is an answer that took long, or none in time.
	slow
	// refused is an answer that asks for fewer requests.
	refused
)

// begin waits until a request may begin, and returns when that was. Without an error the request must be ended.
func (l *limiter) begin(ctx context.Context) (time.Time, error) {
	if err := l.enter(ctx); err != nil {
		return time.Time{}, err
	}
	for reserved := false; ; reserved = true {
		start := l.start(reserved)
		wait := time.Until(start)
		if wait <= 0 {
			return time.Now(), nil
		}
		if err := sleep(ctx, wait); err != nil {
			l.leave()
			return time.Time{}, err
		}
	}
}

// enter waits for a place under way.
func (l *limiter) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	if len(l.waiting) == 0 && l.underway < l.limit {
		l.underway++
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	l.waiting = append(l.waiting, turn)
	l.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.waiting, turn); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	} else {
		l.underway--
		l.admit()
	}
	return ctx.Err()
}

// start returns when a request with a place may begin. The first time it reserves that moment.
func (l *limiter) start(reserved bool) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if reserved {
		return l.held
	}
	at := latest(time.Now(), l.next, l.held)
	l.next = at.Add(max(l.every, l.pace))
	return at
}

// leave gives up a place.
func (l *limiter) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.underway--
	l.admit()
}

// admit gives places to those who wait. The caller holds l.mu.
func (l *limiter) admit() {
	for len(l.waiting) > 0 && l.underway < l.limit {
		l.underway++
		close(l.waiting[0])
		l.waiting = l.waiting[1:]
	}
}

// end says how a request ended that began at a time. After is how long Kong wants to be left alone, 0 if it does not say.
func (l *limiter) end(began time.Time, o outcome, after time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.underway--
	now := time.Now()
	switch {
	case o == none:
	case o == fine:
		l.good++
		l.refused = 0
		if now.Sub(latest(l.changed, l.held)) >= time.Second {
			l.faster(now)
		}
	case !began.Before(l.changed): // else it says nothing about the present limit
		l.slower(now)
	}
	if o == refused {
		if after == 0 {
			after = backoff(l.refused)
		}
		if !began.Before(l.held) { // one of those that began together counts for all
			l.refused++
		}
		l.held = latest(l.held, now.Add(min(after, longestWait)))
	}
	l.admit()
}

// firstPace is the shortest time between two requests that is worth keeping.
const firstPace = 10 * time.Millisecond

// faster and slower change how many requests Kong gets. The caller holds l.mu.
func (l *limiter) faster(now time.Time) {
	switch {
	case l.pace >= firstPace:
		l.pace -= l.pace / 10
	case l.pace > 0:
		l.pace = 0
	case l.limit < l.most:
		l.limit++
	default:
		return
	}
	l.changed = now
}

func (l *limiter) slower(now time.Time) {
	if l.limit == 1 {
		l.pace = min(max(2*l.pace, firstPace), longestWait)
	}
	l.limit = max(1, l.limit/2)
	l.changed = now
}

// answered returns how many answers were good so far.
func (l *limiter) answered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.good
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// sleep waits for d, or until the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
