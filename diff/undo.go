package diff

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gwsync/gwsync/render/kong"
)

// Undo returns the plan that leads from what Kong holds now back to what it held before an apply of p, as far as that has touched
// entities of ours: whatever else has changed meanwhile stays as it is now. It is a plan like any other, with all that it promises.
//
// Lost are the touched entities that cannot be brought back, since Kong does not tell what to write: it keeps the digest of a password.
// The plan leaves them as they are now.
func (p Plan) Undo(now kong.State, touched func(kong.Key) bool, schemas kong.Schemas) (undo Plan, lost []kong.Entity, err error) {
	var images []kong.Entity
	for e := range p.live.All() {
		if touched(e.Key()) && p.owner.owns(e) {
			images = append(images, e)
		}
	}
	return restore(now, images, touched, p.owner, schemas)
}

// Restore returns the plan that makes the given entities of the instance what they were, and deletes those of it that are touched but
// not among them. It is [Plan.Undo] for whoever has kept the entities but not the plan, and will write the [Record] again.
func Restore(now kong.State, images []kong.Entity, touched func(kong.Key) bool, instance string, schemas kong.Schemas) (
	plan Plan, lost []kong.Entity, err error,
) {
	own, err := newOwner(Options{Instance: instance})
	if err != nil {
		return Plan{}, nil, err
	}
	plan, lost, err = restore(now, images, touched, own, schemas)
	if err == nil {
		err = plan.reserve(instance)
	}
	if len(plan.conflicts) > 0 {
		plan.phases = nil
	}
	return plan, lost, err
}

func restore(now kong.State, images []kong.Entity, touched func(kong.Key) bool, own owner, schemas kong.Schemas) (
	plan Plan, lost []kong.Entity, err error,
) {
	var desired []kong.Entity
	for e := range now.All() {
		if own.owns(e) && !own.keeps(e) && !touched(e.Key()) {
			desired = append(desired, e)
		}
	}
	for _, image := range images {
		held, there := now.Get(image.Key())
		switch {
		case there && held.Equal(image) && !own.owns(held):
			continue // it was to be taken over, and was not
		case there && held.Equal(image):
		case isDigested(image):
			lost = append(lost, image)
			image = held
		default:
			if image, err = schemas.Resolve(image); err != nil {
				return Plan{}, nil, fmt.Errorf("shorthands of %s: %w", title(image), err)
			}
		}
		if !image.IsZero() {
			desired = append(desired, image)
		}
	}
	state, err := kong.NewState(desired...)
	if err == nil {
		err = dangling(state, now, own)
	}
	if err != nil {
		return Plan{}, nil, fmt.Errorf("what there was before: %w", err)
	}
	plan, err = back(now, state, own, schemas)
	return plan, lost, err
}

// dangling returns an error that names each reference of ours that leads neither to what is ours nor to what is others'.
func dangling(ours, now kong.State, own owner) error {
	var errs []error
	for e := range ours.All() {
		for ref, to := range e.Refs() {
			_, there := ours.Get(to)
			if held, ok := now.Get(to); !there && (!ok || own.owns(held)) {
				errs = append(errs, fmt.Errorf("%s: %s refers to %s, which does not exist any more", title(e), ref.Field, to))
			}
		}
	}
	return errors.Join(errs...)
}

// back returns the plan from now to a state of which all entities were once read from the Kong.
func back(now, state kong.State, own owner, schemas kong.Schemas) (Plan, error) {
	a, err := align(now, state, own)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{live: now, owner: own, conflicts: a.conflicts}
	if p.desired, err = kong.NewState(a.aligned...); err != nil {
		return Plan{}, err
	}
	if err := p.compare(schemas); err != nil {
		return Plan{}, err
	}
	p.unchanged()
	p.deletes(p.unwanted(), schemas)
	return p, p.schedule()
}

// unchanged drops the changes of entities that are what they were read as: nothing that Kong answers need be written back, even where
// writing it would give something else, as with the digest of a password.
func (p *Plan) unchanged() {
	p.changes = slices.DeleteFunc(p.changes, func(c Change) bool { return c.Op == Update && c.Before.Equal(c.After) })
}

// isDigested reports whether Kong keeps a digest of a secret in the entity, of which the secret cannot be had.
//
// Source: Kong 3.9.3, kong/plugins/basic-auth/daos.lua and kong/plugins/oauth2/daos.lua.
func isDigested(e kong.Entity) bool {
	hashed, _ := e.Field("hash_secret")
	return e.Kind() == kong.BasicAuthCredentials || e.Kind() == kong.OAuth2Credentials && hashed == true
}

// Same reports whether an entity that Kong answered is what it was given: as [Compute] tells.
func Same(schemas kong.Schemas, answered, given kong.Entity) (bool, error) {
	p := Plan{}
	var err error
	if p.live, err = kong.NewState(answered); err != nil {
		return false, err
	}
	if p.desired, err = kong.NewState(given); err != nil {
		return false, err
	}
	err = p.compare(schemas)
	return len(p.changes) == 0, err
}
