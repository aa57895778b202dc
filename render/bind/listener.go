package bind

import (
	"slices"
	"strconv"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// newListener resolves all of a listener that does not depend on others: that of its object at an index of spec.listeners.
func (b *builder) newListener(o manifest.Object, index int, spec *gatewayv1.Listener) *Listener {
	l := &Listener{Object: o, Index: index, Spec: spec, field: "spec.listeners[" + strconv.Itoa(index) + "]"}
	l.Pos = o.At(l.field)
	if l.hasHostname() {
		l.Hostname = strings.ToLower(string(or(spec.Hostname, "")))
	}
	if protocolOf(spec.Protocol).family == "" {
		l.Rejected = UnsupportedProtocol
	}
	l.kinds, l.Kinds = routeKinds(spec)
	l.selector = routeSelector(spec.AllowedRoutes)
	b.certificates(l)
	l.Unresolved = l.unresolved()
	return l
}

// hasHostname reports whether the listener's requests name a host; else its hostname is to be ignored (GW Listener.Hostname).
func (l *Listener) hasHostname() bool {
	return l.Spec.Protocol != gatewayv1.TCPProtocolType && l.Spec.Protocol != gatewayv1.UDPProtocolType
}

// TLSMode returns what the listener does with TLS: Terminate or Passthrough, or "" for protocols without TLS.
func (l *Listener) TLSMode() gatewayv1.TLSModeType {
	switch l.Spec.Protocol {
	case gatewayv1.HTTPSProtocolType:
		return gatewayv1.TLSModeTerminate
	case gatewayv1.TLSProtocolType:
		if l.Spec.TLS == nil {
			return gatewayv1.TLSModeTerminate
		}
		return or(l.Spec.TLS.Mode, gatewayv1.TLSModeTerminate)
	}
	return ""
}

// unresolved returns the first reason why a listener's references do not all resolve.
func (l *Listener) unresolved() string {
	for _, k := range l.kinds {
		if !k.valid {
			return InvalidRouteKinds
		}
	}
	for _, c := range l.refs {
		if c.reason != "" {
			return c.reason
		}
	}
	for i := range l.cas {
		if reason := listenerReason(&l.cas[i]); reason != "" {
			return reason
		}
	}
	return ""
}

// valid reports whether nothing about the listener itself keeps it from serving.
func (l *Listener) valid() bool {
	return l.Rejected == "" && !slices.ContainsFunc(l.refs, func(c certificateRef) bool { return c.reason != "" })
}

// Distinct reports whether a flow can be told to be the listener's, and no other's of its Gateway (GW Listeners). It does not matter
// whether the listener can serve it: what is a listener's stays its own while a certificate is missing.
func (l *Listener) Distinct() bool {
	switch l.Rejected {
	case UnsupportedProtocol, HostnameConflict, ProtocolConflict:
		return false
	}
	return l.Gateway != nil && l.Gateway.Reason == ""
}

// protocol is what is known of a listener's protocol.
type protocol struct {
	// family is what can share a port; "" for a protocol that the Gateway API does not define.
	family string
	// kinds are the kinds of routes that it carries (GW Listeners).
	kinds []string
}

func protocolOf(p gatewayv1.ProtocolType) protocol {
	switch p {
	case gatewayv1.HTTPProtocolType:
		return protocol{"HTTP", []string{kindHTTPRoute, kindGRPCRoute}}
	case gatewayv1.HTTPSProtocolType:
		return protocol{"HTTPS", []string{kindHTTPRoute, kindGRPCRoute}}
	case gatewayv1.TLSProtocolType:
		return protocol{"TLS", []string{kindTLSRoute}}
	case gatewayv1.TCPProtocolType:
		return protocol{"TCP", []string{kindTCPRoute}}
	case gatewayv1.UDPProtocolType:
		return protocol{udp, []string{kindUDPRoute}}
	}
	return protocol{}
}

// udp is the family that has ports of its own.
const udp = "UDP"

func (b *builder) reportListener(l *Listener) {
	for _, c := range b.ownChecks(l) {
		if c.Passed {
			continue
		}
		f := diag.Finding{
			Severity: diag.Error, Code: c.Reason, Object: l.Object.Ref.Diag(),
			Pos: c.Pos, Field: c.field, Message: say("listener %s: ", l.Name()) + c.Detail, Hint: c.Fix,
		}
		if c.Name == checkConflict {
			for _, other := range l.conflicts {
				f.Related = append(f.Related, other.Pos)
			}
		}
		b.report(f)
	}
}
