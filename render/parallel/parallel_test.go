package parallel_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gwsync/gwsync/render/parallel"
)

func TestEachDoesAllPieces(t *testing.T) {
	const n = 1000
	var times [n]atomic.Int32
	parallel.Each(n, func() func(int) { return func(i int) { times[i].Add(1) } })
	for i := range times {
		if got := times[i].Load(); got != 1 {
			t.Errorf("piece %d was done %d times", i, got)
		}
	}
}

func TestDoPassesOnPanic(t *testing.T) {
	defer func() {
		if r, _ := recover().(string); !strings.HasPrefix(r, "broken\n") {
			t.Errorf("recovered %q", r)
		}
	}()
	parallel.Do(func() {}, func() { panic("broken") })
}

func TestInOrder(t *testing.T) {
	const n = 1000
	var taken []int
	parallel.InOrder(n, func(i int) int { return i }, func(i int) { taken = append(taken, i) })
	for i, v := range taken {
		if v != i {
			t.Fatalf("piece %d was taken as number %d", v, i)
		}
	}
	if len(taken) != n {
		t.Errorf("%d of %d pieces were taken", len(taken), n)
	}
}

func TestInOrderPassesOnPanic(t *testing.T) {
	defer func() {
		if r, _ := recover().(string); !strings.HasPrefix(r, "broken\n") {
			t.Errorf("recovered %q", r)
		}
	}()
	parallel.InOrder(2, func(int) int { panic("broken") }, func(int) {})
}
