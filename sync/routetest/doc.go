// Package routetest runs routing tests: what is expected of requests, written in YAML beside the manifests, held to what a Kong does with
// them.
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
//	    route: HTTPRoute shop/echo                         # whose rule answers
//	    status: 200                                        # what the client gets
//	    location: https://www.example.com/                 # where a redirect leads
//	    responseHeaders: {X-Added: "1"}                    # null: there is no such header
//	- name: a call gets to the cart
//	  request: {url: http://grpc.example.com, grpc: shop.v1.Cart/Add}
//	  expect: {backend: shop/cart:9000}
//	- name: calls of what is not there are told so
//	  request: {url: http://grpc.example.com, grpc: shop.v1.Nothing/Add}
//	  expect: {noRoute: true, grpcStatus: 12}              # UNIMPLEMENTED
//	- name: nothing else is served
//	  request: {url: http://www.example.com/other}
//	  expect: {noRoute: true}                              # Kong's 404
//
// Only what is written down is expected, and something must be. Unknown fields are errors, so that no expectation is lost by a
// misspelling.
//
// # Where it runs
//
// [Offline] asks an embedded Kong with the rendered configuration: no network, and every expectation can be held to what happens.
// Its backends are an echo that answers 200, so that a status other than Kong's own is not known there. [Live] sends the requests to a
// real proxy: what its backends got is known only if they say so, as the echo of `gwsync sandbox` does, and which route answered only
// if Kong does (allow_debug_header in kong.conf). Calls of gRPC are sent over HTTP/2, for which a listener without TLS needs http2 in
// proxy_listen; the status of those that a backend answers is the backend's, and not known offline. What cannot be known is counted as
// unchecked and said, never taken for right.
package routetest
