package diff

import (
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// commitTag begins the tag of the record that holds the commit.
const commitTag = "gwsync-commit:"

// Record returns the entity by which a Kong remembers the commit that was applied last: a service of the instance that is disabled and
// that no route leads to. It is part of no plan: whoever applies one writes it last. It has the id of the record that is live, if there is
// one. What somebody else has in its place is a [Conflict] of every plan of the instance.
func Record(live kong.State, instance, commit string) (kong.Entity, error) {
	name := recordName(instance)
	id := kong.ID(kong.Services, name)
	if held, ok := live.Find(kong.Services, name); ok {
		id = held.ID()
	}
	return kong.New(kong.Services, id, map[string]any{
		"name": name, "host": "gwsync.invalid", "enabled": false, "tags": append(Tags(instance), commitTag+commit),
	}, kong.Origin{})
}

// Recorded returns the commit that was applied last, as the live state remembers it; "" if it does not.
func Recorded(live kong.State, instance string) string {
	e, ok := live.Find(kong.Services, recordName(instance))
	if !ok || !Owned(e, instance) {
		return ""
	}
	for _, tag := range e.Tags() {
		if commit, ok := strings.CutPrefix(tag, commitTag); ok {
			return commit
		}
	}
	return ""
}

// reserve adds a conflict for what somebody else has in the place of the record, by its name or its id, or in that of a lease: only the
// writes of these would meet it, when all changes are made, or are about to be.
func (p *Plan) reserve(instance string) error {
	record, err := Record(p.live, instance, "")
	if err != nil {
		return err
	}
	named, _ := p.live.Find(kong.Services, record.Name())
	same, _ := p.live.Get(record.Key())
	for _, e := range slices.Compact([]kong.Entity{named, same}) {
		if !e.IsZero() && !Owned(e, instance) {
			p.conflicts = append(p.conflicts, Conflict{Entity: record, Foreign: e, Reason: RecordTaken})
		}
	}
	if foreign := LeasesOf(p.live, instance).Foreign; !foreign.IsZero() {
		p.conflicts = append(p.conflicts, Conflict{Entity: foreign, Foreign: foreign, Reason: LeaseTaken})
	}
	return nil
}

func recordName(instance string) string { return "gwsync." + instance }
