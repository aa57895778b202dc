package render

import (
	"fmt"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/parallel"
)

// notes are what a translator finds out while it looks at one thing after the other: those of a part are its own, until it is joined.
type notes struct {
	findings diag.List
	// drafts are the entities of a part.
	drafts []draft
	// once are the entities that were added by [translator.addOnce].
	once map[kong.Key]bool
	// spread says which backends have an Upstream of their endpoints, by its name; false for those that have one address.
	spread map[string]bool
	// users are the users' plugins that were asked for, and placing the objects of those for certain consumers, see [translator].placed.
	users   map[*bind.Plugin]*plugin
	placing map[manifest.Ref]bool
	// upstreams are what Services ask of their Upstreams by annotations, and upstreamPolicies what policies do; nil for nothing.
	upstreams, upstreamPolicies map[manifest.Ref]map[string]any
	serviceTLS                  map[tlsKey]serviceTLS
	// policies are the BackendTLSPolicies that were looked at, and refused those that were reported for a route.
	policies map[*bind.BackendTLSPolicy]policyResult
	refused  map[refusal]bool
	// senders are the Services of rules with a BackendTLSPolicy, by their ids.
	senders map[string]sender
	// sources say where the fields of plugins come from, see [Explain]; nil where nobody asks.
	sources map[kong.Key][]Source
}

func newNotes(sources bool) notes {
	n := notes{
		once: map[kong.Key]bool{}, spread: map[string]bool{}, users: map[*bind.Plugin]*plugin{}, placing: map[manifest.Ref]bool{},
		upstreams: map[manifest.Ref]map[string]any{}, upstreamPolicies: map[manifest.Ref]map[string]any{},
		serviceTLS: map[tlsKey]serviceTLS{}, policies: map[*bind.BackendTLSPolicy]policyResult{}, refused: map[refusal]bool{},
		senders: map[string]sender{},
	}
	if sources {
		n.sources = map[kong.Key][]Source{}
	}
	return n
}

// defaultPartSize is how many things a part looks at: so few that what they come to takes little room, and so many that to begin and to
// join a part costs nothing.
const defaultPartSize = 64

// inParts has things 0 to n-1 looked at, such as routes, on all cores. Each part of them has a translator of its own, which reads what is
// decided by now, and writes to nothing but its notes and what is the thing's own. They are joined in order, so that what comes of it is
// the same on one core and on many.
func (t *translator) inParts(n int, look func(part *translator, i int)) {
	now, size := *t, t.partSize // to join one part must not disturb the others
	parallel.InOrder((n+size-1)/size, func(i int) *translator {
		part := now.part()
		for j := i * size; j < min(n, (i+1)*size); j++ {
			look(part, j)
		}
		return part
	}, t.join)
}

// part returns a translator with nothing in its notes.
func (t *translator) part() *translator {
	part := *t
	part.composer, part.taken, part.notes = nil, nil, newNotes(t.sources != nil)
	return &part
}

// join takes over the notes of a part, and has its entities composed.
func (t *translator) join(part *translator) {
	t.report(part.findings...)
	for _, d := range part.drafts {
		if d.once && t.once[d.key()] {
			continue
		}
		if d.once {
			t.once[d.key()] = true
		}
		t.composer.add(d)
	}
	for p := range part.placing {
		t.placed[p] = true
	}
	for service, s := range part.senders {
		t.senders[service] = s
	}
	for plugin, from := range part.sources {
		t.sources[plugin] = append(t.sources[plugin], from...)
	}
}

// distinct returns entities without those whose id another one has before them, which it reports, and without what is on such a one and
// follows it: the names of two objects run together.
func (t *translator) distinct(entities []kong.Entity) []kong.Entity {
	repeated := kong.Repeated(entities)
	if repeated == nil {
		return entities
	}
	var out []kong.Entity
	var second kong.Entity
	for i, e := range entities {
		first, again := repeated[i]
		switch {
		case !second.IsZero() && isOn(e, second):
		case again:
			second = e
			t.report(collides(e, entities[first].Origin()))
		default:
			second = kong.Entity{}
			out = append(out, e)
		}
	}
	return out
}

// isOn reports whether an entity refers to another one.
func isOn(e, other kong.Entity) bool {
	for _, k := range e.Refs() {
		if k == other.Key() {
			return true
		}
	}
	return false
}

// collides says that there is an entity of the same id already.
func collides(e kong.Entity, first kong.Origin) diag.Finding {
	return diag.Finding{
		Severity: diag.Error, Code: NameCollision, Object: e.Origin().Object, Pos: e.Origin().Pos,
		Message: fmt.Sprintf("its %s would be called %s, as that of %s is", e.Kind(), e.Name(), first.Object),
		Hint:    "rename one of the two objects",
		Related: []diag.Pos{first.Pos},
	}
}
