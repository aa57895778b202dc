package manifest

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	fields := []string{"backendRefs", "filters", "matches", "name", "timeouts"}
	for in, want := range map[string]string{
		"BackendRefs": "backendRefs", "backendRef": "backendRefs", "backnedRefs": "backendRefs", "filter": "filters", "match": "matches",
		"nam": "name", "mane": "", "x": "", "": "", "timeout": "timeouts", strings.Repeat("name", 100): "",
	} {
		if got := nearest(in, fields); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}
