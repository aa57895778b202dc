package sync

import (
	"context"
	"slices"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// fresh reads again what the phases up to the next wait would write, and returns a *[StaleError] if another hand has changed any of it
// since: since it was compared, or since this apply wrote it.
func (a *applier) fresh(ctx context.Context, phases []diff.Phase) error {
	writes := a.coming(phases)
	if len(writes) == 0 {
		return nil
	}
	now, err := a.target.Current(ctx, writes)
	if err != nil {
		return err
	}
	schemas, err := a.target.Schemas(ctx, now)
	if err != nil {
		return err
	}
	stale := &StaleError{}
	for _, w := range writes {
		held, _ := now.Get(w.Key())
		same, err := a.asLeft(w.Key(), held, schemas)
		if err != nil {
			return err
		}
		if !same {
			stale.Changed = append(stale.Changed, w)
		}
	}
	if len(stale.Changed) == 0 {
		return nil
	}
	return stale
}

// coming returns what is written until the next wait, each entity once, but for what is not going to be written any more.
func (a *applier) coming(phases []diff.Phase) []kong.Entity {
	var out []kong.Entity
	seen := map[kong.Key]bool{}
	for _, phase := range phases {
		for _, w := range phase.Writes {
			if !seen[w.Entity.Key()] && !a.isHeldUp(w) {
				seen[w.Entity.Key()] = true
				out = append(out, w.Entity)
			}
		}
		if phase.Settle {
			break
		}
	}
	return out
}

// asLeft reports whether the Kong holds an entity as this apply has written it, or, before it did, as it was compared.
func (a *applier) asLeft(key kong.Key, held kong.Entity, schemas kong.Schemas) (bool, error) {
	want, written := a.written[key]
	if !written {
		want, _ = a.plan.Live().Get(key)
		return held.Equal(want), nil
	}
	if held.IsZero() || want.IsZero() {
		return held.IsZero() == want.IsZero(), nil
	}
	return diff.Same(schemas, held, want)
}

// between returns the entities that are not the same in two states, each as it is in the second if it is there.
func between(s, t kong.State) []kong.Entity {
	var out []kong.Entity
	for e := range t.All() {
		if old, _ := s.Get(e.Key()); !e.Equal(old) {
			out = append(out, e)
		}
	}
	for e := range s.All() {
		if _, ok := t.Get(e.Key()); !ok {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b kong.Entity) int { return a.Key().Compare(b.Key()) })
	return out
}
