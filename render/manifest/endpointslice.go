package manifest

import (
	"fmt"
	"net/netip"
	"strings"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// endpointSliceRules are the rules of an EndpointSlice (ValidateEndpointSlice in k8s.io/kubernetes/pkg/apis/discovery/validation).
func endpointSliceRules(s *discoveryv1.EndpointSlice, r report) {
	for i, e := range s.Endpoints {
		for j, address := range e.Addresses {
			endpointAddressRule(address, s.AddressType, fmt.Sprintf("endpoints[%d].addresses[%d]", i, j), r)
		}
		if e.NodeName != nil && len(validation.IsDNS1123Subdomain(*e.NodeName)) > 0 {
			r.invalid(fmt.Sprintf("endpoints[%d].nodeName", i), "must be a DNS name in lower case, not "+quote(*e.NodeName))
		}
	}
	for i, p := range s.Ports {
		appProtocolRule(p.AppProtocol, fmt.Sprintf("ports[%d].appProtocol", i), r)
	}
}

// endpointAddressRule says what an address of a type looks like.
func endpointAddressRule(address string, of discoveryv1.AddressType, field string, r report) {
	switch {
	case of == discoveryv1.AddressTypeFQDN:
		if len(validation.IsFullyQualifiedDomainName(nil, address)) > 0 {
			r.invalid(field, "must be a DNS name of two or more labels in lower case, not "+quote(address))
		}
	case !addressRule(address, field, r):
	case isIPv6(address) != (of == discoveryv1.AddressTypeIPv6):
		r.invalid(field, fmt.Sprintf("must be an %s address, not %s", of, quote(address)))
	}
}

// addressRule says that an address must be one that traffic can be sent to from elsewhere, and reports whether it is.
func addressRule(ip, field string, r report) bool {
	if !addressForm(ip, field, r) {
		return false
	}
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return false // cannot be: it has the form
	}
	special := ""
	switch {
	case a.IsUnspecified():
		special = "the unspecified address"
	case a.IsLoopback():
		special = "a loopback address"
	case a.IsLinkLocalUnicast(), a.IsLinkLocalMulticast():
		special = "a link-local address"
	}
	if special != "" {
		r.invalid(field, "must not be "+special+", which "+quote(ip)+" is")
	}
	return special == ""
}

// addressForm says what an IP address looks like, and reports whether one does.
func addressForm(ip, field string, r report) bool {
	problems := validation.IsValidIPForLegacyField(nil, ip, true, nil)
	for _, p := range problems {
		r.invalid(field, p.Detail+", not "+quote(ip))
	}
	return len(problems) == 0
}

// isIPv6 reports whether a valid address is one of IPv6.
func isIPv6(ip string) bool { return strings.Contains(ip, ":") }
