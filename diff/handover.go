package diff

import "github.com/gwsync/gwsync/render/kong"

// handsOver reports whether a change moves a server name from a certificate that changes to one that does not, or is new. It goes first:
// otherwise clients would for a moment be shown what its former certificate has become, which is meant for other names.
func (s *schedule) handsOver(c Change) bool {
	if c.Op != Update || c.After.Kind() != kong.SNIs {
		return false
	}
	from, _ := c.Before.Ref("certificate")
	to, _ := c.After.Ref("certificate")
	return from != to && s.changes(from) && !s.changes(to)
}

// changes reports whether an entity that is there is changed.
func (s *schedule) changes(k kong.Key) bool {
	i := s.guard.changeOf(k)
	return i >= 0 && s.guard.plan.changes[i].Op == Update
}
