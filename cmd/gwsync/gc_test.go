package main

import (
	"math"
	"testing"
)

func TestGrowth(t *testing.T) {
	for use, want := range map[uint64]int{
		0: 3200, 1 << 20: 3200, 8 << 20: 1600, 64 << 20: 200, 128 << 20: 100, 1 << 30: 100, math.MaxUint64: 100,
	} {
		if got := growth(use); got != want {
			t.Errorf("%d MiB in use: %d %%, want %d %%", use>>20, got, want)
		}
	}
}
