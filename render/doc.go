// Package render turns Gateway API manifests into Kong's configuration, without a cluster and without I/O.
//
// [Render] is the pipeline in one call: manifest.Load reads and checks, bind.Build resolves what attaches to what, and
// [Translate] writes the result as Kong entities. Each stage returns findings beside its result and goes on; only findings
// of severity error keep `gwsync apply` from writing.
//
// Translation goes over the routes twice, some at a time on each core, see [translator.inParts]: first for the rules and their Services,
// then for the Routes. Between the two it decides what concerns all of them: precedence, and how listeners are told apart. What is decided
// is spelled out, and routes validated, on the cores that are free, see [composer]. What comes of it is the same on one core and on many.
//
// # What becomes what
//
// A rule of an HTTPRoute becomes a Service, rules of one route with the same backends share one. A Service has the address
// of its one backend (for a headless one its pods' port), or, for several backends, the name of an Upstream with a Target each. A
// Service of Kubernetes without a selector has the addresses of its EndpointSlices, which share its weight evenly; as a rule's only
// backend it is an Upstream NAME.NAMESPACE.PORT.svc, which all such rules share.
// A rule of a GRPCRoute is as one of an HTTPRoute whose matches are about the path /SERVICE/METHOD and the content type, with a Service
// of protocol grpc.
// A TCPRoute, UDPRoute or TLSRoute becomes a Service of protocol tcp, udp or tls, and a Route for its ports, or one for each server name.
// A match becomes a Route: with router flavor expressions one for each hostname, with traditional_compatible one for all.
// Filters become plugins on the Route, declarative ones where those are exact, else pre- and post-function with programs of package lua.
// Two take none: a redirect of plain requests to HTTPS and nothing else is the Route's https_redirect_status_code, and a new prefix of the
// path is the Service's path. A certificate of a listener becomes a Certificate, the listener's hostname its SNI.
// A KongConsumer becomes a Consumer, and each Secret that it names a credential of the type that its label konghq.com/credential says. A
// credential is known by the Secret's name, so that a new value changes the one that is there, and an id tells nothing of the value.
// KongVaults become Vaults, KongCustomEntities what they say: with a parentRef, once for each KongConsumer that names that plugin.
// A KongPlugin becomes a plugin of the Routes, Services and Consumers that name it, a KongClusterPlugin with the label global one of all
// requests. Kong has one plugin of a name on an entity: with what gwsync generates it is made one, see [merge], and what contradicts is an
// error. A plugin that cannot be used makes the route answer 500, for it may be the one that asks who is there; such a Route leads to no
// Service, whose plugins could answer first, and has no other plugin. A user's global plugin, or one for a consumer, would still answer
// before request-termination, as nearly all run earlier: an aws-lambda, or a proxy-cache that keeps answers of before, would give away what
// is not for everybody. So where there is one, a pre-function answers 500, before all others. With Declarative, and with plugins in Kong
// that the manifests do not hold, they do answer first. Nor does a KongConsumer whose own plugin cannot be used get more than
// request-termination. A KongUpstreamPolicy gives a backend an Upstream of its own, annotations of a Service are fields of the Kong Service
// or Upstream. Timeouts and retries are fields of the Service, sessions those of an Upstream that hashes. See [lua.Resend] for retries that
// Kong cannot do, [lua.Copies] for mirrors, [lua.Choose] for backends with filters of their own, each group of which has an Upstream.
// Secrets and ConfigMaps with the label konghq.com/ca-cert become CACertificates, whether anything refers to them or not.
// Names, ids and k8s-* tags are those of Kong's Ingress Controller, so that a Kong that it manages can be taken over in place.
//
// # Precedence
//
// The Gateway API orders matches over all routes: hostname, kind and length of the path, method, number of headers, number of
// query parameters, then namespace/name of the route and the order within it. Regular expressions, which the
// specification leaves to implementations, stand between Exact and PathPrefix, longer ones first. With expressions the
// order is the Route's priority, see [exprPriority]. With traditional_compatible it is regex_priority, as far as Kong's
// own weights leave room, see [translator.rank].
//
// On ARM64, Kong 3.9 cuts the priorities of expressions to 32 bits: bit.bor of LuaJIT there takes a number beside a 64-bit one for an int32
// (kong/router/transform.lua, get_priority; github.com/LuaJIT/LuaJIT/issues/1273). Those of traditional_compatible fit.
//
// Of calls, the matches of GRPCRoutes, the hostname comes first, too, then the characters of service and method, and headers. Calls that
// no match takes are answered with the status UNIMPLEMENTED on the hostnames of listeners with GRPCRoutes, those for broken backends with
// UNAVAILABLE: in headers, and with the status of HTTP that clients take for the same. Over TLS without a server name the first may be
// NOT_FOUND, where there are HTTP listeners too. Regular expressions match all of a service or method; ^ and $ are for their ends only.
//
// Of server names exact ones come before wildcards, and longer ones first.
//
// # Exactness
//
// A request that the Gateway API sends to a backend goes to that backend in the rendered Kong, or a finding says that it
// cannot be expressed. Codes of this package: UnsupportedValue (Kong, this flavor or this version of gwsync cannot say
// it; an error), UnknownPort (the pods of a headless Service listen on a port that has only a name; a warning), ServedElsewhere (Kong
// answers on a listener that the route is not attached to, or with hostnames that it has elsewhere; a warning), CaseInsensitiveHeader
// (traditional_compatible ignores the case of header values; a warning), InexactWeight (Kong's weights end at 65535; a warning),
// InexactTimeout (for information), InexactMirror, InexactSession and OverriddenAnnotation (warnings), TLSWithoutSNI (TLS requests without
// a server name count as plain ones; for information), SharedCacheKey (Kong's cache takes requests for one kind that a match tells apart,
// see [KeyHeader]; a warning), UnmappedPort (Kong must listen on the very port of a TLS listener; a warning), HostReplaced (a warning),
// AskedByLua (for information). docs/findings.md has them all.
//
// # TLS
//
// A listener's certificates are found by its hostname, and where there are several, by the names in them; one name has one certificate, or
// two with keys of different types. Kong finds no certificate for clients that name no server, and by a wildcard for one label only, so
// that longer names in a certificate get an SNI of their own.
//
// A backend under a BackendTLSPolicy is verified, or answered 500: nothing is sent to it without TLS. Kong has one name for a backend,
// server name and Host at once. Where the requests of a rule have the policy's hostname for a Host anyway, and no other name is to be in
// the certificate, that is exact. Else Lua asks the backends in Kong's place (AskedByLua, luatls.go), where it may load the modules that
// take the policy's authorities ([Target.Modules]): it keeps the Host, looks for all subjectAltNames, and trusts the system's authorities
// without a module. It buffers, answers WebSockets 501, connects for each request, tries no other address unless the rule has retry, and
// knows neither client certificates, sessions nor KongUpstreamPolicies. Where Lua cannot, the Host is the policy's hostname (HostReplaced),
// other names are refused, and the system's authorities take settings (NeedsSetting). After a policy has changed, Kong may use connections
// that were made before it for another minute; Lua's last for one request. A Gateway's client certificate is presented to its routes'
// backends (identify.go).
//
// Policies are for the backends of TCPRoutes and of TLSRoutes that Kong ends, too: a Service of protocol tls, and an Upstream whose
// host_header is the server name. For those of GRPCRoutes Kong has no tls_verify: they are refused.
//
// Clients have to present certificates where the target allows what that takes ([Target.RequestClientCertificates]), else the listener
// stays shut (clients.go): Kong asks all clients of its TLS listeners for one, a route's own code verifies it, and closes the connection of
// those without.
//
// With flavor expressions, requests for a host of another HTTPS listener than that of the handshake are answered 421 (misdirected.go);
// traditional_compatible serves them (MisdirectedRequest). Server names are those of all ports (SharedServerName, SNIConflict).
//
// # Delivery
//
// What of a rule's delivery is exact, and what is not:
//
//   - weights: exact for backends of one filter list, by Kong's balancer; in the mean where Lua chooses at random, as it does between
//     backends with different filters and for the share of those that are broken.
//   - timeouts: Kong has one for each wait (InexactTimeout). request and backendRequest limit the same then, the shorter one counts, and
//     nothing is asked again, unless the backend's annotation konghq.com/retries says so and there is no request timeout. The Gateway API's
//     field wins over a longer timeout by annotation (OverriddenAnnotation).
//   - retry without codes, backoff and request timeout: Kong's own, for failed connections and timeouts. nginx does not send POST, PATCH
//     and LOCK again once they are under way. Else Lua asks the backend, exactly, with any method; request and answer are in memory as a
//     whole, trailers are dropped; a KongUpstreamPolicy that says which backend gets a request is refused beside it. It
//     speaks TLS as a BackendTLSPolicy says, not as annotations do. attempts is 1 by default.
//   - mirrors: copies are of the request that goes to the backend, after all filters of the rule in whatever order, with its Host. They
//     are held in memory until they are sent; Kong bounds how many there are (lua_max_pending_timers, lua_max_running_timers), and leaves
//     out the rest. No copies are made of WebSockets and of requests that a plugin answers. Annotations of the mirror's Service say nothing
//     of them (InexactMirror). A mirror with a BackendTLSPolicy is verified by Lua.
//   - sessions: hashed (InexactSession), for backends whose pods Kong sees: headless Services, those with EndpointSlices, ExternalName.
//     Others are refused: the specification has a session stay with an endpoint, git does not tell those of a Service with an address of
//     its own, and what is behind that address chooses anew for each connection.
//   - filters of one backend of several, a redirect or CORS among them: exact, by Lua that chooses before anything else of theirs is done.
//     A plugin (ExtensionRef) must be that of all backends of the rule: Kong runs the plugins of a Route before anything can choose, and in
//     a phase each, so that what is put off until then would be another plugin.
//   - backends with and without TLS in one rule: exact, request by request. With HTTP/2 (h2c, gRPC) all or none: Kong decides that by the
//     Service, before plugins run. So it is with a BackendTLSPolicy: a backend that is under another one than the rest of its rule, or
//     alone under one, is answered 500, with an error.
//
// # Listeners
//
// A request gets to the routes of one listener: of those on its port, the one with the most specific hostname. By hostname, that
// takes a Route for each listener whose requests would else get to a wider one's routes; it answers 404, see [isolation].
// By protocol and port it takes expressions: see [apart] for how they tell, and [PortHeader]. With traditional_compatible, and by port in
// profile declarative, it is a finding where a listener's routes answer for another (UnsupportedValue, ServedElsewhere).
//
// Kong's ports that no listener has are not looked at. There, the routes of all listeners may answer, but for those that ask for a port.
// The hostnames of routes with traditional_compatible match in lower case only, as browsers send them: Kong compares the Host header
// as it is, and has no other field for it, so that a request for SHOP.example.com goes to the routes of *.example.com, if to any.
//
// # Values
//
// What the specification leaves open is Kong's: of a header or query parameter that is repeated all values must match (with
// traditional_compatible one of the header's), and a header X_A counts as X-A, and instead of it where both are sent. Of query parameters
// that a program copies into headers, see [QueryHeader], the first value counts, as the specification recommends.
//
// FuzzEquivalence and FuzzCallEquivalence hold all this to a reading of the specification that knows nothing of Kong.
package render
