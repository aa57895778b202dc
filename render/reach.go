package render

import (
	"slices"
	"strconv"

	"github.com/gwsync/gwsync/render/bind"
)

// Backend is a port of a Service that routes lead to.
type Backend struct {
	Namespace, Name string
	Port            int32
}

// String returns NAMESPACE/NAME:PORT.
func (b Backend) String() string { return b.Namespace + "/" + b.Name + ":" + strconv.Itoa(int(b.Port)) }

// Backends returns which backends a Kong that is configured for the target reaches at an address, HOST:PORT: several, if they share it.
func Backends(g *bind.Graph, target Target) map[string][]Backend {
	t := &translator{target: target} // its findings have been said
	out := map[string][]Backend{}
	for _, r := range g.Routes {
		for i := range r.Rules {
			one := &rule{common: &common{bound: r}, rule: &r.Rules[i]}
			usable, _ := t.split(one)
			for _, f := range one.rule.Filters {
				if f.Mirror != nil && f.Reason == "" {
					usable = append(usable, *f.Mirror)
				}
			}
			for _, b := range usable {
				addresses, err := t.addresses(one, b)
				if err != nil {
					continue
				}
				backend := Backend{b.Target.Namespace, b.Target.Name, b.Port}
				for _, s := range addresses {
					at := s.host + ":" + strconv.FormatInt(s.port, 10)
					if !slices.Contains(out[at], backend) {
						out[at] = append(out[at], backend)
					}
				}
			}
		}
	}
	return out
}
