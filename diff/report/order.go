package report

import (
	"cmp"
	"slices"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// ordered returns changes as a report shows them: those of one name, such as the plugins of a Kong, by what they belong to. An id says
// nothing to people.
func (p *printer) ordered(changes []diff.Change) []diff.Change {
	out := slices.Clone(changes)
	for first := 0; first < len(out); {
		last := first + 1
		for last < len(out) && alike(out[first], out[last]) {
			last++
		}
		if last-first > 1 {
			titles := map[kong.Key]string{}
			for _, c := range out[first:last] {
				titles[c.Entity().Key()] = p.title(c.Entity())
			}
			slices.SortStableFunc(out[first:last], func(a, b diff.Change) int {
				return cmp.Compare(titles[a.Entity().Key()], titles[b.Entity().Key()])
			})
		}
		first = last
	}
	return out
}

// alike reports whether two changes stand next to each other for no other reason than their entities' ids.
func alike(a, b diff.Change) bool {
	return (a.Op == diff.Delete) == (b.Op == diff.Delete) && a.Entity().Kind() == b.Entity().Kind() && a.Entity().Name() == b.Entity().Name()
}
