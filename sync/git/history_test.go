package git

import (
	"strings"
	"testing"

	"github.com/gwsync/gwsync/sync"
)

func TestHistory(t *testing.T) {
	all, h := places(t)
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			source, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			past := source.(sync.History)
			snapshot, err := past.At(h.first.String()).Fetch(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer snapshot.Close()
			if snapshot.Revision != h.first.String() {
				t.Errorf("commit %s is read as %s", h.first, snapshot.Revision)
			}
			for _, test := range []struct {
				commit, later string
				want          bool
			}{
				{h.first.String(), h.third.String(), true},
				{h.second.String(), h.third.String(), true},
				{h.third.String(), h.first.String(), false},
				{h.second.String(), h.feature.String(), false},
				{h.third.String(), h.third.String(), false},
			} {
				got, err := past.Precedes(t.Context(), test.commit, test.later)
				if err != nil || got != test.want {
					t.Errorf("%.7s precedes %.7s: got %t, %v; want %t", test.commit, test.later, got, err, test.want)
				}
			}
			none := strings.Repeat("0123456789", 4)
			if got, err := past.Precedes(t.Context(), none, h.third.String()); err == nil || !strings.Contains(err.Error(), none) {
				t.Errorf("a commit that does not exist: got %t, %v", got, err)
			}
		})
	}
}
