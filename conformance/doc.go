// Package conformance runs the Gateway API's conformance suite on gwsync, without a cluster and without a Kong:
//
//	go test ./...                                        # all profiles, router flavor expressions
//	go test . -router-flavor traditional_compatible
//	go test . -report-output report.yaml                 # a ConformanceReport, in the suite's format
//	go test . -v -run-test HTTPRouteWeight               # one test
//	go test . -v -everything                             # what is expected to fail, too
//
// The suite is unchanged, with its own clients and flags. Around it are
//
//	cluster      an API server in memory, pods and the names of Services
//	backend      the servers that the pods are
//	controller   gwsync as a controller: render, status, and a Kong of package sandbox for each Gateway
//
// Gateways and pods have addresses of the loopback network of their own, and listen on the ports that the manifests name: it takes
// Linux, and leave to listen on ports below 1024 (root, or sysctl net.ipv4.ip_unprivileged_port_start=0).
//
// Expectations (expected.go) hold the run to what is known of each test, both ways. docs/conformance.md lists them.
//
// It is a module of its own, so that what the suite depends on is no part of gwsync's modules.
package conformance
