package diff_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// TestConflictsOfValuesAreInOrder guards against conflicts in another order each time, and with that plans with another id.
func TestConflictsOfValuesAreInOrder(t *testing.T) {
	foreign := []string{"theirs"}
	live := state(t,
		entity(t, kong.Consumers, "his", map[string]any{"username": "his", "custom_id": "1", "tags": foreign}),
		entity(t, kong.Plugins, "their", map[string]any{"name": "cors", "instance_name": "x", "tags": foreign}))
	desired := state(t,
		entity(t, kong.Consumers, "ours", map[string]any{"username": "ours", "custom_id": "1"}),
		entity(t, kong.Plugins, "our", map[string]any{"name": "key-auth", "instance_name": "x"}))
	for range 20 {
		p, err := diff.Compute(live, desired, diff.Options{Instance: instance})
		if err != nil {
			t.Fatal(err)
		}
		var kinds []kong.Kind
		for _, c := range p.Conflicts() {
			kinds = append(kinds, c.Entity.Kind())
		}
		if d := cmp.Diff([]kong.Kind{kong.Consumers, kong.Plugins}, kinds); d != "" {
			t.Fatal(d)
		}
	}
}
