// Package proxy is the proxy of the embedded Kong, for HTTP/1.1, HTTP/2, gRPC and WebSocket, and for streams of TCP, TLS and UDP: it takes
// a request, finds its route, runs the route's plugins and asks the backend, and answers as Kong Gateway 3.9.3 does, byte for byte
// where that is known.
//
//	p := proxy.New(kong.State, flavor, proxy.Options{})
//	p.Serve(ctx, listener)          // HTTP/1.1, and HTTP/2 without TLS
//	p.ServeTLS(ctx, listener)       // both over TLS, by the certificates of the configuration
//	p.ServeTCP(ctx, listener)       // streams; ServeTLSStream and ServeUDP likewise
//
// A [Proxy] reads the configuration from a function and compiles it into a table (router, plugins, upstreams, certificates)
// once per generation; requests in flight keep the table that they began with. One exchange goes through these stations:
//
//	newExchange      what nginx does first: host, target, the requests that it refuses
//	rewrite          the code of pre- and post-functions that are for everything
//	route.Router     which route; 404
//	secured          426 or a redirect for a route that speaks only https
//	plugins, access  in the order of Kong's priorities, the most specific configuration of each
//	forward          the service's host, or a target of the upstream of that name; retries; the echo
//	plugins, filter  on every answer, Kong's own too
//	send             the headers that Kong adds last
//
// The router remembers what it answered, as Kong's does ([route.Cache]), until the configuration changes. [Proxy.Trace] asks it
// without that.
//
// A stream is simpler (see [Proxy.ServeTCP]): route, plugins for streams, a backend. Where Kong closes a stream, so does
// the proxy, and Options.Log hears why.
//
// # Backends
//
// [Options] say how a backend is reached. By default none is: the echo answers in its place, and says which backend it stands
// for and what would have arrived there. That is how a configuration for a cluster can be tried without the cluster. To a client of
// gRPC the echo says so in the status of the call, Unimplemented; of a stream it sends back each piece with the backend's name before it.
//
// HTTP backends are asked over HTTP/1.1 on connections that are kept alive, gRPC ones over HTTP/2. Upstreams balance by Kong's four
// algorithms. Consistent hashing chooses the very target that Kong would, as far as targets are addresses. Round-robin gives
// each target its exact share, in an order that can be repeated, where Kong shuffles.
//
// # Lua
//
// The code of pre-function and post-function, and the templates of request-transformer, run in gopher-lua, behind the same sandbox as
// in Kong (untrusted_lua = sandbox), over the parts of kong and ngx that a route's own code needs: see luakong.go and luangx.go. What is
// there in Kong but not here ends the request with 501, also where the code would catch an error. Of the modules that
// Options.SandboxRequires lets it require, those that verify certificates are modelled (luaopenssl.go). Its sockets speak TLS to real
// backends (luasockettls.go); the echo presents a certificate for the server name that it is asked for, which any authority vouches for.
// Each configuration has a pool of Lua threads; an exchange has one of them to itself from its first code to its end. The thread that was
// used last is used next, so that globals and upvalues last from request to request as on a Kong with one worker, as long as requests come
// one by one.
//
// Unlike in Kong the code cannot run for ever: a run ends with 501 after a number of instructions, a time, or an amount of text made.
// Waiting for a socket does not count. Lua here is 5.1 as gopher-lua has it, with LuaJIT's way to write numbers; the texts of errors
// that Lua itself raises, the order of pairs, and regular expressions with look-around (Go's have none: 501) differ.
//
// # What it does not model
//
// The proxy never passes a request on as if a part of the configuration were not there. A route with a plugin that is not among
// [kinds] answers 501 and says why, as does an upstream with health checks whose targets are not the echo: the echo is always
// healthy. A stream is closed for a plugin that is configured for streams and cannot run there; ip-restriction can. Adding a plugin
// is adding a file, and a row in [kinds]. Of these, rate-limiting does not speak to Redis, jwt knows the algorithms of Go's library,
// and no plugin reads multipart bodies.
//
// Beneath Kong there is Go's net/http instead of nginx. What net/http refuses before a handler sees it (a header name with a
// space, two Host headers) gets its own bare 400, not Kong's page; header names are written in their canonical case; reason
// phrases are Go's; a server name that ends with a dot is refused in the handshake. Where a backend does not speak HTTP, Kong takes
// that for HTTP/0.9 and passes it on; here it is a 502.
//
// Bodies of requests are read whole before the backend is asked, so that they can be sent again, unless the route says otherwise
// (request_buffering), the service is one of gRPC, or they are larger than 64 MiB: those are sent as they come, once. A plugin
// that has to read a larger body gets 413. Answers are always sent as they come.
//
// HTTP caching by X-Accel-* is not there, nor are the trailers of a request, the upgrade from HTTP/1.1 to HTTP/2, and streams over
// TLS and UDP at once.
package proxy
