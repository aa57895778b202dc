package admin

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwsync/gwsync/diff"
)

// busy is a Kong that bears so many requests a second, with a burst of as many as it bears in a tenth, and so many at a time. Each
// takes 5 ms.
type busy struct {
	rate       float64
	atATime    int
	retryAfter bool

	mu        sync.Mutex
	tokens    float64
	filled    time.Time
	now, max  int
	served    int
	refused   int
	overloads int
}

func (b *busy) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if status := b.enter(); status != 0 {
		if b.retryAfter {
			w.Header().Set("Retry-After", strconv.Itoa(1))
		}
		w.WriteHeader(status)
		return
	}
	time.Sleep(5 * time.Millisecond)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now--
	b.served++
	fmt.Fprint(w, "{}")
}

// enter returns the status with which a request is refused, 0 if it is not.
func (b *busy) enter() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rate > 0 {
		b.tokens = min(b.rate/10, b.tokens+time.Since(b.filled).Seconds()*b.rate)
		b.filled = time.Now()
		if b.tokens < 1 {
			b.refused++
			return http.StatusTooManyRequests
		}
		b.tokens--
	}
	if b.atATime > 0 && b.now >= b.atATime {
		b.overloads++
		return http.StatusServiceUnavailable
	}
	b.now++
	b.max = max(b.max, b.now)
	return 0
}

// write makes n writes, as an apply does: so many workers, each one write after the other.
func write(t *testing.T, c *Client, n, workers int) time.Duration {
	t.Helper()
	e := entityOf(t, "services", `{"id":"1","name":"s","host":"h"}`)
	begin := time.Now()
	todo := make(chan int, n)
	for i := range n {
		todo <- i
	}
	close(todo)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range todo {
				if err := c.Write(t.Context(), diff.Write{Op: diff.Update, Entity: e}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	return time.Since(begin)
}

// TestManyWritesConvergeOnALimitedKong: with 429s a large apply takes as long as the limit makes it, but it ends, and most of what it asks
// is answered.
// A request that is given up before it begins takes nobody's place.
func TestPlacesOfRequestsThatAreGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(1, 0)
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := l.begin(over); err == nil {
			t.Fatal("it began")
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.begin(soon); err != nil {
			t.Errorf("the next one finds no place: %v", err)
		}
	})
}

func TestManyWritesConvergeOnALimitedKong(t *testing.T) {
	const n = 5000
	for _, b := range []*busy{
		{rate: 200}, {rate: 200, retryAfter: true}, {rate: 20}, {rate: 1000, retryAfter: true},
	} {
		t.Run(fmt.Sprintf("%v a second, Retry-After %v", b.rate, b.retryAfter), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				took := write(t, client(t, b, Config{Parallelism: 50}), n, 50)
				t.Logf("%d writes in %s (%.0f/s), %d answers 429", b.served, took, n/took.Seconds(), b.refused)
				if b.served != n {
					t.Errorf("%d of %d writes were served", b.served, n)
				}
				if b.refused > n/20 {
					t.Errorf("%d requests were refused", b.refused)
				}
			})
		})
	}
}

func TestConcurrencyFollowsWhatKongBears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &busy{atATime: 4}
		took := write(t, client(t, b, Config{Parallelism: 100}), 20000, 100)
		t.Logf("took %s, %d answers 503", took, b.overloads)
		if b.served != 20000 || b.max != 4 {
			t.Errorf("served %d, %d at a time", b.served, b.max)
		}
		if b.overloads > 1000 {
			t.Errorf("%d requests were refused", b.overloads)
		}
	})
}

func TestParallelismIsTheMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &busy{}
		took := write(t, client(t, b, Config{Parallelism: 8}), 800, 100)
		if b.max != 8 || took != 100*5*time.Millisecond {
			t.Errorf("%d at a time, took %s", b.max, took)
		}
	})
}

func TestQPSIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &busy{rate: 20, tokens: 1}
		took := write(t, client(t, b, Config{QPS: 20}), 200, 10)
		if want := 199 * time.Second / 20; took < want || took > want+time.Second || b.refused > 0 {
			t.Errorf("took %s, want %s; %d were refused", took, want, b.refused)
		}
	})
}

// TestRetryAfterHoldsAllBack: after one answer says so, no request of the client begins for as long.
func TestRetryAfterHoldsAllBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var times []time.Duration
		var mu sync.Mutex
		begin := time.Now()
		c := client(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			times = append(times, time.Since(begin))
			w.Header().Set("Content-Type", "application/json")
			if len(times) == 1 {
				w.Header().Set("Retry-After", "9")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}), Config{Parallelism: 1})
		write(t, c, 5, 5)
		for _, at := range times[1:] {
			if at < 9*time.Second {
				t.Errorf("a request after %s", at)
			}
		}
	})
}
