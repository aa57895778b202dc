package bind

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNearest(t *testing.T) {
	tests := []struct {
		name       string
		candidates []string
		want       []string
	}{
		{"ecoh", []string{"echo", "foo"}, []string{"echo"}},
		{"echo", []string{"echo-1", "echo2", "echos", "echoz"}, []string{"echo2", "echos", "echoz"}},
		{"a", []string{"b"}, nil},
		{"payments", []string{"orders"}, nil},
		{"", []string{"a"}, nil},
	}
	for _, tt := range tests {
		g := guesser{guessBudget}
		if diff := cmp.Diff(tt.want, g.nearest(tt.name, tt.candidates)); diff != "" {
			t.Errorf("nearest(%q) (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestNearestGivesUp(t *testing.T) {
	var candidates []string
	for i := range 1000 {
		candidates = append(candidates, fmt.Sprint("service-number-", i))
	}
	g := guesser{1_000_000}
	asked := 0
	for g.nearest("service-number-x", candidates) != nil {
		asked++
	}
	if asked == 0 || asked > 10 {
		t.Errorf("%d names were looked for; the budget is for 1 to 10", asked)
	}
}
