package diff

import (
	"errors"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// managedBy is carried by every entity that any instance of gwsync owns, and instancePrefix begins the tag that says which one.
const (
	managedBy      = "managed-by:gwsync"
	instancePrefix = "gwsync:"
)

// Tags returns the mark of ownership: the tags that every entity of the instance carries, and no other does. An instance
// names one source of truth for one Kong; several can share a Kong.
func Tags(instance string) []string { return []string{managedBy, instancePrefix + instance} }

// Owned reports whether the entity is the instance's: whether it carries all of its [Tags].
func Owned(e kong.Entity, instance string) bool { return marked(e, Tags(instance)) }

// OwnedBy returns the instance of gwsync that owns an entity, the first by name if several do; "" if none does.
func OwnedBy(e kong.Entity) string {
	if !e.HasTag(managedBy) {
		return ""
	}
	for _, tag := range e.Tags() {
		if instance, ok := strings.CutPrefix(tag, instancePrefix); ok {
			return instance
		}
	}
	return ""
}

func marked(e kong.Entity, tags []string) bool {
	for _, t := range tags {
		if !e.HasTag(t) {
			return false
		}
	}
	return true
}

// owner tells ours from foreign entities.
type owner struct {
	instance string
	tags     []string
	adoption Adoption
	adopted  map[kong.Key]bool // live entities that become ours
}

func newOwner(o Options) (owner, error) {
	if o.Instance == "" {
		return owner{}, errors.New("an instance needs a name: without it nobody can tell which entities are ours")
	}
	return owner{instance: o.Instance, tags: Tags(o.Instance), adoption: o.Adopt, adopted: map[kong.Key]bool{}}, nil
}

// owns reports whether an entity is ours, or becomes it by the plan.
func (o owner) owns(e kong.Entity) bool { return marked(e, o.tags) || o.adopted[e.Key()] }

// takes reports whether a desired entity may take the place of a live one, and notes that it does.
func (o owner) takes(live kong.Entity) bool {
	if !o.owns(live) {
		if !o.adoption.Selects(live) {
			return false
		}
		o.adopted[live.Key()] = true
	}
	return true
}

// settled returns the owner that takes over nothing more.
func (o owner) settled() owner {
	o.adoption = Adoption{}
	return o
}

// keeps reports whether an entity is of the instance's [Bookkeeping].
func (o owner) keeps(e kong.Entity) bool { return isBookkeeping(e, o.instance) }

// Bookkeeping reports whether an entity is what an instance of gwsync keeps in a Kong for itself: its [Record] or a [Lease]. Plans leave it
// alone, and nothing is served by it.
func Bookkeeping(e kong.Entity) bool { return isBookkeeping(e, OwnedBy(e)) }

func isBookkeeping(e kong.Entity, instance string) bool {
	switch e.Kind() {
	case kong.Services:
		return e.Name() == recordName(instance) && Owned(e, instance)
	case kong.KeySets:
		_, ok := leaseNumber(e.Name(), instance)
		return ok && Owned(e, instance)
	}
	return false
}
