package diff

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gwsync/gwsync/render/kong"
)

// unique is a value of a field that only one entity of its kind can have, beside what it is identified by.
type unique struct {
	kind         kong.Kind
	field, value string
}

// uniqueFields are those fields. Kong answers 409 to a write that takes such a value from another entity.
//
// Source: Kong 3.9.3, kong/db/schema/entities/consumers.lua and plugins.lua.
var uniqueFields = map[kong.Kind]string{kong.Consumers: "custom_id", kong.Plugins: "instance_name"}

// uniques returns the unique values of an entity.
func uniques(e kong.Entity) []unique {
	field := uniqueFields[e.Kind()]
	if field == "" {
		return nil
	}
	if value := e.Text(field); value != "" {
		return []unique{{e.Kind(), field, value}}
	}
	return nil
}

// collide adds a conflict for each entity that wants a unique value of a foreign one, or of one that stays. It is an error if two want the
// same.
func (p *Plan) collide() error {
	wanted := map[unique]kong.Entity{}
	for _, kind := range sortedKinds(uniqueFields) {
		for e := range p.desired.Of(kind) {
			for _, v := range uniques(e) {
				other, ok := wanted[v]
				switch {
				case ok && p.kept[e.Key()] != "":
					p.conflicts = append(p.conflicts, Conflict{Entity: other, Foreign: e, Reason: ValueTaken})
					continue
				case ok && p.kept[other.Key()] != "":
					p.conflicts = append(p.conflicts, Conflict{Entity: e, Foreign: other, Reason: ValueTaken})
				case ok:
					return fmt.Errorf("desired state: %s and %s have the same %s, %q", title(other), title(e), v.field, v.value)
				}
				wanted[v] = e
			}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	for _, kind := range sortedKinds(uniqueFields) {
		for e := range p.live.Of(kind) {
			for _, v := range uniques(e) {
				if ours, ok := wanted[v]; ok && !p.owner.owns(e) {
					p.conflicts = append(p.conflicts, Conflict{Entity: ours, Foreign: e, Reason: ValueTaken})
				}
			}
		}
	}
	return nil
}

// release makes every unique value free that moves from one entity of ours to another: its holder gets an interim form before its
// taker is written, with its own id for a value, which nobody else can have. So values may be swapped, or go round in circles.
func (s *schedule) release() {
	held := map[unique]int{}
	for i, c := range s.guard.plan.changes {
		for _, v := range uniques(c.Before) {
			if c.Op == Delete || c.After.Text(v.field) != v.value {
				held[v] = i
			}
		}
	}
	if len(held) == 0 {
		return
	}
	for _, at := range slices.Collect(maps.Keys(s.steps)) {
		for _, w := range s.steps[at] {
			for _, v := range uniques(w.Entity) {
				holder, ok := held[v]
				before := s.guard.plan.changes[holder].Before
				if ok && w.Op != Delete && before.Key() != w.Entity.Key() {
					s.addAt(step{at.stage, releaseOrder}, Update, s.form(before.With(v.field, before.ID())), holder)
				}
			}
		}
	}
}
