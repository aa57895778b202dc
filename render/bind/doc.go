// Package bind resolves references between manifests, as a Gateway API controller does in a cluster: which route attaches to which
// listener of which Gateway, which backend, policy and certificate a reference names, and what allows it.
//
// # The stage
//
// [Build] takes a [manifest.Set] and returns a [Graph] and findings. The Graph is sorted, the same for the same Set, and immutable, so
// many goroutines may read it. What is denied stays in the Graph with its Reason, so that a renderer can answer 500 in its place, as the
// Gateway API prescribes for HTTP, and [Graph.Explain] can say why. Nothing is resolved twice, and nothing is guessed: gwsync knows only
// what is in the manifests.
//
// # The rules
//
// They are those of the specification (gateway-api v1.6.3; HR, GR, GW, GC, LS, SH, RG and BTP stand for the files
// httproute_types.go, grpcroute_types.go, gateway_types.go, gatewayclass_types.go, listenerset_types.go,
// shared_types.go, referencegrant_types.go and backendtlspolicy_types.go of its apis/v1).
//
// A Gateway is ours if its GatewayClass names one of [Options.Controllers], or, where the manifests do not hold the
// GatewayClass, if the class is called [Options.ClassName]; and if [Options.Gateways] names it, or none. It is not
// accepted with parameters other than Kong Operator's (which say how to deploy a Kong, not what it serves), with those
// of its class, or with an address of a type that no Kong has. IP addresses and hostnames are accepted as they are: gwsync does not
// know which a Kong has.
//
// A ListenerSet brings listeners to the Gateway that it names, if the Gateway's allowedListeners lets its namespace (LS
// ListenerSet). For its listeners, the namespace of `from: Same`, of references, and that a ReferenceGrant has to trust, is the
// ListenerSet's. Routes attach to them by naming the ListenerSet, never the Gateway. A ListenerSet is accepted if the Gateway is, and at
// least one of its listeners can serve.
//
// A route of any kind attaches to a listener that its parentRef selects (sectionName, port) if the listener allows the
// route's kind and namespace (allowedRoutes, GW AllowedRoutes) and their hostnames intersect ([Intersect]; TCPRoutes
// and UDPRoutes have none). One accepting listener is enough (SH ParentReference), but every parentRef has to find one
// of its own. One that finds none has, in this order, the reason NoMatchingParent, NotAllowedByListeners,
// NoMatchingListenerHostname or HostnameConflict: the one of the furthest step that any listener reached. A ListenerSet
// that its Gateway does not allow has no listeners: NoMatchingParent. A TLSRoute at a listener of another protocol is
// NotAllowedByListeners, as the conformance tests have it. References to Gateways in other namespaces never need a
// ReferenceGrant.
//
// Some routes cannot be at one listener together. Of an HTTPRoute and a GRPCRoute with a host in common, one is
// accepted (GR GRPCRouteSpec.Hostnames), and the other has the reason HostnameConflict at that listener. Of several
// TCPRoutes or UDPRoutes at a port, and of several TLSRoutes for one hostname, all are accepted and attached, and one
// gets the connections (conformance test TCPRouteMultipleRoutesAttachment). It is the oldest, by a
// metadata.creationTimestamp such as exported manifests have, else the first by namespace and name, and of two kinds the
// GRPCRoute: [Binding.Winner]. Every such case is reported, since files in git seldom state their age. A route that is rejected or
// invalid takes nothing from others.
//
// A rule that the CRDs allow but Kong cannot serve is [Rule.Dropped], and the other rules are served (SH
// RouteConditionPartiallyInvalid). These are rules with a regex that Kong's engines refuse, for the router flavor of [Options.Flavor]
// (those of paths and gRPC methods have to pass PCRE too unless it is expressions); with a literal path or value that
// no request can have which Kong takes; with a match or filter type that gwsync does not know; with two actions for one
// header in a filter (HR HTTPHeaderFilter); with a URLRewrite of the rule and a RequestRedirect of a backendRef, or the
// other way round; with replacePrefixMatch in a backendRef of a rule that has other matches than one PathPrefix. If all
// rules are dropped, the route is not accepted: with the reason of the first.
//
// Labels of namespaces come from Namespace objects. The label kubernetes.io/metadata.name is always known, since the API
// server sets it on every Namespace.
//
// A reference to a Service or a Secret in another namespace needs one ReferenceGrant in that namespace whose `from` and
// `to` both match (RG ReferenceGrantSpec). The grant is checked before the target, so that a denial does not reveal whether the target
// exists.
//
// A backend, of a route of any kind or of one of its filters, is checked for kind, grant, Service, port and protocol, in this order (HR
// HTTPBackendRef). UDPRoutes need a port of protocol UDP, all others one of TCP. HTTPRoutes and GRPCRoutes also need an
// appProtocol that Kong can speak for them, unless the Service's annotation konghq.com/protocol says what to speak. For other
// routes the appProtocol is ignored. A Service without a selector leads to the [Backend.Endpoints] of its
// EndpointSlices.
//
// An invalid backend of a mirror is dropped, and the request goes on (HR HTTPRequestMirrorFilter). No request passes any
// other filter whose reference does not resolve (HR HTTPRouteFilter). Beside the Gateway API's own filters gwsync knows KongPlugins of
// the route's namespace: every other ExtensionRef is one "to an unknown or unsupported Group and/or Kind", which is InvalidKind (SH
// RouteReasonInvalidKind); the route is accepted all the same.
//
// The annotation konghq.com/plugins of a route, a Service, a KongConsumer or a KongConsumerGroup names plugins ([Graph.PluginRefs]),
// those of another namespace as "namespace:name". That needs a ReferenceGrant there, from the group, kind and namespace of the object
// with the annotation, to KongPlugins. Where a namespace has no KongPlugin of a name that was given without one, a KongClusterPlugin of
// the name is meant. KongClusterPlugins are ours if their annotation kubernetes.io/ingress.class is [Options.IngressClass], or if they
// have none. What a plugin's configFrom and configPatches take from Secrets is part of [Plugin.Config], and marked.
//
// A BackendTLSPolicy is for a Service of its own namespace, or with sectionName for one port of it, which counts more
// than one for the whole Service. Of several for the same, the first by name counts, whether it is usable or not (BTP
// TargetRefs). It is accepted if it counts for one of its targets, and its validation has an authority left to trust:
// certificates of ConfigMaps or Secrets, or those of the system, which are the only well-known ones. A backend whose
// policy is not accepted is not to be used: [Backend.Reason]. One that is must not be used without TLS:
// [Backend.Policy]. It is for the backends of routes that Kong opens TLS for: not of UDPRoutes, nor of TLSRoutes that it passes
// on; those of TCPRoutes, of which the specification does not speak, are among them. The policy's status is for the
// [BackendTLSPolicy.Gateways] whose routes lead to a target.
//
// Listeners of one Gateway and its ListenerSets must be distinct (GW Listeners): one port of a Kong serves one of HTTP,
// HTTPS, TLS and TCP, and a hostname of it one listener; UDP has ports of its own. Where two are not distinct, the
// Gateway's own come before those of ListenerSets, and these are in the order of their ages, then of "namespace/name":
// what comes later is rejected, whether the other can serve or not. Among the listeners of one
// object, all are rejected, and none wins. Listeners of two Gateways that are not distinct are an error, since one Kong
// is to serve both. How many listeners there are does not matter: a Kong has no limit.
//
// A listener is [Listener.Programmed] if it is not rejected and all of its certificates are usable, and its Gateway and
// ListenerSet are accepted. As the specification has it, a route may be attached to a listener that is not programmed;
// [Route.Bindings] leaves such listeners out, since nothing must be served there.
//
// Requests belong to the listener of their port whose hostname is the most specific one, of whichever Gateway: what a
// route at another listener does not get is [Binding.Elsewhere] (GW Listeners, "General Listener behavior"). They
// belong to it while its certificate is missing, too.
//
// TLS listeners may terminate or pass through, side by side on one port. The clients of HTTPS listeners have to
// identify themselves as the Gateway's spec.tls.frontend says, those of its ListenerSets too; ConfigMaps and Secrets
// may hold the ca.crt. A listener with nobody left to trust is rejected. What Kong presents to backends is
// [Gateway.ClientCertificate].
//
// # Codes
//
// Findings carry a reason of the Gateway API where it has one:
//
//	RefNotPermitted                 error    no ReferenceGrant allows a backendRef or certificateRef
//	InvalidKind                     error    a backend is no Service, a filter none of the Gateway API's; what a policy is for or trusts
//	                                warning  what a policy of no consequence for us is for or trusts
//	BackendNotFound                 error    a backend's Service, or its port, does not exist
//	UnsupportedProtocol             error    a backend's port does not speak what the route does; a listener's protocol is unknown
//	NoMatchingParent                error    sectionName or port select no listener
//	NotAllowedByListeners           error    no selected listener allows the route's kind and namespace
//	NoMatchingListenerHostname      error    no listener that allows the route shares a hostname with it
//	InvalidRouteKinds               error    allowedRoutes.kinds lists a kind that the listener's protocol cannot carry
//	InvalidCertificateRef           error    a certificate is missing, malformed or not a TLS Secret
//	InvalidClientCertificateRef     error    what a Gateway presents to backends is missing, malformed or not a TLS Secret
//	InvalidCACertificateRef         error    certificates of authorities are missing or malformed
//	InvalidCACertificateKind        error    a Gateway's reference to them is not to a ConfigMap or Secret
//	InsecureFrontendValidationMode  warning  clients are let in though they do not identify themselves
//	TargetNotFound                  error    the Service of a BackendTLSPolicy, or its port, does not exist
//	Conflicted                      error    another BackendTLSPolicy is for the same and comes first; a warning if no route leads there
//	Invalid                         error    a BackendTLSPolicy has well-known certificates that nobody knows; or likewise
//	UnsupportedValue                error    a rule asks for what Kong cannot match or do: it is dropped
//	IncompatibleFilters             error    a rule has filters that exclude each other: it is dropped
//	HostnameConflict                error    listeners of one Gateway share port and hostname; a GRPCRoute and an HTTPRoute share a
//	                                         listener and a host, and the other comes first
//	ProtocolConflict                error    listeners of one Gateway share a port and differ in protocol
//	InvalidParameters               error    parameters of a GatewayClass or a Gateway that gwsync has no use for
//	UnsupportedAddress              error    an address of a type that no Kong has
//	AddressNotAssigned              warning  an address without a value: gwsync assigns none
//	NotAllowed                      error    a Gateway does not let a ListenerSet attach
//	ParentNotAccepted               error    a ListenerSet's Gateway is not accepted
//
// and one of gwsync's own where it has none:
//
//	ParentNotFound                  error    the Gateway or ListenerSet that a route or a ListenerSet names is not among the manifests
//	ForeignParent                   info     a parentRef to another kind than a Gateway or ListenerSet, such as a mesh's Service
//	                                warning  a parentRef to a kind of nearly such a name, or of that name in another group
//	ForeignGateway                  info     a Gateway, or a reference to one, that is somebody else's or left out
//	UnknownGateway                  error    [Options.Gateways] names what is not among the manifests, or not ours
//	UnknownGatewayClass             warning  a Gateway's class is not among the manifests, and its name is nearly ours
//	InvalidSelector                 error    a label selector that no API server can evaluate: it selects nothing
//	NoParentRefs                    warning  a route without parentRefs attaches to nothing
//	UnservedHostname                warning  a hostname of an attached route that no listener of it covers
//	IsolatedHostname                warning  a hostname of an attached route that belongs to listeners which it is not attached to
//	ShadowedRoute                   warning  a TCPRoute, UDPRoute or TLSRoute whose connections go to one that comes first
//	UnusedGrant                     info     a ReferenceGrant that allows no reference, though all whom it trusts are among the manifests
//	SharedListener                  error    listeners of two Gateways that one Kong cannot tell apart
//	ExternalName                    warning  a backend is an alias that leads past all ReferenceGrants
//	NoEndpoints                     warning  a backend has neither a selector nor an endpoint among the manifests
//	NoWeight                        warning  all backends of a rule have weight 0
//	PluginNotFound                  error    a KongPlugin that an annotation or a filter names is not among the manifests
//	InvalidPluginConfig             error    the configuration of a KongPlugin that is used cannot be put together
//	                                warning  a field of it has no effect
//	DuplicatePlugin                 error    two KongClusterPlugins are the same plugin for all requests
//	UnusedPlugin                    info     a KongPlugin that nothing refers to
//
// They are constants of this package under the same names. NoValidCACertificate and InvalidBackendTLSPolicy are reasons
// in the Graph only: the findings are those of the references that cause them.
//
// # Fixes
//
// The hint of a denial is the smallest change to the manifests that allows exactly what was asked for: a ReferenceGrant
// limited to one name, a namespace selector rather than `from: All`, a label. It widens nothing else: it never suggests
// to add to a grant that trusts others too.
package bind
