// Package proxy is the HTTP proxy of the embedded Kong: it takes a request, finds its route, runs the route's plugins and asks
// the backend, and answers as Kong Gateway 3.9.3 does, byte for byte where that is known.
//
// A [Proxy] reads the configuration from a function and compiles it into a table (router, plugins, upstreams, certificates)
// once per generation; requests in flight keep the table that they began with. One exchange goes through these stations:
//
//	newExchange      what nginx does first: host, target, the requests that it refuses
//	route.Router     which route; 404
//	secured          426 or a redirect for a route that speaks only https
//	plugins, access  in the order of Kong's priorities, the most specific configuration of each
//	forward          the service's host, or a target of the upstream of that name; retries; the echo
//	plugins, filter  on every answer, Kong's own too
//	send             the headers that Kong adds last
//
// # Backends
//
// [Options] say how a backend is reached. By default none is: the echo answers in its place, and says which backend it stands
// for and what would have arrived there. That is how a configuration for a cluster can be tried without the cluster.
//
// # What it does not model
//
// The proxy never passes a request on as if a part of the configuration were not there. A route with another plugin than
// request-transformer, response-transformer, request-termination and redirect, a service or upstream that needs what is not
// modelled (grpc, client certificates, hashing, health checks of real backends) answers 501 and says why. Adding a plugin is
// adding a file, and a row in [kinds].
//
// Beneath Kong there is Go's net/http instead of nginx. What net/http refuses before a handler sees it (a header name with a
// space, two Host headers) gets its own bare 400, not Kong's page; header names are written in their canonical case; reason
// phrases are Go's. Request bodies are read whole before the backend is asked, up to 64 MiB, as nginx does without a limit.
// Health checks, HTTP caching by X-Accel-*, HTTP/2 and gRPC towards the backend are not there.
package proxy
