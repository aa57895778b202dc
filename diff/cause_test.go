package diff_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// FuzzCauses holds that a base changes nothing about a plan but the causes, that all changes then have one, that against what was applied
// last nothing is drift where Kong was left alone, and all is where the manifests were.
func FuzzCauses(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, seed+1, seed+2)
	}
	f.Fuzz(func(t *testing.T, a, b, c uint64) {
		live, desired, base := newGenerator(t, a).state(), newGenerator(t, b).state(), newGenerator(t, c).state()
		plain := compute(t, live, desired)
		for _, test := range []struct {
			name string
			base kong.State
			only diff.Cause
		}{
			{"Kong left alone", live, diff.Pending},
			{"manifests left alone", desired, diff.Drift},
			{"any base", base, 0},
		} {
			p, err := diff.Compute(live, desired, diff.Options{Instance: instance, Base: &test.base})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(without(plain), without(p)); diff != "" {
				t.Fatalf("%s: the base changes the plan (-without +with):\n%s", test.name, diff)
			}
			for _, change := range p.Changes() {
				for _, field := range change.Fields {
					if field.Cause == 0 || test.only != 0 && field.Cause != test.only {
						t.Fatalf("%s: cause %q of %s %s", test.name, field.Cause, change, field.Path)
					}
				}
			}
		}
	})
}

// without returns what a plan does.
func without(p diff.Plan) []string {
	var out []string
	for _, c := range p.Changes() {
		out = append(out, c.String())
		for _, f := range c.Fields {
			out = append(out, f.Path)
		}
	}
	return append(out, p.String())
}

func TestCauseOfEachField(t *testing.T) {
	service := func(port, retries, timeout int) kong.State {
		return state(t, entity(t, kong.Services, "a",
			map[string]any{"name": "a", "host": "h", "port": port, "retries": retries, "read_timeout": timeout}))
	}
	base := service(80, 5, 1000)
	p, err := diff.Compute(service(80, 6, 2000), service(81, 5, 3000), diff.Options{Instance: instance, Base: &base})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range p.Changes()[0].Fields {
		got[f.Path] = f.Cause.String()
	}
	want := map[string]string{"/port": "pending", "/retries": "drift", "/read_timeout": "contested"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	causes, known := p.Causes()
	if want := (diff.CauseCounts{Contested: 1}); causes != want || !known {
		t.Errorf("got %+v, %t", causes, known)
	}
}

func TestRecordIsNoChange(t *testing.T) {
	record, err := diff.Record(kong.State{}, instance, "0a1b2c3d")
	if err != nil {
		t.Fatal(err)
	}
	live := state(t, record)
	if got := diff.Recorded(live, instance); got != "0a1b2c3d" {
		t.Errorf("the commit is read as %q", got)
	}
	if got := diff.Recorded(live, "other"); got != "" {
		t.Errorf("another instance has commit %q", got)
	}
	if p := compute(t, live, kong.State{}); !p.Empty() {
		t.Errorf("the record is to be changed: %v", p.Changes())
	}
}

// TestRecordKeepsItsID has a Kong to which the record came back under another id: that of its name would be a second one.
func TestRecordKeepsItsID(t *testing.T) {
	held := entityOf(t, kong.Services, "11111111-1111-4111-8111-111111111111",
		map[string]any{"name": "gwsync." + instance, "host": "gwsync.invalid", "tags": diff.Tags(instance)})
	record, err := diff.Record(state(t, held), instance, "0a1b2c3d")
	if err != nil || record.Key() != held.Key() {
		t.Errorf("got %s, error %v; want %s", record.Key(), err, held.Key())
	}
	if p := compute(t, state(t, held), kong.State{}); !p.Empty() {
		t.Errorf("got %v and %v", p.Changes(), p.Conflicts())
	}
}

// TestRecordTaken wants a conflict, as every write of the record would come after all others.
func TestRecordTaken(t *testing.T) {
	record, err := diff.Record(kong.State{}, instance, "0a1b2c3d")
	if err != nil {
		t.Fatal(err)
	}
	byName := entityOf(t, kong.Services, "11111111-1111-4111-8111-111111111111", map[string]any{"name": record.Name(), "host": "h"})
	byID := entityOf(t, kong.Services, record.ID(), map[string]any{"name": "theirs", "host": "h"})
	for _, foreign := range []kong.Entity{byName, byID} {
		p := computeWith(t, state(t, foreign), kong.State{},
			diff.Options{Adopt: diff.Adoption{Names: []diff.Pattern{{Kind: kong.Services, Name: "*"}}}})
		if c := p.Conflicts(); len(c) != 1 || c[0].Reason != diff.RecordTaken || c[0].Foreign.Key() != foreign.Key() {
			t.Errorf("%s: got conflicts %v", foreign, c)
		}
	}
}
