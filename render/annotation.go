package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// forceSSLRedirect is the annotation that has plain requests redirected.
const forceSSLRedirect = "ingress.kubernetes.io/force-ssl-redirect"

// annotate applies the annotations of a route, and returns whether they ask to strip the matched part off paths.
func (t *translator) annotate(r *common) (stripPath bool) {
	a := annotated{t, r.bound.Object}
	a.boolean("strip-path", &stripPath)
	a.boolean("preserve-host", &r.preserveHost)
	r.settings = map[string]any{}
	for name, field := range map[string]string{"request-buffering": "request_buffering", "response-buffering": "response_buffering"} {
		on := false
		if a.boolean(name, &on) {
			r.settings[field] = on
		}
	}
	a.protocols(r)
	a.redirect(r)
	a.checkAliases(r.bound)
	r.narrow = a.narrowing()
	if v, at, ok := a.value("regex-priority"); ok {
		a.refuse(at, fmt.Sprintf("regex_priority %s would put the route before or behind others, against the Gateway API's precedence", v),
			"remove it, and give the routes paths or hostnames of which one is more specific")
	}
	if v, at, ok := a.value("path-handling"); ok && v != "v0" {
		a.refuse(at, fmt.Sprintf("path_handling %s has no effect in router flavors traditional_compatible and expressions", v),
			"remove it: v0 is what Kong does")
	}
	return stripPath
}

// annotated reads the annotations of an object.
type annotated struct {
	*translator
	object manifest.Object
}

func (a annotated) value(name string) (value, field string, ok bool) {
	return annotation(a.object.Annotations(), name)
}

// list returns the entries of an annotation, which stand between separators.
func (a annotated) list(name, separator string) (entries []string, field string) {
	value, field, _ := a.value(name)
	for entry := range strings.SplitSeq(value, separator) {
		if entry = strings.TrimSpace(entry); entry != "" {
			entries = append(entries, entry)
		}
	}
	return entries, field
}

func (a annotated) invalid(field, format string, args ...any) {
	a.report(invalidAnnotation(a.object, field, fmt.Sprintf(format, args...)))
}

func (a annotated) refuse(field, message, hint string) {
	f := unsupported(a.object, field, message)
	f.Hint = hint
	a.report(f)
}

// boolean sets what an annotation says, and reports whether it says anything.
func (a annotated) boolean(name string, to *bool) bool {
	value, at, ok := a.value(name)
	switch {
	case !ok:
		return false
	case value != "true" && value != "false":
		a.invalid(at, `%q is neither "true" nor "false"`, value)
		return false
	}
	*to = value == "true"
	return true
}

// protocols sets the protocols that the route is for. Kong tells calls of gRPC by their routes' matches, not by a protocol.
func (a annotated) protocols(r *common) {
	_, at, ok := a.value("protocols")
	if !ok {
		return
	}
	var set []string
	entries, _ := a.list("protocols", ",")
	for _, p := range entries {
		if a.object.Ref.Kind == "GRPCRoute" {
			p = strings.Replace(p, "grpc", "http", 1)
		}
		if p != "http" && p != "https" {
			a.invalid(at, "an %s cannot have protocol %q: want http, https or both", a.object.Ref.Kind, p)
			return
		}
		set = append(set, p)
	}
	if slices.Sort(set); len(set) > 0 {
		r.protocols = slices.Compact(set)
	}
}

// redirect sets how plain requests are answered where the route is for TLS alone.
func (a annotated) redirect(r *common) {
	if value, ok := a.object.Annotations()[forceSSLRedirect]; ok {
		switch value {
		case "true":
			r.protocols, r.settings["https_redirect_status_code"] = []string{"https"}, 302
		case "false":
		default:
			a.invalid("metadata.annotations["+forceSSLRedirect+"]", `%q is neither "true" nor "false"`, value)
		}
	}
	value, at, ok := a.value("https-redirect-status-code")
	if !ok {
		return
	}
	status, err := strconv.Atoi(value)
	if err != nil || !slices.Contains([]int{426, 301, 302, 307, 308}, status) {
		a.invalid(at, "Kong has no https_redirect_status_code %q: want 426, 301, 302, 307 or 308", value)
		return
	}
	r.settings["https_redirect_status_code"] = status
}

// unknownAnnotations warns of annotations konghq.com/... that have no effect where they are: misspelt ones, and those for other kinds.
func (t *translator) unknownAnnotations() {
	for o := range t.set.All() {
		for key := range o.Annotations() {
			name, ok := strings.CutPrefix(key, annotationPrefix)
			if !ok || slices.Contains(annotationsOf(o.Ref), name) || isRoute(o.Ref) && strings.HasPrefix(name, headersPrefix) {
				continue
			}
			field := "metadata.annotations[" + key + "]"
			t.report(diag.Finding{
				Severity: diag.Warning, Code: UnknownAnnotation, Object: o.Ref.Diag(), Pos: o.At(field), Field: field,
				Message: fmt.Sprintf("the annotation %s has no effect on objects of kind %s", key, o.Ref.Kind), Hint: annotationHint(o.Ref, name),
			})
		}
	}
}

func isRoute(r manifest.Ref) bool { return strings.HasSuffix(r.Kind, "Route") }

// annotationsOf returns the annotations konghq.com/... that mean something on an object.
func annotationsOf(r manifest.Ref) []string {
	switch {
	case r.Kind == "HTTPRoute" || r.Kind == "GRPCRoute":
		return []string{
			"plugins", "tags", "strip-path", "preserve-host", "protocols", "https-redirect-status-code", "regex-priority", "methods", "snis",
			"host-aliases", "headers-separator", "path-handling", "request-buffering", "response-buffering",
		}
	case isRoute(r):
		return []string{"plugins", "tags"}
	case r.Kind == "Service" || r.Kind == "KongServiceFacade":
		return []string{
			"plugins", "tags", "protocol", "path", "connect-timeout", "read-timeout", "write-timeout", "retries", "host-header",
			"client-cert", "override", "tls-verify", "tls-verify-depth", "ca-certificates-secrets", "ca-certificates-configmaps", "upstream-policy",
		}
	case r.Kind == "KongConsumer" || r.Kind == "KongConsumerGroup":
		return []string{"plugins", "tags"}
	case r.Kind == "Gateway":
		return []string{"tags", "publish-service"}
	case r.Kind == "GatewayClass":
		return []string{"tags", "gatewayclass-unmanaged"}
	}
	return []string{"tags"}
}

func annotationHint(r manifest.Ref, name string) string {
	switch name {
	case "rewrite":
		return "it is for Ingresses: write a filter of type URLRewrite"
	case "regex-prefix":
		return "it is for Ingresses: write a path of type RegularExpression"
	case "override":
		return "KongIngress is no more: write the annotations for what it says"
	}
	known := annotationsOf(r)
	best, least := "", 1+len(name)/4
	for _, k := range known {
		if d := diag.Distance(name, k); d <= least && (best == "" || d < diag.Distance(name, best)) {
			best = k
		}
	}
	if best != "" {
		return "did you mean " + annotationPrefix + best + "?"
	}
	return "remove it"
}

// checkAliases reports aliases of a route's hostnames that are none, or that have no effect: a route without hostnames has any.
func (a annotated) checkAliases(r *bind.Route) {
	_, at, ok := a.value("host-aliases")
	if !ok {
		return
	}
	_, invalid := bind.HostAliases(a.object.Annotations())
	for _, h := range invalid {
		a.invalid(at, "%q is no hostname", h)
	}
	if len(r.Hostnames) == 0 {
		f := invalidAnnotation(a.object, at, "a route without hostnames is for all of its listeners' already: the aliases have no effect")
		f.Severity = diag.Warning
		a.report(f)
	}
}
