package main

import (
	"math"
	"testing"
)

func TestGrowth(t *testing.T) {
	for use, want := range map[uint64]int{
		0: 800, 1 << 20: 800, 8 << 20: 400, 32 << 20: 100, 64 << 20: 50, 128 << 20: 35, 1 << 30: 35, math.MaxUint64: 35,
	} {
		if got := growth(use); got != want {
			t.Errorf("%d MiB in use: %d %%, want %d %%", use>>20, got, want)
		}
	}
}
