package bind

import (
	"crypto/x509"
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
	// Plugins are the KongClusterPlugins of our Ingress class, and all KongPlugins, sorted by kind, namespace and name.
	Plugins []*Plugin

	set        manifest.Set
	options    Options
	gateways   map[manifest.Ref]*Gateway
	sets       map[manifest.Ref]*ListenerSet
	namespaces map[string]labels.Set
	grants     grants
	names      func() names // that references may have meant; nobody asks where all of them resolve
	isolation  isolation
	pluginRefs map[pluginNames][]PluginRef
}

// Set returns the objects that the Graph was built of.
func (g *Graph) Set() manifest.Set { return g.set }

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
	// Reason is why no listener of the Gateway serves anything, whatever it says itself: InvalidParameters (its own, or those of its
	// class) or UnsupportedAddress; else "".
	Reason string
	// Unassigned is AddressNotAssigned if the Gateway asks for an address without saying which: gwsync assigns none. Else it is "".
	Unassigned string
	// ClientCertificate is what Kong presents to backends; nil if spec.tls.backend asks for none, or if it is not usable. Then
	// ClientCertificateReason is InvalidClientCertificateRef or RefNotPermitted.
	ClientCertificate       *Certificate
	ClientCertificateReason string
	// Listeners are the Gateway's own, in the order of spec.listeners.
	Listeners []*Listener
	// Sets are the ListenerSets that it lets attach, in their order of precedence (LS ListenerSetSpec).
	Sets []*ListenerSet

	selector    selector      // for ListenerSets
	validations []*validation // of clients
	client      *certificateRef
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

	refs []caRef // spec.validation.caCertificateRefs
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

	field string
}

// Accepted reports whether nothing keeps the whole Gateway from being served, and at least one of its own listeners is not rejected (GW
// GatewayReasonListenersNotValid).
func (g *Gateway) Accepted() bool {
	return g.Reason == "" && slices.ContainsFunc(g.Listeners, func(l *Listener) bool { return l.Rejected == "" })
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
	cas       []caRef
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
	// Cert and Key are PEM text as the Secret has it. They belong together: [crypto/tls.X509KeyPair] takes them. Key is a secret. Either may
	// instead be a reference to one of Kong's vaults, "{vault://...}", which nobody has looked into.
	Cert, Key string
	// Leaf is the first certificate of Cert; nil if that is in a vault.
	Leaf *x509.Certificate
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
	// Hostnames are spec.hostnames in lower case, and those that the annotation konghq.com/host-aliases adds to them; none means any host, and
	// so it is for kinds without.
	Hostnames []string
	// Parents has an entry for each of spec.parentRefs, in order.
	Parents []Parent
	// Rules has an entry for each of spec.rules, in order.
	Rules []Rule

	cover     []string // Hostnames, sorted and without repetitions
	specified int      // how many of Hostnames are those of the spec, if an annotation adds to them
}

// Accepted reports whether a listener of ours accepts the route, for one of its parentRefs.
func (r *Route) Accepted() bool {
	return slices.ContainsFunc(r.Parents, func(p Parent) bool { return p.Accepted })
}

// Bindings returns where the route is served: the bindings that are [Binding.Served], over all parents that accept it and each
// listener once, in the order of parents and listeners. A route can be accepted and have none.
func (r *Route) Bindings() []Binding {
	var out []Binding
	for i := range r.Parents {
		p := &r.Parents[i]
		for j := range p.Bindings {
			if b := &p.Bindings[j]; p.Accepted && b.Served() && !b.repeated {
				out = append(out, *b)
			}
		}
	}
	return out
}

// PartiallyInvalid reports whether some of the rules are [Rule.Dropped] and others are not. The condition of that name is to be set
// for the parents that accept the route (SH RouteConditionPartiallyInvalid), with [Route.DroppedMessage].
func (r *Route) PartiallyInvalid() bool {
	return r.invalid() == "" && slices.ContainsFunc(r.Rules, func(rule Rule) bool { return rule.Dropped != "" })
}

// ours reports whether the route names a parent that is not somebody else's business.
func (r *Route) ours() bool {
	return slices.ContainsFunc(r.Parents, func(p Parent) bool { return !p.foreign() })
}

// hasHostnames reports whether the route is of a kind that has hostnames.
func (r *Route) hasHostnames() bool {
	return r.Object.Ref.Kind != kindTCPRoute && r.Object.Ref.Kind != kindUDPRoute
}

// Parent is one parentRef of a route.
type Parent struct {
	// Index is the place in spec.parentRefs.
	Index int
	Ref   *gatewayv1.ParentReference
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
	// Reason is "" if Accepted, else NoMatchingParent (also for a ListenerSet that its Gateway does not allow), NotAllowedByListeners,
	// NoMatchingListenerHostname, HostnameConflict (with a GRPCRoute or HTTPRoute that comes first, see [Binding.Winner]), UnsupportedValue or
	// IncompatibleFilters (all rules are [Rule.Dropped]); or, where no Gateway of ours has a say and none reports a status,
	// ParentNotFound, ForeignParent or ForeignGateway.
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
	// Winner is the route that has the listener instead of this one, since it comes first by namespace and name; nil if none does.
	// For a GRPCRoute or HTTPRoute it is one of the other kind with a hostname in common, and this one is not Accepted
	// (GR GRPCRouteSpec.Hostnames). For other kinds this one is Accepted all the same and gets no connections: a port has one
	// TCPRoute or UDPRoute, a hostname one TLSRoute.
	Winner *Route
	// Taken are those of Hostnames whose connections go to a TLSRoute that comes first; all of them if there is a Winner. Sorted.
	Taken []string

	kind, namespace, hostname bool   // the outcome of the checks
	repeated                  bool   // a parent before has the listener too
	rival                     *Route // Winner, or whose the first of Taken is
}

// Served reports whether the route gets what comes to the listener, apart from Elsewhere and Taken.
func (b Binding) Served() bool { return b.Accepted && b.Winner == nil && b.Listener.Programmed }

// Reason returns "" if the binding is accepted, else NotAllowedByListeners, NoMatchingListenerHostname or HostnameConflict.
func (b Binding) Reason() string {
	switch {
	case b.Accepted:
		return ""
	case !b.kind || !b.namespace:
		return NotAllowedByListeners
	case !b.hostname:
		return NoMatchingListenerHostname
	}
	return HostnameConflict
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

	denials []Check // why, with the field of each
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
	// Mirror is what a filter of type RequestMirror refers to; nil for other types. Its Weight is 0.
	Mirror *Backend
	// Auth is what a filter of type ExternalAuth refers to, as Mirror.
	Auth *Backend
	// Extension is what a filter of type ExtensionRef refers to, in the route's namespace; zero for other types.
	Extension manifest.Ref
	// Plugin is how a filter of type ExtensionRef resolves if it names a KongPlugin; else nil.
	Plugin *PluginRef
	// Reason is why the filter's reference does not resolve; "" if it does, or there is none. Requests are not mirrored then, and no
	// request passes a filter of type ExtensionRef or ExternalAuth: it is answered with an error (HR HTTPRouteFilter).
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
	// Reason is "" if the backend is usable, else InvalidKind, RefNotPermitted, BackendNotFound, UnsupportedProtocol or
	// InvalidBackendTLSPolicy: its share of requests is answered 500 (HR HTTPRouteRule.BackendRefs).
	Reason string
	// Service and Object are the Service, nil if there is none or it must not be known.
	Service *corev1.Service
	Object  *manifest.Object
	// ServicePort is the port of Service that Port names; nil for a Service of type ExternalName without such a port.
	ServicePort *corev1.ServicePort
	// Grant is the ReferenceGrant that allows a Service of another namespace; else nil.
	Grant *manifest.Ref
	// Endpoints are where a Service without a selector leads, by its EndpointSlices; none for other Services. They are sorted.
	Endpoints []Endpoint
	// Policy is how to speak TLS to the backend, and never to speak without; nil if no BackendTLSPolicy is for it, or if it is not
	// Kong that makes the backend's TLS connections: for a TCPRoute, a UDPRoute, and a TLSRoute whose listeners pass TLS on.
	Policy *BackendTLSPolicy

	field string
}

// Endpoint is one address behind a Service.
type Endpoint struct {
	// Address is an IP address, or a hostname for slices of type FQDN.
	Address string
	Port    int32
}
