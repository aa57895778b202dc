package diff_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// leaseEntity returns a lease as a Kong holds it.
func leaseEntity(t *testing.T, l diff.Lease, of string) kong.Entity {
	t.Helper()
	e, err := l.Entity(of)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestLeases reads back who has the lease of an instance, by what a Kong holds of it.
func TestLeases(t *testing.T) {
	id := func(n string) string { return "00000000-0000-4000-8000-00000000000" + n }
	free := diff.Lease{ID: id("1"), Number: 1}
	first := diff.Lease{ID: id("1"), Number: 1, Holder: "ci-7", Since: "2026-01-02T03:04:05Z", Until: "2026-01-02T03:04:50Z"}
	tenth := diff.Lease{ID: id("2"), Number: 10, Holder: "ci-8", Since: "2026-01-02T03:05:05Z", Until: "2026-01-02T03:05:50Z"}
	ninth := diff.Lease{ID: id("3"), Number: 9, Holder: "ci-9", Since: "2026-01-02T03:05:05Z", Until: "2026-01-02T03:05:50Z"}
	for name, c := range map[string]struct {
		there []diff.Lease
		last  diff.Lease
		held  bool
	}{
		"none":                         {nil, diff.Lease{}, false},
		"the first, given back":        {[]diff.Lease{free}, free, false},
		"the first, held":              {[]diff.Lease{first}, first, true},
		"a later one, given back":      {[]diff.Lease{tenth}, tenth, false},
		"a later one, held":            {[]diff.Lease{tenth, ninth}, tenth, true},
		"the second of one given back": {[]diff.Lease{free, tenth}, tenth, true},
	} {
		var all []kong.Entity
		for _, l := range c.there {
			all = append(all, leaseEntity(t, l, instance))
		}
		// Other instances, and one whose name begins with this one's.
		all = append(all, leaseEntity(t, diff.Lease{ID: id("8"), Number: 70}, "other"),
			leaseEntity(t, diff.Lease{ID: id("9"), Number: 80}, instance+".1"))
		got := diff.LeasesOf(state(t, all...), instance)
		if d := cmp.Diff(c.last, got.Last); d != "" || got.Held() != c.held || !got.Foreign.IsZero() {
			t.Errorf("%s: held %v, foreign %v: %s", name, got.Held(), got.Foreign, d)
		}
		if p := compute(t, state(t, all...), kong.State{}); !p.Empty() || len(p.Leftovers()) > 0 {
			t.Errorf("%s: got %v, %v and %v", name, p.Changes(), p.Conflicts(), p.Leftovers())
		}
	}
}

// FuzzLeases has anything in the place of a lease: what somebody else has there is never taken for one, and what is written is read.
func FuzzLeases(f *testing.F) {
	f.Add("gwsync-lease.main.1", "ci-7", 3)
	f.Add("gwsync-lease.main.01", "a host/with, signs", 0)
	f.Add("gwsync-lease.main.99999999999999999999", "", -1)
	f.Fuzz(func(t *testing.T, name, holder string, number int) {
		foreign, err := kong.New(kong.KeySets, "00000000-0000-4000-8000-000000000001", map[string]any{"name": name}, kong.Origin{})
		if err != nil {
			return
		}
		live, err := kong.NewState(foreign)
		if err != nil {
			return
		}
		if got := diff.LeasesOf(live, instance); !got.Entity.IsZero() || got.Held() {
			t.Errorf("%q is none of ours: %+v", name, got)
		}
		l := diff.Lease{ID: "00000000-0000-4000-8000-000000000002", Number: max(1, number&0xffff), Holder: holder, Since: "s", Until: "u"}
		got := diff.LeasesOf(state(t, leaseEntity(t, l, instance)), instance)
		if got.Last.Number != l.Number || got.Last.ID != l.ID || (got.Last.Holder == "") != (holder == "") {
			t.Errorf("%+v is read as %+v", l, got.Last)
		}
	})
}
