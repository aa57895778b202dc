package bind

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// Graph is what [Build] found out: our Gateways, every route, and how they hang together. It is read-only, and so is
// everything that can be reached from it.
type Graph struct {
	// Classes are the GatewayClasses of our controllers, sorted by name.
	Classes []*GatewayClass
	// Gateways are those of our classes, sorted by namespace and name.
	Gateways []*Gateway
	// ListenerSets are all ListenerSets, attached to a Gateway of ours or not, sorted by namespace and name.
	ListenerSets []*ListenerSet
	// Routes are all routes of any kind, attached or not, sorted by kind, namespace and name.
	Routes []*Route
	// Policies are all BackendTLSPolicies, sorted by namespace and name.
	Policies []*BackendTLSPolicy

	set        manifest.Set
	options    Options
	gateways   map[manifest.Ref]*Gateway
	sets       map[manifest.Ref]*ListenerSet
	namespaces map[string]labels.Set
	grants     grants
	names      names
}

// Gateway returns the Gateway of ours that r names.
func (g *Graph) Gateway(r manifest.Ref) (*Gateway, bool) {
	gw, ok := g.gateways[r]
	return gw, ok
}

// ListenerSet returns the ListenerSet that r names.
func (g *Graph) ListenerSet(r manifest.Ref) (*ListenerSet, bool) {
	s, ok := g.sets[r]
	return s, ok
}

// Route returns the route that r names.
func (g *Graph) Route(r manifest.Ref) (*Route, bool) {
	i, ok := slices.BinarySearchFunc(g.Routes, r, func(route *Route, r manifest.Ref) int { return route.Object.Ref.Compare(r) })
	if !ok {
		return nil, false
	}
	return g.Routes[i], true
}

// GatewayClass is a GatewayClass of one of our controllers.
type GatewayClass struct {
	Object manifest.Object
	Spec   *gatewayv1.GatewayClass
	// Reason is "" if the class is accepted, else InvalidParameters.
	Reason string
}

// Gateway is a Gateway of one of our classes.
type Gateway struct {
	Object manifest.Object
	Spec   *gatewayv1.Gateway
	// Reason is why no listener of the Gateway serves anything, whatever it says itself: InvalidParameters; else "".
	Reason string
	// ClientCertificate is what Kong presents to backends; nil if spec.tls.backend asks for none, or if it is not usable. Then
	// ClientCertificateReason is InvalidClientCertificateRef or RefNotPermitted.
	ClientCertificate       *Certificate
	ClientCertificateReason string
	// Listeners are the Gateway's own, in the order of spec.listeners.
	Listeners []*Listener
	// Sets are the ListenerSets that it lets attach, in their order of precedence (LS ListenerSetSpec).
	Sets []*ListenerSet
}

// AllListeners returns the Gateway's own listeners and those of its ListenerSets, in their order of precedence.
func (g *Gateway) AllListeners() []*Listener {
	all := slices.Clone(g.Listeners)
	for _, s := range g.Sets {
		all = append(all, s.Listeners...)
	}
	return all
}

// ListenerSet is a ListenerSet: more listeners for a Gateway.
type ListenerSet struct {
	Object manifest.Object
	Spec   *gatewayv1.ListenerSet
	// Target is what parentRef names, with all defaults.
	Target manifest.Ref
	// Gateway is the Gateway that the ListenerSet is attached to; nil if there is none of that name, if it is not ours, or if it
	// does not allow it.
	Gateway *Gateway
	// Listeners are in the order of spec.listeners. They serve nothing while Gateway is nil.
	Listeners []*Listener
	// Reason is "" if the ListenerSet is accepted, else NotAllowed, ParentNotAccepted or ListenersNotValid, or, without a Gateway of ours,
	// ParentNotFound, ForeignParent or ForeignGateway.
	Reason string
}

// BackendTLSPolicy is a BackendTLSPolicy: how Kong speaks TLS to a Service.
type BackendTLSPolicy struct {
	Object manifest.Object
	Spec   *gatewayv1.BackendTLSPolicy
	// Targets has an entry for each of spec.targetRefs, in order.
	Targets []PolicyTarget
	// CACertificates are the usable ones of spec.validation.caCertificateRefs, in order.
	CACertificates []CACertificate
	// Reason is why the policy is not accepted: Conflicted, TargetNotFound, Invalid or NoValidCACertificate; "" if it is.
	Reason string
	// Unresolved is why its references do not all resolve: InvalidCACertificateRef or InvalidKind; "" if they do.
	Unresolved string
	// Gateways are those of ours with a route to a target, sorted by namespace and name: the policy's ancestors.
	Gateways []*Gateway
}

// PolicyTarget is one targetRef of a policy.
type PolicyTarget struct {
	// Index is the place in spec.targetRefs.
	Index int
	Pos   diag.Pos
	// Target is the Service that is named.
	Target manifest.Ref
	// Section is the name of the Service's port that is meant; "" for all.
	Section string
	// Winner is the policy that counts instead of this one; nil if this one does.
	Winner *BackendTLSPolicy
	// Reason is why the policy does not count for this target: Conflicted, TargetNotFound or InvalidKind; "" if it does.
	Reason string
}

// Accepted reports whether at least one listener is not rejected (GW GatewayReasonListenersNotValid).
func (g *Gateway) Accepted() bool {
	return slices.ContainsFunc(g.Listeners, func(l *Listener) bool { return l.Rejected == "" })
}

// Listener is one listener of a Gateway or of a ListenerSet.
type Listener struct {
	// Gateway is the Gateway that it belongs to, directly or by way of Set; nil if a ListenerSet is attached to none.
	Gateway *Gateway
	// Set is the ListenerSet that holds it; nil for a Gateway's own.
	Set *ListenerSet
	// Object is the Gateway or ListenerSet that holds it.
	Object manifest.Object
	// Index is the place in spec.listeners.
	Index int
	Spec  *gatewayv1.Listener
	Pos   diag.Pos
	// Hostname is in lower case; "" is any host.
	Hostname string
	// Kinds are the kinds of routes that may attach, all of the group gateway.networking.k8s.io (GW SupportedKinds).
	Kinds []string
	// Certificates are the usable ones, in order; for a listener of protocol HTTPS that is programmed, all of them.
	Certificates []Certificate
	// Clients is how the listener's clients have to identify themselves, nil if they need not (GW FrontendTLSConfig).
	Clients *gatewayv1.FrontendTLSValidation
	// ClientCAs are the usable ones of Clients, in order.
	ClientCAs []CACertificate
	// Overlaps are other listeners of the port that terminate TLS for hostnames that this one has too, or has within its own (GW
	// ListenerConditionOverlappingTLSConfig).
	Overlaps []*Listener
	// Rejected is why the listener is not accepted: UnsupportedProtocol, NoValidCACertificate, HostnameConflict or
	// ProtocolConflict; "" if it is.
	Rejected string
	// Unresolved is why the references of the listener do not all resolve: RefNotPermitted, InvalidCertificateRef,
	// InvalidCACertificateRef, InvalidCACertificateKind or InvalidRouteKinds; "" if they do.
	Unresolved string
	// Programmed reports whether the listener serves requests: it is not rejected, and its certificates are all usable.
	Programmed bool
	// AttachedRoutes counts the accepted routes, whether the listener is programmed or not (GW AttachedRoutes).
	AttachedRoutes int

	refs      []certificateRef
	kinds     []kindEntry
	selector  selector
	conflicts []*Listener
	field     string
}

// Name returns the listener's name, by which a parentRef's sectionName selects it.
func (l *Listener) Name() string { return string(l.Spec.Name) }

// String describes the listener in a few words: "proxy (HTTPS :443 *.example.com)".
func (l *Listener) String() string {
	if l.Hostname == "" {
		return say("%s (%s :%d)", l.Name(), string(l.Spec.Protocol), l.Spec.Port)
	}
	return say("%s (%s :%d %s)", l.Name(), string(l.Spec.Protocol), l.Spec.Port, l.Hostname)
}

// Certificate is the certificate and key of a Secret that a listener may use.
type Certificate struct {
	Secret manifest.Object
	// Cert and Key are PEM text as the Secret has it. They belong together: [crypto/tls.X509KeyPair] takes them. Key is a secret.
	Cert, Key string
	// Pos is where the listener refers to the Secret.
	Pos diag.Pos
	// Grant is the ReferenceGrant that allows a Secret of another namespace; else zero.
	Grant manifest.Ref
}

// String names the Secret, so that a key is not printed by accident.
func (c Certificate) String() string { return c.Secret.Ref.String() }

// GoString does as String.
func (c Certificate) GoString() string { return c.String() }

// CACertificate is a bundle of certificates of authorities that somebody is to be trusted for.
type CACertificate struct {
	// Object is the ConfigMap or Secret that holds it.
	Object manifest.Object
	// PEM is the text of its ca.crt: one certificate or more.
	PEM string
	// Pos is where it is referred to.
	Pos diag.Pos
	// Grant is the ReferenceGrant that allows an object of another namespace; else zero.
	Grant manifest.Ref
}

// Route is a route of any kind: HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute, as Object.Ref.Kind says.
type Route struct {
	Object manifest.Object
	// Hostnames are spec.hostnames in lower case; none means any host, and so it is for kinds without.
	Hostnames []string
	// Parents has an entry for each of spec.parentRefs, in order.
	Parents []Parent
	// Rules has an entry for each of spec.rules, in order.
	Rules []Rule
}

// Accepted reports whether a listener of ours accepts the route.
func (r *Route) Accepted() bool {
	return slices.ContainsFunc(r.Parents, func(p Parent) bool { return p.Accepted })
}

// Bindings returns where the route is served: the accepted bindings to programmed listeners, over all parents and each listener
// once, in the order of parents and listeners. A route can be accepted and have none.
func (r *Route) Bindings() []Binding {
	var out []Binding
	for _, p := range r.Parents {
		for _, b := range p.Bindings {
			served := b.Accepted && b.Listener.Programmed
			if served && !slices.ContainsFunc(out, func(o Binding) bool { return o.Listener == b.Listener }) {
				out = append(out, b)
			}
		}
	}
	return out
}

// ours reports whether the route names a parent that is not somebody else's business.
func (r *Route) ours() bool {
	return slices.ContainsFunc(r.Parents, func(p Parent) bool { return !p.foreign() })
}

// Parent is one parentRef of a route.
type Parent struct {
	// Index is the place in spec.parentRefs.
	Index int
	Ref   gatewayv1.ParentReference
	// Target is what Ref names, with all defaults.
	Target manifest.Ref
	Pos    diag.Pos
	// Gateway is the Gateway that Target names, or that the ListenerSet which it names is attached to; nil if there is none, or
	// it is not ours.
	Gateway *Gateway
	// Set is the ListenerSet that Target names; nil if it names a Gateway.
	Set *ListenerSet
	// Bindings has an entry for each listener that sectionName and port select, in order.
	Bindings []Binding
	// Accepted reports whether one of the Bindings is, and the route has a rule that is not [Rule.Dropped].
	Accepted bool
	// Reason is "" if Accepted, else NoMatchingParent, NotAllowedByListeners, NoMatchingListenerHostname, HostnameConflict (with a
	// route of kind HTTPRoute or GRPCRoute that comes first), UnsupportedValue or IncompatibleFilters, or, without a Gateway of ours, ParentNotFound, ForeignParent or ForeignGateway.
	Reason string

	field string
}

// foreign reports whether the parent is somebody else's business.
func (p Parent) foreign() bool {
	return p.Reason == ForeignGateway || p.Reason == ForeignParent
}

// Binding is a route at a listener that one of its parentRefs selects.
type Binding struct {
	Listener *Listener
	// Accepted reports whether the listener lets the route attach. Whether it serves is [Listener.Programmed].
	Accepted bool
	// Hostnames are what the listener's hostname and the route's have in common, in lower case and sorted. If Accepted, none
	// means any host.
	Hostnames []string
	// Elsewhere are the hostnames of other, more specific listeners of the same port that are within Hostnames: requests for
	// them belong to those listeners, even where no route answers there (GW Listeners, listener isolation). Sorted.
	Elsewhere []string

	kind, namespace, hostname bool // the outcome of the checks
}

// Reason returns "" if the binding is accepted, else NotAllowedByListeners or NoMatchingListenerHostname.
func (b Binding) Reason() string {
	switch {
	case b.Accepted:
		return ""
	case b.kind && b.namespace:
		return NoMatchingListenerHostname
	}
	return NotAllowedByListeners
}

// Rule is one rule of a route.
type Rule struct {
	// Index is the place in spec.rules.
	Index int
	// Name is "" for a rule without.
	Name string
	Pos  diag.Pos
	// HTTP and GRPC are the rule of an HTTPRoute or a GRPCRoute; nil for other kinds, whose rules are no more than Backends.
	HTTP *gatewayv1.HTTPRouteRule
	GRPC *gatewayv1.GRPCRouteRule
	// Filters has an entry for each of the rule's filters, in order.
	Filters []Filter
	// Backends has an entry for each of backendRefs, in order, usable or not.
	Backends []Backend
	// Dropped is why the rule cannot be served: UnsupportedValue or IncompatibleFilters; "" if it can.
	Dropped string
}

// Filter is one filter of a rule or of a backendRef.
type Filter struct {
	// Index is the place in filters.
	Index int
	Pos   diag.Pos
	// Type is the filter's type, such as "RequestMirror".
	Type string
	// HTTP and GRPC are the filter of an HTTPRoute or a GRPCRoute; one of them is nil.
	HTTP *gatewayv1.HTTPRouteFilter
	GRPC *gatewayv1.GRPCRouteFilter
	// Mirror is what a filter of type RequestMirror refers to; nil for other types.
	Mirror *Backend
	// Extension is what a filter of type ExtensionRef refers to, in the route's namespace; zero for other types.
	Extension manifest.Ref
	// Reason is why the filter's reference does not resolve; "" if it does, or there is none.
	Reason string

	field string
}

// Backend is one backendRef of a rule.
type Backend struct {
	// Index is the place in backendRefs.
	Index int
	Spec  *gatewayv1.BackendRef
	Pos   diag.Pos
	// Filters has an entry for each of the backendRef's filters, in order.
	Filters []Filter
	// Target is what the backendRef names, with all defaults. Whether it exists is not to be asked unless Reason is "" or
	// BackendNotFound.
	Target manifest.Ref
	// Port is the Service's port; 0 if the backendRef names none. Weight is at least 0; 0 gets no requests.
	Port, Weight int32
	// Reason is "" if the backend is usable, else InvalidKind, RefNotPermitted, BackendNotFound or UnsupportedProtocol: its
	// share of requests is answered 500 (HR HTTPRouteRule.BackendRefs).
	Reason string
	// Service and Object are the Service, nil and zero if there is none or it must not be known.
	Service *corev1.Service
	Object  manifest.Object
	// ServicePort is the port of Service that Port names; nil for a Service of type ExternalName without such a port.
	ServicePort *corev1.ServicePort
	// Grant is the ReferenceGrant that allows a Service of another namespace; else zero.
	Grant manifest.Ref
	// Endpoints are where a Service without a selector leads, by its EndpointSlices; none for other Services. They are sorted.
	Endpoints []Endpoint
	// Policy is how to speak TLS to the backend; nil if no BackendTLSPolicy is for it.
	Policy *BackendTLSPolicy

	field string
}

// Endpoint is one address behind a Service.
type Endpoint struct {
	// Address is an IP address, or a hostname for slices of type FQDN.
	Address string
	Port    int32
}
