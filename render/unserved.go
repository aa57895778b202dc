package render

import (
	"slices"

	"github.com/gwsync/gwsync/render/bind"
)

// served returns where a route is to be served: without the hostnames that belong to other listeners altogether. Elsewhere is left with
// what belongs to them within the others.
func (t *translator) served(r *bind.Route) []bind.Binding {
	var out []bind.Binding
	for _, b := range r.Bindings() {
		if t.staysShut(b.Listener) {
			continue
		}
		all := hostnamesOf(b)
		b.Hostnames = slices.DeleteFunc(slices.Clone(all), func(h string) bool { return within(h, b.Elsewhere) })
		b.Elsewhere = slices.DeleteFunc(slices.Clone(b.Elsewhere), func(h string) bool { return !within(h, b.Hostnames) })
		if len(b.Hostnames) > 0 {
			out = append(out, b)
		}
	}
	return out
}
