// Package route is Kong's router as a pure function: which route of a configuration answers a request, why, and what becomes of the
// request on its way to the service. It models Kong Gateway 3.9.3 with the router flavors expressions and
// traditional_compatible, for HTTP and for streams of TCP, TLS and UDP.
//
//   - [New] makes a [Router] of a [kong.State], and [Router.Match] asks it. [Router.Explain] also says what became of every other
//     route. A [Cache] does what a Kong does that has answered requests before.
//   - [Parse] reads Kong's expression language into an [Expr]; [All], [Any], [Not] and the methods of the fields ([HTTPHost],
//     [HTTPPath], ...) write one. What they print is escaped by construction, and put in parentheses so that it cannot be misread.
//   - [Validate] says what the Admin API would refuse in a route, in Kong's words, and where in an expression.
//   - [Priority] and [Split] say where Kong ranks a route.
//   - [CompileRegex], [QuoteRegex] and [CheckPCRE] are for regexes, [NormalizePath] and [EscapePath] for paths, [UnescapeQuery] is
//     for queries, [ParseAddress] and [CheckSNI] are for hosts.
//
// # How Kong's router decides
//
// Every route is an expression with a priority. Those that come without one, the classic routes with hosts, paths, methods, headers,
// snis, sources and destinations, are turned into one by Kong itself, and so they are here: there is one way to evaluate, and classic
// routes and routes with expressions mix. The first expression that holds wins, in descending order of priority, and among equals
// of id. (Neither names nor times matter.) Then
//
//   - a route that wants HTTPS answers plain requests with 426 or a redirect; no other route is looked for;
//   - a route of a disabled service does not exist; a route without a service matches all the same;
//   - the path that the route matched is cut off if it strips the path, and the service's path is put in front. The route's
//     path_handling makes no difference: v1 is for the flavor traditional only.
//
// A Router does not try all routes: an index by host and path tells those that can match. What it finds is what a scan finds.
//
// Sources: kong/router/{transform,expressions,compat,atc,fields,utils}.lua and kong/runloop/handler.lua of Kong 3.9.3, and
// Kong/atc-router 1.6.2, which is the engine. testdata/decisions.txt has a table of decisions, each with its rule's source.
//
// # The language
//
// A predicate compares a field with a constant: http.path ^= "/a". Text compares by == and !=, ^= (prefix), =^ (suffix),
// contains and ~ (regex); numbers by == != < <= > >=; addresses by == and !=, and by in and not in with a network. lower(f) compares
// in lower case. A few things surprise:
//
//   - || binds tighter than &&.
//   - ! needs parentheses: !(a == 1).
//   - A predicate about a field that the request lacks is false, != included. Its ! is true.
//   - Of a repeated header or query parameter, all values must satisfy the predicate; with any(f), one.
//   - net.dst.port is the port of the Host header, if that has one.
//   - Only header and parameter names of letters, digits and _ can be named. In headers _ finds - too.
//   - Regexes are Rust's: see [CompileRegex].
//
// Routes of streams know net.protocol, tls.sni, net.src.ip, net.src.port, net.dst.ip and net.dst.port only.
//
// # Requests
//
// nginx refuses some requests before the router sees them, and so does this package: malformed escapes, NUL, spaces, paths that leave
// the root, a missing, malformed or second Host header, lines of more than 8 KiB, contradictions about the length of the body. Paths are
// normalised before they are compared, see [NormalizePath]; hosts and header values are not. Of headers and of query parameters the
// router sees the first 100. If text that any route asks about is not UTF-8, no route matches at all, and if a parameter that any
// route asks about is repeated and once without "=", the request ends in a 500.
//
// # Classic routes
//
//   - Hosts compare case-sensitively. A wildcard spans any number of labels, empty ones included. A host with a port needs that
//     port; one without takes any.
//   - Header values compare in lower case, values and regexes (~*) lowered alike, so that \D means \d.
//   - A regex path is anchored at its start only, and only its first alternative.
//   - snis also let through what is no TLS; in the flavor traditional_compatible, protocols do not restrict anything
//     but as above, so that an http route answers https and a udp route tcp.
//   - [Priority] tells the order, which is not the one that Kong documents.
//
// # Streams
//
// HTTP and streams are two routers that know nothing of each other. A stream that comes to a port for TLS needs a route of tls, which
// ends the TLS, or of tls_passthrough; if another comes first, Kong closes it. To such a port, a handshake without a server name has
// an empty one; net.protocol is tls there only if some route of streams asks for tls.sni.
//
// # What is not modelled
//
// The flavor traditional, trusted proxies (trusted_ips), port_maps, other kong.conf settings than the defaults, and regexes that
// Go has no word for ([ErrRegexNotModelled]). The router does not balance: what an upstream makes of the Host header is not
// its affair. Nor are the workers of a Kong, which hold caches of their own, and the moments while a router is rebuilt.
package route
