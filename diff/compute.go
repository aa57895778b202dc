package diff

import (
	"cmp"
	"maps"
	"slices"

	"github.com/gwsync/gwsync/render/kong"
)

// Options says whose entities are compared, and with which defaults.
type Options struct {
	// Instance names the source of truth, see [Tags]. It must not be empty.
	Instance string
	// Schemas are those of the live Kong: they fill in the desired entities' defaults and say what is secret.
	Schemas kong.Schemas
}

// Compute returns the plan that brings live to desired on the entities that are ours. Live is what a Kong answers, with its
// defaults, ours and foreign entities alike; desired is as rendered, without defaults.
//
// It is an error if a desired entity lacks the tags of the instance, or refers to one that is not desired.
func Compute(live, desired kong.State, o Options) (Plan, error) {
	own, err := newOwner(o.Instance)
	if err != nil {
		return Plan{}, err
	}
	return Plan{live: live, desired: desired, owner: own}, nil
}

func sortedKinds[V any](m map[kong.Kind]V) []kong.Kind {
	return slices.SortedFunc(maps.Keys(m), func(a, b kong.Kind) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
}

func rank(k kong.Kind) int {
	row, _ := k.Row()
	return row.Rank
}
