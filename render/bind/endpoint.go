package bind

import (
	"cmp"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/gwsync/gwsync/render/manifest"
)

// servicePortKey is a port of a Service, by name.
type servicePortKey struct {
	service manifest.Ref
	port    string
}

// endpointSlices returns the EndpointSlices by the Service that they name: one of their own namespace, always.
func endpointSlices(s manifest.Set) map[manifest.Ref][]*discoveryv1.EndpointSlice {
	out := map[manifest.Ref][]*discoveryv1.EndpointSlice{}
	for o, slice := range manifest.Of[discoveryv1.EndpointSlice](s) {
		if name := slice.Labels[discoveryv1.LabelServiceName]; name != "" {
			service := manifest.Ref{Kind: kindService, Namespace: o.Ref.Namespace, Name: name}
			out[service] = append(out[service], slice)
		}
	}
	return out
}

// selectorless reports whether a Service has no pods, so that somebody has to write its endpoints.
func selectorless(s *corev1.Service) bool {
	return len(s.Spec.Selector) == 0 && s.Spec.Type != corev1.ServiceTypeExternalName
}

// endpoints returns where a port of a Service without a selector leads. Backends of one port share the result.
func (b *builder) endpoints(k *Backend) []Endpoint {
	if k.ServicePort == nil || !selectorless(k.Service) {
		return nil
	}
	key := servicePortKey{k.Target, k.ServicePort.Name}
	found, ok := b.found[key]
	if !ok {
		for _, slice := range b.endpointSlices[k.Target] {
			found = append(found, endpointsOf(slice, k.ServicePort)...)
		}
		slices.SortFunc(found, func(a, o Endpoint) int {
			return cmp.Or(cmp.Compare(a.Address, o.Address), cmp.Compare(a.Port, o.Port))
		})
		found = slices.Compact(found)
		b.found[key] = found
	}
	return found
}

// endpointsOf returns the ready endpoints of a slice for a port of its Service. The ports of a slice are told by name, and what is beyond
// the first address of an endpoint has no meaning (k8s.io/api/discovery/v1 Endpoint).
func endpointsOf(slice *discoveryv1.EndpointSlice, of *corev1.ServicePort) []Endpoint {
	var out []Endpoint
	for _, p := range slice.Ports {
		if or(p.Name, "") != of.Name || or(p.Protocol, corev1.ProtocolTCP) != protocolOrTCP(of.Protocol) || p.Port == nil {
			continue
		}
		for _, e := range slice.Endpoints {
			if or(e.Conditions.Ready, true) && len(e.Addresses) > 0 {
				out = append(out, Endpoint{Address: canonical(e.Addresses[0]), Port: *p.Port})
			}
		}
	}
	return out
}

// canonical returns an IP address in its one canonical form, and a hostname as it is.
func canonical(address string) string {
	if ip, err := netip.ParseAddr(address); err == nil {
		return ip.String()
	}
	return address
}
