package manifest

import (
	"fmt"
	"net/netip"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// gatewayRules are the rules of a Gateway.
func gatewayRules(g *gatewayv1.Gateway, r report) {
	type endpoint struct {
		port               gatewayv1.PortNumber
		protocol, hostname string
	}
	seen := map[endpoint]gatewayv1.SectionName{}
	for i, l := range g.Spec.Listeners {
		field := fmt.Sprintf("spec.listeners[%d]", i)
		listenerRules(l, field, r)
		e := endpoint{l.Port, string(l.Protocol), string(deref(l.Hostname))}
		if first, again := seen[e]; again {
			r.invalid(field, fmt.Sprintf("has the same port, protocol and hostname as the listener %q", first))
			continue
		}
		seen[e] = l.Name
	}
	addressRules(g.Spec.Addresses, r)
}

// listenerRules says which fields go with which protocol.
func listenerRules(l gatewayv1.Listener, field string, r report) {
	protocol := l.Protocol
	switch protocol {
	case gatewayv1.HTTPProtocolType, gatewayv1.TCPProtocolType, gatewayv1.UDPProtocolType:
		if l.TLS != nil {
			r.invalid(field+".tls", fmt.Sprintf("must not be set for the protocol %s", protocol))
		}
	case gatewayv1.HTTPSProtocolType:
		if l.TLS != nil && deref(l.TLS.Mode) != gatewayv1.TLSModeTerminate {
			r.invalid(field+".tls.mode", "must be Terminate for the protocol HTTPS")
		}
	case gatewayv1.TLSProtocolType:
		if l.TLS == nil {
			r(CodeMissingField, field+".tls", "tls is required for the protocol TLS", "")
		}
	}
	if (protocol == gatewayv1.TCPProtocolType || protocol == gatewayv1.UDPProtocolType) && l.Hostname != nil {
		r.invalid(field+".hostname", fmt.Sprintf("must not be set for the protocol %s", protocol))
	}
	if t := l.TLS; t != nil && deref(t.Mode) == gatewayv1.TLSModeTerminate && len(t.CertificateRefs)+len(t.Options) == 0 {
		r(CodeMissingField, field+".tls.certificateRefs", "certificateRefs is required for the mode Terminate", "")
	}
}

// addressRules says what addresses look like, and that they differ.
func addressRules(addresses []gatewayv1.GatewaySpecAddress, r report) {
	type address struct {
		of    gatewayv1.AddressType
		value string
	}
	seen := map[address]bool{}
	for i, a := range addresses {
		field := fmt.Sprintf("spec.addresses[%d].value", i)
		switch of := deref(a.Type); {
		case a.Value == "" || of != gatewayv1.IPAddressType && of != gatewayv1.HostnameAddressType:
			continue
		case of == gatewayv1.IPAddressType && !isAddress(a.Value):
			r.invalid(field, "must be an IP address, not "+quote(a.Value))
		case of == gatewayv1.HostnameAddressType && !isHostname(a.Value):
			r.invalid(field, "must be a DNS name in lower case, not "+quote(a.Value))
		case seen[address{of, a.Value}]:
			r(CodeDuplicateItem, field, "another address has the value "+quote(a.Value), "")
		default:
			seen[address{of, a.Value}] = true
		}
	}
}

func isAddress(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}
