// Package konghq has the Go types of the custom resources of Kong's Ingress Controller, as far as gwsync reads them. They are to package
// manifest what k8s.io/api is for the kinds of Kubernetes: values, without any behaviour. What must be there and which values there are is
// said by package manifest's schemas.
//
// The group is [Group] and the version v1, unless a type says otherwise. Most of these kinds have their fields beside metadata instead of
// below a spec.
package konghq

// Group is the API group of these kinds.
const Group = "configuration.konghq.com"
