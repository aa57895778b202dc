package diff

import (
	"fmt"
	"slices"

	"github.com/gwsync/gwsync/render/kong"
)

// aligner matches desired entities with live ones, kind by kind in order of rank, so that references are final when the
// natural keys that contain them are compared.
type aligner struct {
	live kong.State
	own  owner
	// ids are the live ids that desired entities take over, by their desired key.
	ids map[kong.Key]string

	aligned   []kong.Entity
	conflicts []Conflict
	// inTheWay are the live entities that conflicts are about, by the desired ones.
	inTheWay map[kong.Key]kong.Key
}

func (a *aligner) conflict(e, foreign kong.Entity, reason Reason) {
	a.conflicts = append(a.conflicts, Conflict{Entity: e, Foreign: foreign, Reason: reason})
	a.inTheWay[e.Key()] = foreign.Key()
}

// align returns the desired entities under the ids that Kong has, or will have, for them. Entities in conflict are not
// among them.
func align(live, desired kong.State, own owner) (*aligner, error) {
	a := &aligner{live: live, own: own, ids: map[kong.Key]string{}, inTheWay: map[kong.Key]kong.Key{}}
	var group []kong.Entity
	for e := range desired.All() {
		if len(group) > 0 && group[0].Kind() != e.Kind() {
			a.kind(group)
			group = group[:0]
		}
		moved, err := a.follow(e)
		if err != nil {
			return nil, err
		}
		group = append(group, moved)
	}
	a.kind(group)
	return a, nil
}

// state returns the aligned entities as a state: the desired one itself if they are the same.
func (a *aligner) state(desired kong.State) (kong.State, error) {
	if slices.Equal(a.aligned, slices.Collect(desired.All())) {
		return desired, nil
	}
	return kong.NewState(a.aligned...)
}

// follow returns e with its references as aligned so far.
func (a *aligner) follow(e kong.Entity) (kong.Entity, error) {
	if len(a.ids) == 0 {
		return e, nil
	}
	row, _ := e.Kind().Row()
	for _, r := range row.Refs {
		v, ok := e.Field(r.Field)
		if !ok {
			continue
		}
		changed, err := a.followField(e, r)
		if err != nil {
			return kong.Entity{}, fmt.Errorf("%s: %s %v: %w", title(e), r.Field, v, err)
		}
		e = changed
	}
	return e, nil
}

func (a *aligner) followField(e kong.Entity, r kong.Ref) (kong.Entity, error) {
	if !r.Many {
		to, _ := e.Ref(r.Field)
		id, ok := a.ids[to]
		if !ok {
			return e, nil
		}
		return e.With(r.Field, map[string]any{"id": id})
	}
	list, changed := e.Strings(r.Field), false
	for i, old := range list {
		if id, ok := a.ids[kong.Key{Kind: r.Kind, ID: old}]; ok {
			list[i], changed = id, true
		}
	}
	if !changed {
		return e, nil
	}
	return e.With(r.Field, list)
}

// kind aligns all desired entities of one kind: by natural key, then by id.
func (a *aligner) kind(group []kong.Entity) {
	takenBy := map[string]string{} // live id -> desired id, where that is another, of the entity that took it over
	var rest []kong.Entity
	for _, e := range group {
		match, ok := a.live.Find(e.Kind(), e.Natural())
		switch {
		case !ok:
			rest = append(rest, e)
		case a.isOfAnother(e, match):
			a.conflict(e, match, CredentialTaken)
		case !a.own.takes(match) && isContent(e.Kind()):
			a.ids[e.Key()] = match.ID()
		case !a.own.owns(match):
			a.conflict(e, match, NameTaken)
		default:
			if match.ID() != e.ID() {
				takenBy[match.ID()] = e.ID()
			}
			a.take(e, match.ID())
		}
	}
	for _, e := range rest {
		// If the id went to another entity, that one's own id is free, unless that too went to another, and so on. The
		// chain ends: nobody took over a live id for e.
		id := e.ID()
		for next, ok := takenBy[id]; ok; next, ok = takenBy[id] {
			id = next
		}
		if spare, ok := a.spare(e, id); ok {
			a.take(e, spare)
			continue
		}
		match, ok := a.live.Get(kong.Key{Kind: e.Kind(), ID: id})
		switch {
		case ok && a.isOfAnother(e, match):
			a.conflict(e, match, CredentialTaken)
			continue
		case ok && !a.own.takes(match):
			a.conflict(e, match, IDTaken)
			continue
		}
		a.take(e, id)
	}
}

// isOfAnother reports whether a live credential is not ours, and lets in another consumer than the desired one: it is never taken over, for
// whoever has it would from then on be somebody else.
func (a *aligner) isOfAnother(desired, live kong.Entity) bool {
	if !desired.Kind().IsCredential() || a.own.owns(live) {
		return false
	}
	ours, _ := desired.Ref("consumer")
	theirs, _ := live.Ref("consumer")
	return ours != theirs && a.inTheWay[ours] != theirs
}

// spare returns the id of a certificate whose own is that of another instance's: both render it from the same Secret. In a Kong it may be
// there several times, and nothing but entities of ours refers to ours. Once it has that id it keeps it.
func (a *aligner) spare(e kong.Entity, id string) (string, bool) {
	if e.Kind() != kong.Certificates {
		return "", false
	}
	spare := kong.ID(e.Kind(), id+" of "+a.own.instance)
	if match, ok := a.live.Get(kong.Key{Kind: e.Kind(), ID: spare}); ok {
		return spare, a.own.owns(match)
	}
	match, ok := a.live.Get(kong.Key{Kind: e.Kind(), ID: id})
	return spare, ok && OwnedBy(match) != "" && !a.own.takes(match)
}

func (a *aligner) take(e kong.Entity, id string) {
	if id != e.ID() {
		a.ids[e.Key()] = id
		e = e.WithID(id)
	}
	a.aligned = append(a.aligned, e)
}
