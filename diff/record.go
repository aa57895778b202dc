package diff

import (
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// commitTag begins the tag of the record that holds the commit.
const commitTag = "gwsync-commit:"

// Record returns the entity by which a Kong remembers the commit that was applied last: a service of the instance that is disabled and
// that no route leads to. It is part of no plan: whoever applies one writes it last.
func Record(instance, commit string) (kong.Entity, error) {
	name := recordName(instance)
	return kong.New(kong.Services, kong.ID(kong.Services, name), map[string]any{
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

func recordName(instance string) string { return "gwsync." + instance }
