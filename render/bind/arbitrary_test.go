package bind

import (
	"fmt"
	"strings"
)

// words deals words out by the bytes of a seed.
type words struct{ seed []byte }

func (w *words) next(from ...string) string {
	if len(w.seed) == 0 {
		return from[0]
	}
	word := from[int(w.seed[0])%len(from)]
	w.seed = w.seed[1:]
	return word
}

func (w *words) namespace() string { return w.next("a", "b", "c") }

func (w *words) hostname() string {
	return w.next("", "a.example.com", "'*.example.com'", "'*.a.example.com'", "example.net")
}

// arbitraryManifests makes documents out of few words, so that many of them fit together. No two have one name.
func arbitraryManifests(seed []byte) []string {
	w := &words{seed}
	docs := []string{gatewayDoc(w, 0)}
	for n := 1; len(w.seed) > 0; n++ {
		docs = append(docs, arbitraryDoc(w, n))
	}
	return unique(docs)
}

func arbitraryDoc(w *words, n int) string {
	switch w.next("http", "grant", "service", "gateway", "namespace", "grpc", "stream", "tls", "set", "policy", "slice") {
	case "http":
		return httpRouteDoc(w, n)
	case "grant":
		return grantDoc(w, n)
	case "gateway":
		return gatewayDoc(w, n)
	case "grpc":
		return grpcRouteDoc(w, n)
	case "stream":
		return fmt.Sprintf(routeHead+`  rules: [{backendRefs: [{name: x0, port: 80, namespace: %s}]}]`,
			w.next("TCPRoute", "UDPRoute"), w.namespace(), n, parentRefs(w), "", w.namespace())
	case "tls":
		return fmt.Sprintf(routeHead+`  rules: [{backendRefs: [{name: x0, port: 80}]}]`,
			"TLSRoute", w.namespace(), n, parentRefs(w),
			"  hostnames: ["+w.next("a.example.com", "'*.example.com'", "b.example.com, a.example.com")+"]\n")
	case "set":
		return listenerSetDoc(w, n)
	case "policy":
		return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {namespace: %s, name: p%d}
spec:
  targetRefs: [{group: "", kind: Service, name: %s}]
  validation: {hostname: x.example.com, %s}`, w.namespace(), n, w.next("x0", "y1"),
			w.next("wellKnownCACertificates: System", `caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]`))
	case "slice":
		return fmt.Sprintf(`apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {namespace: %s, name: e%d, labels: {kubernetes.io/service-name: %s}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [192.0.2.1]}]`, w.namespace(), n, w.next("x0", "x1"))
	case "namespace":
		return namespaceDoc(w.namespace(), w.next("dev", "prod"))
	}
	return fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {namespace: %s, name: %s%d}\nspec: {ports: [{port: %s}]}",
		w.namespace(), w.next("x", "y"), n%3, w.next("80", "81"))
}

func namespaceDoc(name, env string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {env: %s}}", name, env)
}

// unique leaves out documents whose kind, namespace and name are taken.
func unique(docs []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, d := range docs {
		_, rest, _ := strings.Cut(d, "kind: ")
		name, _, _ := strings.Cut(rest, "}")
		name, _, _ = strings.Cut(name, ", labels")
		if !seen[name] {
			seen[name] = true
			out = append(out, d)
		}
	}
	return out
}

func gatewayDoc(w *words, n int) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {namespace: %s, name: g%d}
spec:
  gatewayClassName: %s
  allowedListeners: {namespaces: {from: %s, selector: {matchLabels: {env: dev}}}}
  listeners:
  - {name: l0, port: %s, protocol: %s, allowedRoutes: {namespaces: {from: %s, selector: {matchLabels: {env: dev}}}}}
  - {name: l1, port: %s, protocol: HTTP, hostname: "%s", allowedRoutes: {namespaces: {from: All}%s}}
  - {name: l2, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: s, namespace: %s}]}}
  - {name: l3, port: 444, protocol: TLS, tls: {mode: Passthrough}}`,
		w.namespace(), n, w.next("kong", "kong", "kong", "other"), w.next("None", "All", "Same", "Selector"),
		w.next("80", "81"), w.next("HTTP", "TCP", "UDP", "ODD"), w.next("All", "Same", "Selector"),
		w.next("80", "82"), w.next("*.example.com", "a.example.com"), w.next("", ", kinds: [{kind: GRPCRoute}]", ", kinds: [{kind: TCPRoute}]"),
		w.namespace())
}

func listenerSetDoc(w *words, n int) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {namespace: %s, name: s%d}
spec:
  parentRef: {name: g0, namespace: %s}
  listeners:
  - {name: l0, port: %s, protocol: %s, allowedRoutes: {namespaces: {from: %s, selector: {matchLabels: {env: dev}}}}}
  - {name: l1, port: 83, protocol: HTTP, hostname: "%s", allowedRoutes: {namespaces: {from: All}}}`,
		w.namespace(), n%2, w.namespace(), w.next("80", "83"), w.next("HTTP", "UDP"), w.next("All", "Same", "Selector"),
		w.next("*.example.com", "b.example.com"))
}

// routeHead is how every route begins: kind, namespace, number, parentRefs, and what its kind has of its own.
const routeHead = `apiVersion: gateway.networking.k8s.io/v1
kind: %s
metadata: {namespace: %s, name: r%d}
spec:
  parentRefs: [%s]
%s`

func parentRefs(w *words) string {
	ref := fmt.Sprintf("{name: %s, namespace: %s%s}",
		w.next("g0", "g0", "g1"), w.namespace(), w.next("", ", sectionName: l0", ", port: 82", ", sectionName: none"))
	set := fmt.Sprintf("{kind: ListenerSet, name: %s, namespace: %s%s}", w.next("s0", "s1"), w.namespace(), w.next("", ", sectionName: l0"))
	return w.next(ref, ref, set, ref+", "+set)
}

func httpRouteDoc(w *words, n int) string {
	return fmt.Sprintf(routeHead+`  rules:
  - matches: [{path: {type: %s}}]
    backendRefs:
    - {name: %s, namespace: %s, port: %s}
    - {name: %s, port: 80, kind: %s%s}
  - backendRefs:
    - name: x0
      port: 80
      filters:
      - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: A, value: a}], remove: [%s]}}
      - {type: RequestMirror, requestMirror: {backendRef: {name: x1, port: 80, namespace: %s}}}`,
		"HTTPRoute", w.namespace(), n, parentRefs(w), "  hostnames: ["+w.hostname()+"]\n",
		w.next("PathPrefix, value: /a", "RegularExpression, value: '/('", "RegularExpression, value: '/a**'", "Exact, value: /%00"),
		w.next("x0", "x1", "y2", "y0"), w.namespace(), w.next("80", "81"), w.next("x0", "y1"), w.next("Service", "Bucket"),
		w.next("", ", namespace: b", ", namespace: c"), w.next("b", "a"), w.namespace())
}

func grpcRouteDoc(w *words, n int) string {
	return fmt.Sprintf(routeHead+`  rules:
  - matches: [{method: {type: %s}}]
    backendRefs: [{name: x0, port: 80, namespace: %s}]`,
		"GRPCRoute", w.namespace(), n, parentRefs(w), "  hostnames: ["+w.hostname()+"]\n",
		w.next("Exact, service: a.B", "RegularExpression, method: '('", "RegularExpression, service: ''"), w.namespace())
}

func grantDoc(w *words, n int) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {namespace: %s, name: g%d}
spec:
  from:
  - {group: gateway.networking.k8s.io, kind: %s, namespace: %s}
  - {group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: %s}
  to:
  - {group: "", kind: %s%s}
  - {group: "%s", kind: Service, name: x0}`,
		w.namespace(), n, w.next("HTTPRoute", "Gateway", "GRPCRoute", "TCPRoute", "ListenerSet"), w.namespace(), w.namespace(),
		w.next("Service", "Secret"), w.next("", ", name: x1", ", name: y0", ", name: s"), w.next("", "core"))
}
