// Package proxy is the proxy of the embedded Kong, for HTTP/1.1, HTTP/2, gRPC and WebSocket, and for TCP, TLS and UDP streams. It finds
// the route of a request, runs its plugins, asks the backend, and answers as Kong Gateway 3.9.3 does, byte for byte where that is known.
//
//	p := proxy.New(kong.State, flavor, proxy.Options{})
//	p.Serve(ctx, listener)          // HTTP/1.1, and HTTP/2 without TLS
//	p.ServeTLS(ctx, listener)       // both over TLS, by the certificates of the configuration
//	p.ServeTCP(ctx, listener)       // streams; ServeTLSStream and ServeUDP likewise
//
// A [Proxy] reads the configuration from a function and compiles each generation of it once into a table (router, plugins,
// upstreams, certificates). Requests in flight keep the table they began with. One exchange passes through these stations:
//
//	newExchange      what nginx does first: host, target, the requests that it refuses
//	rewrite          the code of global pre- and post-functions
//	route.Router     which route; 404
//	secured          426 or a redirect for a route that speaks only https
//	plugins, access  in the order of Kong's priorities, the most specific configuration of each
//	forward          the service's host, or a target of the upstream of that name; retries; the echo
//	plugins, filter  on every answer, Kong's own too
//	send             the headers that Kong adds last
//
// Like Kong's, the router caches its answers until the configuration changes ([route.Cache]). [Proxy.Trace] bypasses the cache.
//
// A stream takes fewer steps (see [Proxy.ServeTCP]): route, plugins for streams, backend. The proxy closes a stream where Kong does, and
// tells Options.Log why.
//
// # Backends
//
// [Options] say how backends are reached. By default they are not: an echo answers in their place, and says which backend it stands for
// and what would have arrived there. So a configuration for a cluster can be tried without the cluster. To a gRPC client the echo
// answers with the status Unimplemented, which holds the same; on a stream it sends back each piece, preceded by the backend's name.
//
// HTTP backends are asked over HTTP/1.1 with keep-alive, gRPC backends over HTTP/2. Upstreams balance by Kong's four algorithms.
// Consistent hashing chooses the same target as Kong if targets are addresses. Round-robin gives each target its exact share in a
// repeatable order, where Kong shuffles.
//
// # Lua
//
// The code of pre-function and post-function, and the templates of request-transformer, run in gopher-lua, in the same sandbox as in
// Kong (untrusted_lua = sandbox). The parts of kong and ngx that rendered code needs are modelled: see luakong.go and luangx.go. Code
// that uses another part of Kong ends the request with 501, even if it would catch an error. Of the modules that
// Options.SandboxRequires allows, those that verify certificates are modelled (luaopenssl.go). Lua sockets speak TLS to real backends
// (luasockettls.go); the echo presents a certificate for the server name asked for, which verifies against any authority.
//
// Each configuration has a pool of Lua threads, and an exchange holds one of them from its first code to its end. The thread used last
// is used next, so while requests come one by one, globals and upvalues last from request to request as on a Kong with one worker.
//
// Unlike in Kong, code cannot run for ever: a run ends with 501 after a number of instructions, a time, or an amount of text produced.
// Waiting for a socket does not count. Lua is gopher-lua's 5.1, with numbers written as LuaJIT writes them. What differs: the texts of
// Lua's own errors, the order of pairs, and regular expressions with look-around, which end with 501, since Go has none.
//
// # What it does not model
//
// The proxy never ignores a part of the configuration. A route with a plugin that is not among [kinds] answers 501 and says why. So does
// an upstream with health checks, unless its targets are the echo, which is always healthy. A stream is closed if a plugin is configured
// for it that cannot run there; ip-restriction can. To add a plugin, add a file and a row in [kinds]. rate-limiting does not speak to
// Redis, jwt has the algorithms of Go's library, and no plugin reads multipart bodies.
//
// Instead of nginx there is Go's net/http. What net/http refuses before a handler sees it (a header name with a space, two Host
// headers) gets its bare 400 instead of Kong's page. Header names are written in canonical case, and reason phrases are Go's. A server
// name that ends with a dot is refused in the handshake. An answer that is not HTTP is a 502, where Kong takes it for HTTP/0.9.
//
// Request bodies are read whole before the backend is asked, so that they can be sent again. Exceptions, which are streamed and sent
// once: routes with request_buffering off, gRPC services, and bodies of more than 64 MiB. A plugin that has to read a larger body
// answers 413. Answers are always streamed.
//
// There is no caching by X-Accel-*, no request trailers, no upgrade from HTTP/1.1 to HTTP/2, and no stream over TLS and UDP at once.
package proxy
