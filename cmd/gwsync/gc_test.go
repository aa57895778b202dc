package main

import (
	"math"
	"testing"
)

func TestGrowth(t *testing.T) {
	for use, want := range map[uint64]int{
		0: 1600, 1 << 20: 1600, 8 << 20: 800, 64 << 20: 100, 128 << 20: 70, 1 << 30: 70, math.MaxUint64: 70,
	} {
		if got := growth(use); got != want {
			t.Errorf("%d MiB in use: %d %%, want %d %%", use>>20, got, want)
		}
	}
}
