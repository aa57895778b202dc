package render

import (
	"fmt"
	"slices"

	"github.com/gwsync/gwsync/render/bind"
)

// refuseTLS reports what Gateways ask of TLS and this version does not render. Listeners whose clients must present certificates stay
// shut rather than open to all.
func (t *translator) refuseTLS(g *bind.Graph) {
	for _, gw := range g.Gateways {
		const frontend = "spec.tls.frontend"
		guarded := func(l *bind.Listener) bool { return l.Clients != nil }
		if i := slices.IndexFunc(gw.AllListeners(), guarded); i >= 0 {
			f := unsupported(gw.Object, frontend, fmt.Sprintf("clients of listener %s must present certificates, which gwsync does not render yet: "+
				"it stays shut rather than open to all", gw.AllListeners()[i].Name()))
			f.Hint = "remove the validation of client certificates from spec.tls.frontend if the listener may be open to all"
			t.report(f)
		}
	}
}

// served returns where a route is to be served: without the hostnames that belong to other listeners altogether. Elsewhere is left with
// what belongs to them within the others.
func served(r *bind.Route) []bind.Binding {
	var out []bind.Binding
	for _, b := range r.Bindings() {
		if b.Listener.Clients != nil {
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
