// Package manifest reads Kubernetes manifests as the API server would, without one.
//
// In a cluster, a controller sees only what the API server has let through: unknown fields and wrong values are refused, and defaults
// filled in. Files in a git repository have not been through it, so [Load] does the same. Each object of the [Set] that it returns is
// valid and complete, so the rest of gwsync needs no checks for nil or nonsense, and knows the file, line and column of each of its
// fields ([Object.At]). Everything that the API server would refuse is a finding with its position, for all files and documents at
// once. The codes are listed in codes.go.
//
// # What is read
//
// YAML and JSON, several documents a file, a v1 List or the list of a kind (HTTPRouteList); see [Input] for which files.
// Kinds that gwsync has no use for are skipped and counted ([Set.Skipped]), as are documents that are no Kubernetes objects,
// such as Helm values. What was probably meant to be of a kind that is read is an error, since it would be missed silently:
// HttpRoute, or an HTTPRoute without apiVersion or with a version that is not served.
//
//	kind                              served             with a warning
//	GatewayClass, Gateway, HTTPRoute  v1, v1beta1        v1alpha2 (retired)
//	ListenerSet                       v1
//	GRPCRoute                         v1                 v1alpha2 (retired)
//	TLSRoute                          v1                 v1alpha3, v1alpha2 (experimental)
//	TCPRoute, UDPRoute                v1                 v1alpha2 (experimental)
//	ReferenceGrant                    v1, v1beta1        v1alpha2 (retired)
//	BackendTLSPolicy                  v1                 v1alpha3 (experimental), v1alpha2 (retired)
//	Namespace, Service, Secret, ConfigMap  v1
//	EndpointSlice                     discovery.k8s.io/v1
//	KongPlugin, KongClusterPlugin, KongConsumer  configuration.konghq.com/v1
//	KongConsumerGroup, KongUpstreamPolicy        configuration.konghq.com/v1beta1
//	KongVault, KongCustomEntity                  configuration.konghq.com/v1alpha1
//
// The kinds down to BackendTLSPolicy are of the group gateway.networking.k8s.io. Some of its versions are served only by the CRDs of the
// experimental channel, others only by older releases. Repositories hold them, so they are read, with a finding
// ([CodeDeprecatedVersion]). Whatever the version, [Object.Typed] has the Go type of the newest one, and findings and places name its
// fields; a BackendTLSPolicy of v1alpha2, whose fields had other names, is converted. Only v1alpha2 allows a TLSRoute without hostnames,
// and several rules in a TLSRoute, TCPRoute or UDPRoute. What the API server itself maintains, such as status and managedFields, is
// dropped, so the output of kubectl get -o yaml can be read.
//
// A kind that is not read though it affects how requests are served, such as KongIngress or XListenerSet, is a warning, once a kind
// ([CodeUnsupportedKind], unread.go).
//
// # How this differs from kubectl apply
//
// Directories are read recursively. A link to a directory is not followed, as in kubectl, but is a warning ([CodeNotFollowed]).
// Kustomizations, of Kustomize or of Flux, are not applied; one that does more than name files below it is a warning
// ([CodeKustomization]). A template that was not rendered is an error whose hint says so. generateName is refused, as by kubectl apply.
//
// # How an object is read
//
//	bytes --split--> chunks --parse--> yaml.Node --decoder--> JSON, places, findings --typeReader--> Go value --complete, rules--> Object
//
// Repositories repeat themselves, so most work is done once for what is alike. Documents that differ only in the words at the ends of
// their lines are parsed once (shape.go). Values that look the same to the rules are judged once (validation.go). Objects with the same
// layout share their places (places.go). Equal strings, maps, lists and pointers are one in memory (alike.go), and with [Options.Terse],
// which keeps only what Kong is told, so are whole Services (aside.go). What is remembered is limited, and forgotten with the worker that
// remembers it. A document that is like no other costs as much as its parts.
//
// A file is split at its document markers first, so that a syntax error ends with its document. The decoder then walks the
// nodes of an object next to the schema of its kind (schema/*.json: the CRDs of the Gateway API, and the same for the core
// kinds). In that one pass it finds what is unknown, missing, doubled, of the wrong type or out of range, fills in defaults,
// and notes the places. What a schema cannot say are the CRDs' own rules in CEL (validation.go, package crd), and for the core kinds
// those of the API server's Go code: core.go has what several kinds share, service.go, secret.go and endpointslice.go the rest. The
// schemas of Kong's kinds (package konghq) are written by hand after the CRDs of its Ingress Controller, and their rules are in Go. As in
// the API server, rules are tried on an object only if it agrees with its schema. What only a cluster knows is not checked, such as
// which addresses and node ports it has to give; a port of an EndpointSlice must be from 1 to 65535, which the API server leaves to
// those who use it.
//
// A syntax error stands where the part of its document begins that cannot be read (locate.go).
//
// Scalars mean what they mean to kubectl, which is YAML 1.1: yes and on are booleans, 010 is eight. Anchors, aliases and
// merge keys (<<) work. A null is as if the field were not there.
//
// # The CRDs of the Gateway API
//
// Objects are validated by what would validate them in a cluster, the custom resource definitions of the gateway-api module in go.mod:
//
//	schema/*.json    types, limits, defaults, fields: the decoder; tests hold it to k8s.io/apiextensions-apiserver
//	                 (TestSchemasAreTheCRDs, FuzzAgreesWithAPIServer)
//	CEL, oneOf, not  package crd, which is that library; findings have the rules' own messages (TestEveryRuleIsBroken)
//
// To take over a new version of the Gateway API, change go.mod and run go test -run SchemasAreTheCRDs -update.
//
// The CRDs of the standard channel apply, unless an object has a field, a value or a version that only the experimental channel has:
// then those of that channel apply, and each such field is a warning ([CodeExperimentalField]). Rules that compare an object with its
// predecessor do not apply to manifests. status is ignored, though kubectl apply refuses unknown fields there, too.
//
// Nothing is compiled when the program starts, and rules only when the first object has a value for them. A repository of some
// Gateways and HTTPRoutes takes about 60 ms of processor time more than without rules, one of other kinds less or nothing; the
// libraries' own initialization takes 8 ms of any start. Then rules take about a tenth of the time to load 10,000 HTTPRoutes that all have
// other names, paths and backends (go test ./render/manifest -run '^$' -bench Load -cpuprofile FILE). The libraries make the binary 11.5 MB
// larger (go build -trimpath -ldflags '-s -w').
//
// # Secrets
//
// No finding repeats a value of a Secret, nor text of a document that could not be parsed. stringData is merged into data. An input may be
// for Secrets alone ([Input.SecretsOnly]): those that are in no git.
//
// # Limits
//
// A file has at most 16 MiB ([MaxFileSize]), a document 10,000 levels; the aliases of a file may stand for 1 MiB and four
// times its size. Lines end as YAML has it: LF, CR LF, CR, NEL, LS and PS. Columns count characters, from 1.
package manifest
