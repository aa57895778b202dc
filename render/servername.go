package render

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/gwsync/gwsync/render/bind"
)

// claim is a server name and the certificates that a listener has for it, at least one.
type claim struct {
	name         string
	certificates []bind.Certificate
}

// serverNames knows the hostnames of all listeners that terminate TLS.
type serverNames struct{ listeners map[string]bool }

func newServerNames(listeners []*bind.Listener) serverNames {
	s := serverNames{map[string]bool{}}
	for _, l := range listeners {
		s.listeners[l.Hostname] = true
	}
	return s
}

// own returns the claim of a listener on its hostname, "*" for any: with those of its certificates that are for it, or if none is, with
// all, but for any hostname with the first.
func (s serverNames) own(l *bind.Listener) []claim {
	c := claim{name: cmp.Or(l.Hostname, "*")}
	for _, certificate := range l.Certificates {
		if slices.ContainsFunc(namesOf(certificate), func(n string) bool { return n == l.Hostname || covers(n, l.Hostname) }) {
			c.certificates = append(c.certificates, certificate)
		}
	}
	switch {
	case len(c.certificates) > 0:
	case l.Hostname == "":
		c.certificates = l.Certificates[:1]
	default:
		c.certificates = l.Certificates
	}
	return []claim{c}
}

// further returns the claims of a listener for the names in its certificates that its hostname has within it: which of several
// certificates is for a name, and also for a single one those names that Kong does not find by a wildcard, which stands for one label
// there. Names that another listener is for are left to that.
func (s serverNames) further(l *bind.Listener) []claim {
	var out []claim
	index := map[string]int{}
	for _, certificate := range l.Certificates {
		for _, n := range namesOf(certificate) {
			if n == l.Hostname || s.listenerFor(n) != l.Hostname || len(l.Certificates) == 1 && foundBy(n, l.Hostname) {
				continue
			}
			at, ok := index[n]
			if !ok {
				at = len(out)
				index[n] = at
				out = append(out, claim{name: n})
			}
			out[at].certificates = append(out[at].certificates, certificate)
		}
	}
	return out
}

// nowhere is no hostname.
const nowhere = "-"

// listenerFor returns the most specific hostname of a listener that a server name is within.
func (s serverNames) listenerFor(name string) string {
	if s.listeners[name] {
		return name
	}
	for _, w := range wildcardsOver(name) {
		if s.listeners[w] {
			return w
		}
	}
	if s.listeners[""] {
		return ""
	}
	return nowhere
}

// namesOf returns the DNS names that a certificate is for, in lower case and without those that are no hostnames; none if it is in a vault.
func namesOf(c bind.Certificate) []string {
	if c.Leaf == nil {
		return nil
	}
	var out []string
	for _, n := range c.Leaf.DNSNames {
		n = strings.ToLower(n)
		if len(validation.IsDNS1123Subdomain(n)) == 0 || len(validation.IsWildcardDNS1123Subdomain(n)) == 0 {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// covers reports whether a certificate's wildcard name is for a hostname: it stands for one label (RFC 9525, 6.3).
func covers(wildcard, hostname string) bool {
	rest, ok := strings.CutPrefix(wildcard, "*")
	_, parent, dotted := strings.Cut(hostname, ".")
	return ok && dotted && rest == "."+parent
}

// foundBy reports whether Kong finds the SNI of a listener's hostname for a server name that is within it: by a wildcard for the first of
// at least three labels, or by "*".
//
// Source: Kong 3.9.3, kong/runloop/certificate.lua, produce_wild_snis.
func foundBy(name, hostname string) bool {
	return hostname == "" || !strings.HasPrefix(name, "*") && covers(hostname, name) && strings.Count(name, ".") > 1
}
