package diff

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/parallel"
)

// Options says whose entities are compared, and with which defaults.
type Options struct {
	// Instance names the source of truth, see [Tags]. It must not be empty.
	Instance string
	// Schemas are those of the live Kong: they fill in the desired entities' defaults and say what is secret.
	Schemas kong.Schemas
	// Base is what the manifests came to when they were applied last, as rendered then; nil if that is not known. With it, each change
	// has a [Cause].
	Base *kong.State
	// Adopt says which entities of others become ours.
	Adopt Adoption
	// NoPrune keeps what is ours and not desired, instead of deleting it; see [Plan.Leftovers].
	NoPrune bool
	// Ignore is what of ours is somebody else's to say; see [Rule]. Each must be valid, see [Rule.Validate].
	Ignore []Rule
}

// Compute returns the plan that brings live to desired on the entities that are ours. Live is what a Kong answers, with its
// defaults, ours and foreign entities alike; desired is as rendered, without defaults.
//
// It is an error if a desired entity lacks the tags of the instance, or refers to one that is not desired.
func Compute(live, desired kong.State, o Options) (Plan, error) {
	own, err := newOwner(o)
	if err != nil {
		return Plan{}, err
	}
	var wrong error
	var a *aligner
	parallel.Do(
		func() { wrong = errors.Join(unmarked(desired, own), desired.Dangling()) },
		func() { a, err = align(live, desired, own) },
	)
	if wrong != nil {
		err = wrong
	}
	if err != nil {
		return Plan{}, fmt.Errorf("desired state: %w", err)
	}
	p := Plan{live: live, owner: own, conflicts: a.conflicts}
	if err := p.ignore(a, o); err != nil {
		return Plan{}, err
	}
	unwanted, err := p.settle(a, desired, o.NoPrune)
	if err != nil {
		return Plan{}, fmt.Errorf("desired state under the ids of the live one: %w", err)
	}
	if err := errors.Join(p.collide(), p.reserve(o.Instance)); err != nil {
		return Plan{}, err
	}
	if err := p.compare(o.Schemas); err != nil {
		return Plan{}, err
	}
	p.deletes(unwanted, o.Schemas)
	if o.Base != nil {
		if err := p.attribute(*o.Base, o.Schemas); err != nil {
			return Plan{}, err
		}
	}
	if err := p.schedule(); err != nil {
		return Plan{}, err
	}
	return p, nil
}

// unmarked returns an error that names each entity that would not be recognised as ours once it is written.
func unmarked(desired kong.State, own owner) error {
	var errs []error
	for e := range desired.All() {
		if !marked(e, own.tags) {
			errs = append(errs, fmt.Errorf("%s lacks a tag of %q", title(e), own.tags))
		}
	}
	return errors.Join(errs...)
}

// inParts calls do with parts of a state, on all cores, and returns what it returns in the order of the state.
func inParts[T any](s kong.State, do func(part []kong.Entity) []T) []T {
	parts := slices.Collect(slices.Chunk(slices.Collect(s.All()), 1024))
	found := make([][]T, len(parts))
	parallel.Each(len(parts), func() func(int) { return func(i int) { found[i] = do(parts[i]) } })
	return slices.Concat(found...)
}

// settle fills in the desired state, with what stays although it is not desired, and returns what does not stay.
func (p *Plan) settle(a *aligner, desired kong.State, noPrune bool) (unwanted []kong.Entity, err error) {
	if p.desired, err = a.state(desired); err != nil {
		return nil, err
	}
	before := len(a.aligned)
	if unwanted = p.keep(a, p.unwanted(), noPrune); len(a.aligned) > before {
		p.desired, err = a.state(desired)
	}
	return unwanted, err
}

// unwanted returns what is ours and not desired.
func (p *Plan) unwanted() []kong.Entity {
	return inParts(p.live, func(part []kong.Entity) (out []kong.Entity) {
		for _, e := range part {
			if _, wanted := p.desired.Get(e.Key()); !wanted && p.owner.owns(e) && !p.owner.keeps(e) {
				out = append(out, e)
			}
		}
		return out
	})
}

// compare adds the creates and updates.
func (p *Plan) compare(schemas kong.Schemas) error {
	type outcome struct {
		change Change
		err    error
	}
	found := inParts(p.desired, func(part []kong.Entity) (out []outcome) {
		same := schemas.Comparer()
		for _, e := range part {
			change, err := p.change(e, schemas, same)
			if err != nil || len(change.Fields) > 0 || change.Op == Create {
				out = append(out, outcome{change, err})
			}
		}
		return out
	})
	for _, o := range found {
		if o.err != nil {
			return o.err
		}
		p.changes = append(p.changes, o.change)
	}
	return nil
}

// change returns the change to a desired entity; it has no fields if there is nothing to change.
func (p *Plan) change(e kong.Entity, schemas kong.Schemas, same func(live, e kong.Entity) bool) (Change, error) {
	before, ok := p.live.Get(e.Key())
	switch {
	case !ok:
		return Change{Op: Create, After: e, Fields: fields(schemas, kong.Entity{}, e)}, nil
	case p.kept[e.Key()] != "" || same(before, e):
		return Change{}, nil
	}
	change, err := update(schemas, before, e)
	change.Adopted = p.owner.adopted[e.Key()]
	return change, err
}

// update returns the change of a live entity to a desired one; it has no fields if there is nothing to change.
func update(schemas kong.Schemas, before, after kong.Entity) (Change, error) {
	after, err := schemas.Keep(after, before)
	if err != nil {
		return Change{}, fmt.Errorf("what Kong made up for %s: %w", title(before), err)
	}
	filled, err := schemas.Fill(after)
	if err != nil {
		return Change{}, fmt.Errorf("defaults of %s: %w", title(after), err)
	}
	held, err := schemas.Resolve(before)
	if err != nil {
		return Change{}, fmt.Errorf("shorthands of %s: %w", title(before), err)
	}
	return Change{Op: Update, Before: before, After: after, Fields: fields(schemas, held, filled.Answered(before))}, nil
}

// deletes adds the deletes of what is not wanted, and a conflict for each foreign entity that refers to one.
func (p *Plan) deletes(unwanted []kong.Entity, schemas kong.Schemas) {
	gone := map[kong.Key]kong.Entity{}
	for _, e := range unwanted {
		gone[e.Key()] = e
		p.changes = append(p.changes, Change{Op: Delete, Before: e, Fields: fields(schemas, e, kong.Entity{})})
	}
	if len(gone) == 0 {
		return
	}
	for e := range p.live.All() {
		if p.owner.owns(e) {
			continue
		}
		for _, to := range e.Refs() {
			if ours, ok := gone[to]; ok {
				p.conflicts = append(p.conflicts, Conflict{Entity: ours, Foreign: e, Reason: InUse})
			}
		}
	}
}

func sortedKinds[V any](m map[kong.Kind]V) []kong.Kind {
	return slices.SortedFunc(maps.Keys(m), func(a, b kong.Kind) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
}

func rank(k kong.Kind) int {
	row, _ := k.Row()
	return row.Rank
}
