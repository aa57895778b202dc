// Package routetest runs routing tests: requests with what is expected of each, written in YAML beside the manifests.
//
// # The file
//
// A file whose name ends in .test.yaml or .test.yml holds tests, in the order in which they run:
//
//	tests:
//	- name: what is below /echo goes to the echo service  # what a report calls it
//	  request:
//	    url: http://www.example.com/echo/a?b=c             # scheme, host and path count; nothing is looked up
//	    method: POST                                       # GET if not given
//	    headers: {X-Version: "2"}
//	    body: hello
//	  expect:
//	    backend: shop/echo:8080                            # the Service that gets the request: NAMESPACE/NAME:PORT
//	    path: /a?b=c                                       # path and query as the backend gets them
//	    host: www.example.com                              # the Host header likewise
//	    headers: {X-Version: "2", X-Secret: null}          # other headers likewise; null: there is no such header
//	    route: HTTPRoute shop/echo                         # the route whose rule answers
//	    status: 200                                        # what the client gets
//	    location: https://www.example.com/                 # where a redirect leads
//	    responseHeaders: {X-Added: "1"}                    # null: there is no such header
//	- name: a call reaches the cart
//	  request: {url: http://grpc.example.com, grpc: shop.v1.Cart/Add}
//	  expect: {backend: shop/cart:9000}
//	- name: unknown methods are unimplemented
//	  request: {url: http://grpc.example.com, grpc: shop.v1.Nothing/Add}
//	  expect: {noRoute: true, grpcStatus: 12}              # UNIMPLEMENTED
//	- name: nothing else is served
//	  request: {url: http://www.example.com/other}
//	  expect: {noRoute: true}                              # Kong's 404
//
// A test checks only the expectations that it states, and must state at least one. Unknown fields are errors, so that no expectation
// is lost to a misspelling.
//
// # Where it runs
//
// [Offline] asks an embedded Kong that holds the rendered configuration, without a network. Its backends are an echo that answers 200,
// so the status, or gRPC status, of a real backend is not known there.
//
// [Live] sends the requests to a real proxy. What a backend received is known only if the backend says so, as the echo of
// `gwsync sandbox` does; which route answered is known only if Kong says so (allow_debug_header in kong.conf). gRPC calls are sent over
// HTTP/2; a listener without TLS needs http2 in proxy_listen for that.
//
// An expectation that cannot be checked is counted and reported as unchecked; it never passes.
package routetest
