package diff

import (
	"slices"

	"github.com/gwsync/gwsync/render/kong"
)

// LeftoverReason says why a live entity stays that the manifests do not ask for.
type LeftoverReason string

// The reasons, as spelled in JSON.
const (
	// NotPruned: it is ours, and [Options.NoPrune] says that nothing is deleted.
	NotPruned LeftoverReason = "not-pruned"
	// Shared: it is ours, and entities of others refer to it that could have no other.
	Shared LeftoverReason = "shared"
	// Attached: it is not ours, but belongs to an entity that is, and has a part in what that does: a plugin on a route; or it is a route to
	// a service that is, another way in that our routes' plugins do not guard.
	Attached LeftoverReason = "attached"
	// NotDesired: it is not ours, carries a tag by which entities are taken over, and is none that the manifests ask for.
	NotDesired LeftoverReason = "not-desired"
)

// Leftover is a live entity that no manifest asks for and that the plan leaves as it is.
type Leftover struct {
	Entity kong.Entity
	Reason LeftoverReason
	// Of is the entity of ours that an [Attached] one belongs to, zero for others; Adopted says that it becomes ours by the plan.
	Of      kong.Entity
	Adopted bool
}

// ignored is why an entity stays that is not worth a word.
const ignored LeftoverReason = "ignored"

// Leftovers returns what stays though no manifest asks for it, in the order of [kong.State.All]. Entities of others that have nothing to do
// with ours are not among them.
func (p Plan) Leftovers() []Leftover {
	return inParts(p.live, func(part []kong.Entity) (out []Leftover) {
		for _, e := range part {
			reason, stays := p.kept[e.Key()]
			switch {
			case reason == ignored:
			case stays:
				out = append(out, Leftover{Entity: e, Reason: reason})
			case p.owner.owns(e), Bookkeeping(e):
			default:
				if l, ok := p.leftover(e); ok {
					out = append(out, l)
				}
			}
		}
		return out
	})
}

// Attachments returns the [Attached] leftovers that another hand has put there: none of another instance of gwsync, whose manifests say so,
// and none on what is taken over as it is.
func (p Plan) Attachments() []Leftover {
	return slices.DeleteFunc(p.Leftovers(), func(l Leftover) bool {
		return l.Reason != Attached || l.Adopted || OwnedBy(l.Entity) != ""
	})
}

// leftover returns what there is to say about an entity that is not ours.
func (p Plan) leftover(e kong.Entity) (Leftover, bool) {
	for r, to := range e.Refs() {
		if of, ok := p.desired.Get(to); ok && (r.Cascade || e.Kind() == kong.Routes) {
			return Leftover{Entity: e, Reason: Attached, Of: of, Adopted: p.owner.adopted[to]}, true
		}
	}
	for _, tag := range p.owner.adoption.Tags {
		if e.HasTag(tag) {
			return Leftover{Entity: e, Reason: NotDesired}, true
		}
	}
	return Leftover{}, false
}

// keep adds to the desired entities those that are not wanted and stay as they are, and returns the others.
func (p *Plan) keep(a *aligner, unwanted []kong.Entity, noPrune bool) (others []kong.Entity) {
	var shared map[kong.Key]bool
	for _, e := range unwanted {
		if isContent(e.Kind()) && shared == nil {
			shared = p.usedByOthers()
		}
		switch {
		case noPrune && !isCover(e):
			p.stay(a, e, NotPruned)
		case shared[e.Key()] && isContent(e.Kind()):
			p.stay(a, e, Shared)
		default:
			others = append(others, e)
		}
	}
	return others
}

// usedByOthers returns what entities that are not ours refer to.
func (p *Plan) usedByOthers() map[kong.Key]bool {
	out := map[kong.Key]bool{}
	for e := range p.live.All() {
		if p.owner.owns(e) {
			continue
		}
		for _, to := range e.Refs() {
			out[to] = true
		}
	}
	return out
}

// stay adds a live entity of ours that stays as it is.
func (p *Plan) stay(a *aligner, e kong.Entity, reason LeftoverReason) {
	if p.kept == nil {
		p.kept = map[kong.Key]LeftoverReason{}
	}
	p.kept[e.Key()] = reason
	a.aligned = append(a.aligned, e)
}

// isContent reports whether an entity of a kind is what it says and nothing else, so that it makes no difference whose it is: a Kong has
// a certificate of an authority once, and all who trust it refer to that one.
func isContent(k kong.Kind) bool { return k == kong.CACertificates }
