package diag_test

import (
	"testing"

	"github.com/gwsync/gwsync/render/diag"
)

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"echo", "echo", 0},
		{"", "echo", 4},
		{"echo", "echo-2", 2},
		{"echo", "ecoh", 1},
		{"backnedRef", "backendRefs", 2},
		{"kitten", "sitting", 3},
		{"ca", "abc", 3},
	} {
		for _, order := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
			if got := diag.Distance(order[0], order[1]); got != tt.want {
				t.Errorf("from %q to %q: got %d, want %d", order[0], order[1], got, tt.want)
			}
		}
	}
}
