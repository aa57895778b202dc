package proxy

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func twoTargets(first, second int64) []member {
	return []member{{peer{"a", 1}, first}, {peer{"b", 2}, second}}
}

// As a real Kong does with one request at a time: equal targets in turn, else the heavier one.
func TestLeastConnections(t *testing.T) {
	ask := func(b *leastConnections) int {
		p, _ := b.next(&choice{})
		b.done(p, 0)
		return p.port
	}
	b := newLeastConnections(twoTargets(100, 100))
	if diff := cmp.Diff([]int{1, 2, 1, 2}, []int{ask(b), ask(b), ask(b), ask(b)}); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	b = newLeastConnections(twoTargets(10, 30))
	if diff := cmp.Diff([]int{2, 2, 2}, []int{ask(b), ask(b), ask(b)}); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// With requests that last, each target gets its share.
	count := map[int]int{}
	for range 40 {
		p, _ := b.next(&choice{})
		count[p.port]++
	}
	if diff := cmp.Diff(map[int]int{1: 10, 2: 30}, count); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLeastConnectionsTriesAllBeforeItRepeats(t *testing.T) {
	b := newLeastConnections(twoTargets(10, 30))
	c := &choice{failed: map[peer]bool{}}
	var got []int
	for range 3 {
		p, ok := b.next(c)
		if !ok {
			t.Fatal("nobody")
		}
		got = append(got, p.port)
		b.done(p, 0)
		c.failed[p] = true
	}
	if diff := cmp.Diff([]int{2, 1, 2}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A target that was slow is left for one that was not, or was never asked.
func TestLatency(t *testing.T) {
	b := newLatency(twoTargets(100, 100))
	p, _ := b.next(&choice{})
	b.done(p, time.Second)
	for range 3 {
		q, ok := b.next(&choice{})
		if !ok || q == p {
			t.Errorf("asked %v again", q)
		}
		b.done(q, 0)
	}
	if q, _ := b.next(&choice{failed: map[peer]bool{{"b", 2}: true}}); q != p {
		t.Errorf("got %v after %v failed", q, peer{"b", 2})
	}
}
