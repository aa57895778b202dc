package diff

import (
	"slices"

	"github.com/gwsync/gwsync/render/kong"
)

// access schedules credentials so that nobody gets in whom neither the old state nor the new one lets in: what lets somebody in is
// written when all guards are new, and what did is deleted while all of them still are old. Of a group that plugin acl denies it is the
// other way round, since being in it keeps somebody out.
type access struct {
	// denied are the groups that a plugin acl denies, before or after.
	denied map[string]bool
	// guards says that plugins change, so that it matters when credentials do.
	guards bool
}

func newAccess(p Plan) access {
	a := access{denied: map[string]bool{}}
	for _, state := range []kong.State{p.live, p.desired} {
		for e := range state.Of(kong.Plugins) {
			if e.Text("name") == "acl" {
				a.deny(e)
			}
		}
	}
	a.guards = slices.ContainsFunc(p.changes, func(c Change) bool { return c.Entity().Kind() == kong.Plugins && matters(c) })
	return a
}

// deny notes the groups that a plugin acl denies.
func (a access) deny(acl kong.Entity) {
	config, _ := acl.Field("config")
	fields, _ := config.(map[string]kong.Value)
	groups, _ := fields["deny"].([]any)
	for _, g := range groups {
		if group, ok := g.(string); ok {
			a.denied[group] = true
		}
	}
}

// keepsOut reports whether an entity keeps its consumer out where others get in.
func (a access) keepsOut(e kong.Entity) bool {
	return e.Kind() == kong.ACLs && a.denied[e.Text("group")]
}

// among reports whether credentials are written in a stage.
func (access) among(steps map[step][]Write, st stage) bool {
	for at, writes := range steps {
		if at.stage == st && slices.ContainsFunc(writes, func(w Write) bool { return w.Entity.Kind().IsCredential() }) {
			return true
		}
	}
	return false
}

// moves reports whether a change takes from a consumer, or from a group, what it gives to another.
func moves(c Change) bool {
	return c.Op == Update && slices.ContainsFunc(c.Fields, func(f Field) bool { return f.Name() == "consumer" || f.Name() == "group" })
}

// credential schedules the change of a credential, or of a consumer's being in a group.
func (s *schedule) credential(i int, c Change) {
	switch a := s.access; {
	case c.Op == Update && a.guards && moves(c) && !a.keepsOut(c.Before) && !a.keepsOut(c.After):
		s.add(closing, Delete, c.Before, i)
		s.add(opening, Create, c.After, i)
	case c.Op == Update:
		s.add(opening, Update, c.After, i)
	case a.keepsOut(c.Entity()) && c.Op == Create:
		s.add(create, Create, c.After, i)
	case a.keepsOut(c.Entity()):
		s.add(deleting, Delete, c.Before, i)
	case c.Op == Create:
		s.add(opening, Create, c.After, i)
	default:
		s.add(closing, Delete, c.Before, i)
	}
}
