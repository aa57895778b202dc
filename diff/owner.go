package diff

import (
	"errors"

	"github.com/gwsync/gwsync/render/kong"
)

// managedBy is carried by every entity that any instance of gwsync owns.
const managedBy = "managed-by:gwsync"

// Tags returns the mark of ownership: the tags that every entity of the instance carries, and no other does. An instance
// names one source of truth for one Kong; several can share a Kong.
func Tags(instance string) []string { return []string{managedBy, "gwsync:" + instance} }

// Owned reports whether the entity is the instance's: whether it carries all of its [Tags].
func Owned(e kong.Entity, instance string) bool { return ownerOf(instance).owns(e) }

// owner tells ours from foreign entities.
type owner struct {
	tags   []string
	record string // the name of the instance's [Record]
}

func ownerOf(instance string) owner { return owner{Tags(instance), recordName(instance)} }

func newOwner(instance string) (owner, error) {
	if instance == "" {
		return owner{}, errors.New("an instance needs a name: without it nobody can tell which entities are ours")
	}
	return ownerOf(instance), nil
}

func (o owner) owns(e kong.Entity) bool {
	for _, t := range o.tags {
		if !e.HasTag(t) {
			return false
		}
	}
	return true
}

// recorded reports whether an entity is the instance's [Record].
func (o owner) recorded(e kong.Entity) bool {
	return e.Kind() == kong.Services && e.Name() == o.record && o.owns(e)
}
