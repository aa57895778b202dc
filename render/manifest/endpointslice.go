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
		appProtocolRule(p.AppProtocol, "ports", i, r)
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
	special := ""
	switch a, _ := netip.ParseAddr(ip); {
	case a.IsUnspecified():
		special = "the unspecified"
	case a.IsLoopback():
		special = "a loopback"
	case a.IsLinkLocalUnicast(), a.IsLinkLocalMulticast():
		special = "a link-local"
	}
	if special != "" {
		r.invalid(field, fmt.Sprintf("must be an address that can be reached from elsewhere: %s is %s address", quote(ip), special))
	}
	return special == ""
}

// addressForm says what an IP address looks like, and reports whether one does.
func addressForm(ip, field string, r report) bool {
	if len(validation.IsValidIPForLegacyField(nil, ip, true, nil)) == 0 {
		return true
	}
	if a, err := netip.ParseAddr(ip); err == nil && a.Is4In6() {
		r.invalid(field, fmt.Sprintf("must not be an IPv4 address in the form of IPv6: write %s, not %s", a.Unmap(), quote(ip)))
	} else {
		r.invalid(field, "must be an IP address such as 10.9.8.7 or 2001:db8::1, not "+quote(ip))
	}
	return false
}

// isIPv6 reports whether a valid address is one of IPv6.
func isIPv6(ip string) bool { return strings.Contains(ip, ":") }
