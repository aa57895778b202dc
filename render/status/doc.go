// Package status writes down what a conforming Gateway API controller would write into `.status`, for any set of manifests and without
// a cluster: conditions, parents, listeners, ancestors.
//
// # What is written
//
// [Of] returns the objects that a controller of ours has a say in, each a copy of what the manifests hold, with the API server's
// defaults and with its status:
//
//	GatewayClass      those of our controllers
//	Gateway           those of our classes
//	ListenerSet       all
//	routes            all, of every kind
//	BackendTLSPolicy  all
//
// It decides nothing. All that a status says was decided by package bind; this package knows which condition says it, under which
// reason, and in which order of precedence where several would do. The rules are those of the specification (gateway-api v1.6.3,
// apis/v1: GW, LS, SH and BTP name gateway_types.go, listenerset_types.go, shared_types.go and backendtlspolicy_types.go) and, where that
// leaves a choice, of its conformance suite.
//
// # What is not
//
// A parent that is somebody else's, or that is not among the manifests, has no entry in a route's status (SH RouteStatus.Parents). A
// ListenerSet of such a Gateway has the status that the API server itself puts there: Unknown, Pending.
//
// Files have no generation, so that observedGeneration is left out, and nothing that happened, so that lastTransitionTime, which a
// condition must have, is the epoch: the value that the CRDs' own defaults have. Addresses are not written: they are Kong's, and no
// file holds them. supportedFeatures is not either: it says what traffic can rely on, which depends on the Kong that is rendered for.
//
// "Programmed" says what would be programmed: that rendering makes something of the object, as far as the Gateway API is
// concerned. What gwsync cannot render for a Kong, it says when it renders; apart from regexes, which a Kong's router may refuse, the
// status is the same for every Kong.
//
// # Messages
//
// They are those of [bind.Graph.Explain]: what is wrong, and where within the object ("rule 1: backendRef 0: ..."). They name no files and
// lines, so that the statuses of two versions of the manifests can be compared.
package status
