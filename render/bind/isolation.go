package bind

import (
	"maps"
	"slices"
	"strings"
)

// isolation tells which requests belong to the more specific listeners of a port (GW Listeners, "General Listener behavior"). All Gateways
// are served by one Kong, so that the listeners of all of them count.
type isolation struct {
	hosts map[endpoint]bool
	zones map[portal]*zone
	known map[isolated][]string
}

// isolated is a question that has been answered: the hostnames are joined by spaces.
type isolated struct {
	at        endpoint
	hostnames string
}

// zone holds the hostnames of listeners below a suffix, by the label before it.
type zone struct {
	below map[string]*zone
	// exact says that the suffix itself is a listener's hostname, and wild that "*." and the suffix is.
	exact, wild bool
}

// newIsolation takes up the listeners that are distinct. Whether they can serve does not matter: while a listener's certificate is
// missing, its requests are nobody else's.
func newIsolation(gateways []*Gateway) isolation {
	in := isolation{map[endpoint]bool{}, map[portal]*zone{}, map[isolated][]string{}}
	for _, gw := range gateways {
		for _, l := range gw.AllListeners() {
			if e := endpointOf(l); l.Distinct() && e.hostname != "" && !in.hosts[e] {
				in.hosts[e] = true
				in.add(e)
			}
		}
	}
	return in
}

func (in isolation) add(e endpoint) {
	if in.zones[e.portal] == nil {
		in.zones[e.portal] = &zone{below: map[string]*zone{}}
	}
	name, wild := strings.CutPrefix(e.hostname, "*.")
	z := in.zones[e.portal]
	for rest := name; rest != ""; {
		var label string
		rest, label = cutLast(rest)
		if z.below[label] == nil {
			z.below[label] = &zone{below: map[string]*zone{}}
		}
		z = z.below[label]
	}
	z.wild, z.exact = z.wild || wild, z.exact || !wild
}

// cutLast cuts the last label off a hostname.
func cutLast(name string) (before, label string) {
	i := strings.LastIndexByte(name, '.')
	return name[:max(i, 0)], name[i+1:]
}

// elsewhere returns what belongs to other listeners of the hostnames that a route has in common with a listener: sorted, and none within
// another. No hostnames means any. A hostname that is wholly somebody else's is among them as it is. It takes time in proportion to the
// answer, and the same answer is the same slice: for Build alone, which asks one question at a time.
func (g *Graph) elsewhere(l *Listener, hostnames []string) []string {
	at := endpointOf(l)
	if g.isolation.zones[at.portal] == nil {
		return nil
	}
	if len(hostnames) == 0 {
		hostnames = []string{""}
	}
	question := isolated{at, strings.Join(hostnames, " ")}
	answer, ok := g.isolation.known[question]
	if !ok {
		for _, h := range hostnames {
			answer = append(answer, g.isolation.within(at, h)...)
		}
		answer = widest(answer)
		g.isolation.known[question] = answer
	}
	return answer
}

// within returns the widest parts of a hostname, which is within that of at, that belong to other listeners.
func (in isolation) within(at endpoint, hostname string) []string {
	owner := endpoint{at.portal, hostname}
	if owner != at && in.hosts[owner] {
		return []string{hostname}
	}
	if owner != at {
		for owner.hostname = range widerHostnames(hostname) {
			if owner == at {
				break
			}
			if in.hosts[owner] {
				return []string{hostname}
			}
		}
	}
	suffix, wild := strings.CutPrefix(hostname, "*.")
	if !wild && hostname != "" {
		return nil
	}
	z := in.zones[at.portal]
	for rest := suffix; rest != "" && z != nil; {
		var label string
		rest, label = cutLast(rest)
		z = z.below[label]
	}
	return z.under(suffix, nil)
}

// under adds to out the widest hostnames below a suffix.
func (z *zone) under(suffix string, out []string) []string {
	if z == nil {
		return out
	}
	for _, label := range slices.Sorted(maps.Keys(z.below)) {
		next, name := z.below[label], label
		if suffix != "" {
			name += "." + suffix
		}
		if next.exact {
			out = append(out, name)
		}
		if next.wild {
			out = append(out, "*."+name)
		} else {
			out = next.under(name, out)
		}
	}
	return out
}

// widest returns the hostnames that are not within others, sorted; nil if there are none.
func widest(hostnames []string) []string {
	all := make(map[string]bool, len(hostnames))
	for _, h := range hostnames {
		all[h] = true
	}
	return slices.Sorted(func(yield func(string) bool) {
		for h := range all {
			inside := false
			for wider := range widerHostnames(h) {
				inside = inside || all[wider]
			}
			if !inside && !yield(h) {
				return
			}
		}
	})
}
