// Package bind resolves what belongs together: which HTTPRoute attaches to which listener of which Gateway, which
// backend and which certificate a reference names, and who allowed it. It does without a cluster what a Gateway API
// controller does with one.
//
// # The stage
//
// [Build] takes a [manifest.Set] and returns a [Graph] and findings. The Graph is immutable from then on, sorted, the
// same for the same Set, and may be read by many goroutines. What is denied stays in the Graph with its Reason, so
// that a renderer can answer 500 in its place, as the Gateway API prescribes for HTTP, and so that [Graph.Explain] can
// say why. Nothing is resolved twice, and nothing is guessed: all that gwsync knows is in the manifests.
//
// # The rules
//
// They are the specification's (gateway-api v1.6.3; HR, GW, SH and RG name the files httproute_types.go,
// gateway_types.go, shared_types.go and referencegrant_types.go of its apis/v1).
//
// A Gateway is ours if its GatewayClass names one of [Options.Controllers], or, where the manifests do not hold the
// GatewayClass, if the class is called [Options.ClassName].
//
// A route attaches to a listener that its parentRef selects (sectionName, port) if the listener allows the route's kind
// and namespace (allowedRoutes, GW AllowedRoutes) and their hostnames intersect ([Intersect]). One accepting listener is
// enough (SH ParentReference). A route that attaches nowhere has, in this order, the reason NoMatchingParent,
// NotAllowedByListeners or NoMatchingListenerHostname: the one of the furthest step that any listener reached.
// References to Gateways in other namespaces never need a ReferenceGrant.
//
// Labels of namespaces come from Namespace objects. The label kubernetes.io/metadata.name is always known, since the API
// server sets it on every Namespace.
//
// A reference to a Service or a Secret in another namespace needs one ReferenceGrant in that namespace whose `from` and
// `to` both match (RG ReferenceGrantSpec). The grant is looked for before the target, so that a denial does not tell
// whether the target exists. Steps for a backend: kind, grant, Service, port (HR HTTPBackendRef).
//
// Listeners of one Gateway must be distinct (GW Listeners): all that share a port with another protocol family, or port,
// family and hostname, are rejected, and none of them wins. A listener is [Listener.Programmed] if it is not rejected and all of
// its certificates are usable. As the specification has it, a route may be attached to a listener that is not
// programmed; [Route.Bindings] leaves such listeners out, since nothing must be served there.
//
// # Codes
//
// Findings carry a reason of the Gateway API where it has one:
//
//	RefNotPermitted             error    no ReferenceGrant allows a backendRef or certificateRef
//	InvalidKind                 error    a backendRef is not to a Service
//	BackendNotFound             error    a backend's Service, or its port, does not exist
//	UnsupportedProtocol         error    a backend's port speaks no TCP; a listener's protocol is unknown
//	                            warning  a listener's protocol is TLS, TCP or UDP: not rendered yet
//	NoMatchingParent            error    sectionName or port select no listener
//	NotAllowedByListeners       error    no selected listener allows the route's kind and namespace
//	NoMatchingListenerHostname  error    no listener that allows the route shares a hostname with it
//	InvalidRouteKinds           error    allowedRoutes.kinds lists a kind that the listener's protocol cannot carry
//	InvalidCertificateRef       error    a certificate is missing, malformed or not a TLS Secret
//	HostnameConflict            error    listeners of one Gateway share port and hostname
//	ProtocolConflict            error    listeners of one Gateway share a port and differ in protocol
//
// and one of gwsync's own where it has none:
//
//	ParentNotFound              error    a parentRef's Gateway is not among the manifests
//	UnsupportedParent           error    a parentRef to a ListenerSet: not read yet
//	ForeignParent               info     a parentRef to another kind than a Gateway, such as a mesh's Service
//	ForeignGateway              info     a Gateway, or a parentRef to one, of somebody else's class
//	UnknownGatewayClass         warning  a Gateway's class is not among the manifests, and its name is nearly ours
//	InvalidSelector             error    a label selector that no API server can evaluate: it selects nothing
//	NoParentRefs                warning  a route without parentRefs attaches to nothing
//	UnservedHostname            warning  a hostname of an attached route that no listener of it covers
//	SharedListener              warning  listeners of two Gateways share port and hostname: one Kong merges them
//	ExternalName                warning  a backend is an alias that leads past all ReferenceGrants
//
// They are constants of this package under the same names.
//
// # Fixes
//
// The hint of a denial is the smallest change to the manifests that allows exactly what was asked for: a ReferenceGrant
// limited to one name, a namespace selector rather than `from: All`, a label. It widens nothing else: it never suggests
// to add to a grant that trusts others too.
//
// # Not here
//
// ListenerSets, GRPCRoute, TLSRoute, TCPRoute and UDPRoute are not resolved yet; references inside filters are the
// renderer's to refuse, and so is a Service port's appProtocol ([Backend.ServicePort]).
package bind
