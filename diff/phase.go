package diff

import (
	"iter"

	"github.com/gwsync/gwsync/render/kong"
)

// Phase is a set of writes that may be made in any order, or at the same time, as far as [Write.After] of each allows. All of a phase are
// done before the next.
type Phase struct {
	// Name says what the phase does, for people: "close routes".
	Name string
	// Writes, in this order, can also be made one after the other. They may be empty where only the wait matters.
	Writes []Write
	// Settle says that the executor waits, after the writes, until Kong's workers have taken them up: a plugin that is
	// written and a route that is opened must be apart in time by more than the workers' update period.
	Settle bool

	stage stage // the last one that is in it
}

// Write is one request, which for Create and Update says the whole entity.
type Write struct {
	Op Op
	// Entity is what to write. It may be an interim form, such as a route that cannot match.
	Entity kong.Entity
	// Change is the index into [Plan.Changes] of the change that the write is for. Several writes can be for one change,
	// and an entity that is closed for a while is written on behalf of a change that needs it.
	Change int
	// After are the indices, all below its own and without duplicates, of the writes of the phase that have to be done before this one.
	After []int

	rank uint64 // of a route that is opened or goes, see [rankOf]; else 0
}

// String returns "update routes NAME". It never holds a value of a field.
func (w Write) String() string { return w.Op.String() + " " + title(w.Entity) }

// GoString returns what [Write.String] returns.
func (w Write) GoString() string { return w.String() }

// Writes iterates over the writes of all phases, in their order.
func (p Plan) Writes() iter.Seq[Write] {
	return func(yield func(Write) bool) {
		for _, phase := range p.phases {
			for _, w := range phase.Writes {
				if !yield(w) {
					return
				}
			}
		}
	}
}
