package diff_test

import (
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestGroupsGoOnWithoutEachOther fails some writes and goes on with all groups that these are not in: by laws 3 and 4 every other write
// still is allowed, and opens no route without its guards. The next run then gets to the desired state.
func TestGroupsGoOnWithoutEachOther(t *testing.T) {
	split := 0
	for seed := range uint64(200) {
		g := newGenerator(t, seed)
		live := g.foreign(g.state())
		desired := g.state()
		p := compute(t, live, desired)
		if p.Empty() || len(p.Conflicts()) > 0 {
			continue
		}
		final, err := p.After()
		if err != nil {
			t.Fatal(err)
		}
		groups := p.Groups()
		stopped := map[int]bool{}
		w, watch := newWorld(live), guardsOnly(newWatcher(live, final))
		made := 0
		for _, phase := range p.Phases() {
			for _, i := range shuffled(t, phase, g.chances) {
				write := phase.Writes[i]
				group := groups[write.Change]
				if stopped[group] = stopped[group] || g.chances.IntN(100) < 10; stopped[group] {
					continue
				}
				next, err := w.write(write, nil)
				if err == nil {
					err = watch.see(next)
				}
				if err != nil {
					t.Fatalf("seed %d, with groups %v stopped, %v: %v\n%s", seed, stopped, write, err, describe(p))
				}
				w = next
				made++
			}
			if phase.Settle {
				watch.settle()
			}
		}
		if len(stopped) > 1 && made > 0 {
			split++
		}
		again := compute(t, w.state(t), desired)
		w, _ = run(t, again, w, guardsOnly(newWatcher(w.state(t), final)), g.chances, -1)
		if renamed(t, w.state(t)).Digest() != renamed(t, final).Digest() {
			t.Fatalf("seed %d: the next run does not converge\n%s", seed, describe(again))
		}
	}
	if split < 20 {
		t.Errorf("only %d plans went on after a failure", split)
	}
}

// TestGroupsOfUnrelatedChanges: services that share nothing do not wait for each other.
func TestGroupsOfUnrelatedChanges(t *testing.T) {
	a := &txtar.Archive{Files: []txtar.File{{Name: "live"}, {Name: "desired", Data: []byte(`services:
- {id: 00000000-0000-4000-8000-000000000001, name: a, host: same.svc}
- {id: 00000000-0000-4000-8000-000000000002, name: b, host: same.svc}
routes:
- {id: 00000000-0000-4000-8000-000000000003, name: a, paths: [/a], service: 00000000-0000-4000-8000-000000000001}
`)}}}
	p := compute(t, decode(t, a, "live"), decode(t, a, "desired"))
	groups := map[string]int{}
	for i, c := range p.Changes() {
		groups[c.String()] = p.Groups()[i]
	}
	if groups["create services a"] != groups["create routes a"] || groups["create services a"] == groups["create services b"] {
		t.Errorf("got %v", groups)
	}
}

// guardsOnly makes a watcher that does not mind a route that is closed without need, as one may be on the way from a half-way state.
func guardsOnly(w *watcher) *watcher {
	for id, t := range w.before {
		t.undisturbed = ""
		w.before[id] = t
	}
	return w
}
