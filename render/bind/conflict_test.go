package bind

import (
	"slices"
	"testing"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/manifest"
)

// FuzzConflicts holds the conflicts of a Gateway's listeners to their definition, pair by pair.
func FuzzConflicts(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 1, 2, 3, 4, 5})
	f.Add([]byte{0, 64, 128, 192, 0, 70, 6, 12})
	f.Add([]byte{3, 67, 131, 195, 27, 28, 92})
	f.Fuzz(func(t *testing.T, seed []byte) {
		gw := conflicting(seed[:min(len(seed), 64)])
		markConflicts(gw)
		all := gw.AllListeners()
		for i, l := range all {
			switch l.Rejected {
			case "":
				for _, o := range all[:i] {
					if o.Rejected == "" && indistinct(l, o) {
						t.Errorf("%v of %v and %v of %v are not distinct, and both are accepted", l, l.Object.Ref, o, o.Object.Ref)
					}
				}
			case HostnameConflict, ProtocolConflict:
				holdConflict(t, all, l)
			}
		}
		holdOwn(t, seed, gw)
	})
}

// holdConflict holds a conflict to what it is said to be with: listeners of the same object, or of one that comes before.
func holdConflict(t *testing.T, all []*Listener, l *Listener) {
	t.Helper()
	if len(l.conflicts) == 0 {
		t.Errorf("%v of %v is rejected for nothing", l, l.Object.Ref)
	}
	for _, o := range l.conflicts {
		if sameFamily := endpointOf(o).family == endpointOf(l).family; !indistinct(l, o) || sameFamily != (l.Rejected == HostnameConflict) {
			t.Errorf("%v is rejected with %s for %v", l, l.Rejected, o)
		}
		if o.Object.Ref != l.Object.Ref && slices.Index(all, o) > slices.Index(all, l) {
			t.Errorf("%v of %v loses to %v of %v, which comes later", l, l.Object.Ref, o, o.Object.Ref)
		}
	}
}

// holdOwn says that no ListenerSet changes what becomes of a Gateway's own listeners.
func holdOwn(t *testing.T, seed []byte, gw *Gateway) {
	t.Helper()
	alone := conflicting(seed[:min(len(seed), 64)])
	alone.Sets = nil
	markConflicts(alone)
	for i, l := range gw.Listeners {
		if alone.Listeners[i].Rejected != l.Rejected {
			t.Errorf("with its ListenerSets, %v is %q, and without %q", l, l.Rejected, alone.Listeners[i].Rejected)
		}
	}
}

// indistinct is the definition (GW Listeners): a flow to the port could be meant for both.
func indistinct(a, b *Listener) bool {
	p, q := a.Spec.Protocol, b.Spec.Protocol
	switch udp := gatewayv1.UDPProtocolType; {
	case a.Spec.Port != b.Spec.Port || (p == udp) != (q == udp):
		return false
	case p != q:
		return true
	}
	return a.Hostname == b.Hostname
}

// conflicting makes a Gateway with three ListenerSets, out of few ports, protocols and hostnames.
func conflicting(seed []byte) *Gateway {
	gw := &Gateway{Object: manifest.Object{Ref: manifest.Ref{Kind: kindGateway}}}
	for _, name := range []string{"a", "b", "c"} {
		gw.Sets = append(gw.Sets, &ListenerSet{Object: manifest.Object{Ref: manifest.Ref{Kind: kindListenerSet, Name: name}}})
	}
	protocols := []gatewayv1.ProtocolType{"HTTP", "HTTPS", "TLS", "TCP", "UDP"}
	for _, b := range seed {
		l := &Listener{Gateway: gw, Spec: &gatewayv1.Listener{Port: 80 + gatewayv1.PortNumber(b%2), Protocol: protocols[int(b/2)%len(protocols)]}}
		if l.hasHostname() {
			l.Hostname = []string{"", "a.example.com", "*.example.com"}[int(b/10)%3]
		}
		if i := int(b / 64); i > 0 {
			set := gw.Sets[i-1]
			l.Set, l.Object = set, set.Object
			set.Listeners = append(set.Listeners, l)
		} else {
			l.Object = gw.Object
			gw.Listeners = append(gw.Listeners, l)
		}
	}
	return gw
}
