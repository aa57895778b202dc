package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
)

// warnOfShared reports the listeners whose clients get the certificate of a listener on another port, which has a hostname within theirs:
// Kong's server names are those of all of its ports. One and the same hostname is an error, see [translator.serverName].
func (t *translator) warnOfShared(listeners []*bind.Listener) {
	ports := map[int32][]*bind.Listener{}
	for _, l := range listeners {
		ports[l.Spec.Port] = append(ports[l.Spec.Port], l)
	}
	for _, port := range slices.Sorted(maps.Keys(ports)) {
		own := ports[port]
		names := newServerNames(own)
		byName := map[string]*bind.Listener{}
		for _, l := range own {
			byName[l.Hostname] = cmp.Or(byName[l.Hostname], l)
		}
		said := map[*bind.Listener]bool{}
		for _, other := range listeners {
			l := byName[names.listenerFor(other.Hostname)]
			if l == nil || l.Spec.Port == other.Spec.Port || l.Hostname == other.Hostname || said[l] || sameCertificates(l, other) {
				continue
			}
			said[l] = true
			t.report(sharedName(l, other))
		}
	}
}

func sameCertificates(a, b *bind.Listener) bool {
	return slices.EqualFunc(a.Certificates, b.Certificates, func(c, d bind.Certificate) bool { return c.Secret.Ref == d.Secret.Ref })
}

func sharedName(l, other *bind.Listener) diag.Finding {
	f := unsupported(l.Object, fmt.Sprintf("spec.listeners[%d].tls.certificateRefs", l.Index), fmt.Sprintf(
		"clients of port %d that ask for %s get the certificate of listener %s of %s, which is on port %d: "+
			"Kong has one certificate for a server name, whatever the port",
		l.Spec.Port, other.Hostname, other.Name(), other.Object.Ref, other.Spec.Port))
	f.Severity, f.Code, f.Related = diag.Warning, SharedServerName, []diag.Pos{other.Pos}
	f.Hint = "give both listeners the same certificate, or hostnames that have nothing in common"
	return f
}
