package diff

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

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

// phases returns the schedule in order. A settle that has no phase to follow gets an empty one.
func (s *schedule) phases() []Phase {
	var out []Phase
	var last stage
	for _, at := range slices.SortedFunc(maps.Keys(s.steps), step.compare) {
		together := at.stage == last || s.overlap(last, at.stage)
		for st := last; st < at.stage; st++ {
			together = together && !s.settle[st]
			out = s.settled(out, st)
		}
		last = at.stage
		writes := s.steps[at]
		slices.SortFunc(writes, func(a, b Write) int {
			return cmp.Or(cmp.Compare(a.Entity.Kind(), b.Entity.Kind()), at.compareRanks(a, b),
				cmp.Compare(a.Entity.Name(), b.Entity.Name()), cmp.Compare(a.Entity.ID(), b.Entity.ID()))
		})
		if !together || len(out) == 0 {
			out = append(out, Phase{})
		}
		phase := &out[len(out)-1]
		phase.Writes, phase.stage = append(phase.Writes, writes...), at.stage
	}
	for i := range out {
		s.guard.plan.order(out[i].Writes)
		out[i].Name = phaseName(out[i])
	}
	return out
}

// overlap reports whether the writes of two stages, with nothing between, need to be in order only where one refers to the other: what
// is new to an empty Kong, or changes nothing that is served.
func (s *schedule) overlap(a, b stage) bool {
	return a == create && (b == covering || b == opening || b == guarding && !s.guard.seen())
}

func (a step) compare(b step) int {
	return cmp.Or(cmp.Compare(a.stage, b.stage), cmp.Compare(a.order, b.order))
}

// settled returns the phases so far with a wait at the end, if the stage wants one after it.
func (s *schedule) settled(out []Phase, st stage) []Phase {
	switch {
	case !s.settle[st]:
		return out
	case len(out) == 0:
		return append(out, Phase{Settle: true})
	}
	out[len(out)-1].Settle = true
	return out
}

// phaseName returns what the phase does to which kinds: "close routes".
func phaseName(p Phase) string {
	if len(p.Writes) == 0 {
		return "settle"
	}
	kinds := map[kong.Kind]bool{}
	verb := p.Writes[0].Op.String()
	for _, w := range p.Writes {
		kinds[w.Entity.Kind()] = true
		if w.Op != p.Writes[0].Op {
			verb = "write"
		}
	}
	switch {
	case p.stage == covering && verb == Create.String():
		verb = "cover"
	case (p.stage == closing || p.stage == retiring) && verb == Update.String():
		verb = "close"
	}
	var names []string
	for _, k := range sortedKinds(kinds) {
		names = append(names, string(k))
	}
	return verb + " " + strings.Join(names, ", ")
}
