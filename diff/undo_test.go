package diff_test

import (
	"testing"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// TestUndoLeadsBack breaks off an apply after any number of writes and undoes it, by laws 2, 3, 4 and 6: Kong holds what it held before,
// and no write on the way back opens a route without its guards.
func TestUndoLeadsBack(t *testing.T) {
	for seed := range uint64(150) {
		g := newGenerator(t, seed)
		live := g.foreign(g.state())
		p := compute(t, live, g.state())
		if p.Empty() || len(p.Conflicts()) > 0 {
			continue
		}
		final, err := p.After()
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for _, phase := range p.Phases() {
			total += len(phase.Writes)
		}
		half, made := run(t, p, newWorld(live), guardsOnly(newWatcher(live, final)), g.chances, g.chances.IntN(total+1))
		undo, lost, err := p.Undo(half.state(t), writtenBy(p), kong.Schemas{})
		if err != nil || len(lost) > 0 || len(undo.Conflicts()) > 0 {
			t.Fatalf("seed %d after %d writes: %v, %v, %v", seed, made, err, lost, undo.Conflicts())
		}
		back, _ := run(t, undo, half, guardsOnly(newWatcher(half.state(t), live)), g.chances, -1)
		if back.state(t).Digest() != live.Digest() {
			t.Fatalf("seed %d: after %d writes, Kong does not hold what it did before\n%s", seed, made, describe(undo))
		}
	}
}

// writtenBy returns what a plan writes.
func writtenBy(p diff.Plan) func(kong.Key) bool {
	keys := map[kong.Key]bool{}
	for _, phase := range p.Phases() {
		for _, w := range phase.Writes {
			keys[w.Entity.Key()] = true
		}
	}
	return func(k kong.Key) bool { return keys[k] }
}

// TestUndoKeepsWhatOthersChangedMeanwhile says that going back is about what the apply wrote, and nothing else.
func TestUndoKeepsWhatOthersChangedMeanwhile(t *testing.T) {
	service := func(name, host string) kong.Entity {
		e, err := kong.New(kong.Services, kong.ID(kong.Services, name),
			map[string]any{"name": name, "host": host, "tags": diff.Tags(instance)}, kong.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	state := func(entities ...kong.Entity) kong.State {
		s, err := kong.NewState(entities...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	p := compute(t, state(service("a", "old"), service("b", "old")), state(service("a", "new"), service("b", "old")))
	undo, _, err := p.Undo(state(service("a", "new"), service("b", "by hand")), writtenBy(p), kong.Schemas{})
	if err != nil {
		t.Fatal(err)
	}
	if got := undo.Changes(); len(got) != 1 || got[0].String() != "update services a" || got[0].After.Text("host") != "old" {
		t.Errorf("got %v", got)
	}
}

// TestUndoSaysWhatCannotBeBroughtBack: Kong keeps no password of which it could be told again.
func TestUndoSaysWhatCannotBeBroughtBack(t *testing.T) {
	consumer, err := kong.New(kong.Consumers, kong.ID(kong.Consumers, "c"), map[string]any{"username": "c", "tags": diff.Tags(instance)},
		kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	credential := func(name, digest string) kong.Entity {
		e, err := kong.New(kong.BasicAuthCredentials, kong.ID(kong.BasicAuthCredentials, name), map[string]any{"username": name,
			"password": digest, "consumer": map[string]any{"id": consumer.ID()}, "tags": diff.Tags(instance)}, kong.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	state := func(entities ...kong.Entity) kong.State {
		s, err := kong.NewState(entities...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	live := state(consumer, credential("kept", "d1"), credential("changed", "d2"), credential("gone", "d3"))
	p := compute(t, live, state(consumer))
	undo, lost, err := p.Undo(state(consumer, credential("kept", "d1"), credential("changed", "d4")), writtenBy(p), kong.Schemas{})
	if err != nil || !undo.Empty() {
		t.Errorf("got %v, %v", undo.Changes(), err)
	}
	if len(lost) != 2 || lost[0].Name() != "changed" || lost[1].Name() != "gone" {
		t.Errorf("lost %v", lost)
	}
}
