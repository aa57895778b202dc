package render

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// upstreamFields returns what is asked of the Upstream that backends share, by annotations of their Services and by the sessions of their
// rule; none if they can do without one. All must agree.
func (t *translator) upstreamFields(d *delivery, backends []bind.Backend) map[string]any {
	backends = slices.DeleteFunc(slices.Clone(backends), func(b bind.Backend) bool { return b.Service == nil }) // a stream's broken ones
	if len(backends) == 0 {
		return d.hashing
	}
	r, first := d.rule, t.asked(*backends[0].Object)
	for _, b := range backends[1:] {
		if !reflect.DeepEqual(t.asked(*b.Object), first) {
			t.report(inconsistent(r, backends[0], b))
		}
	}
	if _, ok := first["host_header"]; ok && r.preserveHost {
		f := invalidAnnotation(*backends[0].Object, annotationField("host-header"),
			fmt.Sprintf("%s keeps the Host of requests, so that it has no effect there", r.bound.Object.Ref))
		f.Severity, f.Related = diag.Warning, []diag.Pos{r.bound.Object.At("metadata")}
		f.Hint = `annotate the route with konghq.com/preserve-host: "false", or use its filter URLRewrite`
		t.report(f)
	}
	fields := maps.Clone(d.hashing)
	for _, name := range slices.Sorted(maps.Keys(first)) {
		if _, ok := fields[name]; ok {
			f := unsupported(r.bound.Object, fmt.Sprintf("spec.rules[%d].sessionPersistence", r.rule.Index),
				fmt.Sprintf("it sets %s of the Kong upstream, and so does the KongUpstreamPolicy of %s", name, backends[0].Object.Ref))
			f.Hint = "keep one of the two"
			t.report(f)
			break
		}
		if fields == nil {
			fields = map[string]any{}
		}
		fields[name] = first[name]
	}
	return fields
}

// byName reports whether a Service is to be reached by its name rather than at its endpoints.
func (t *translator) byName(b bind.Backend) bool {
	return b.Service.Annotations[serviceUpstream] == "true"
}

// serviceUpstream is the annotation that makes the name of a Service its address.
const serviceUpstream = "ingress.kubernetes.io/service-upstream"

// asked returns what the annotations of a Service ask of its Upstream; nil for nothing. They are looked at once.
func (t *translator) asked(service manifest.Object) map[string]any {
	annotations := service.Annotations()
	if _, ok := annotations[serviceUpstream]; !ok && !hasAnnotation(service, policyAnnotation, "host-header", "override") {
		return nil
	}
	if fields, ok := t.upstreams[service.Ref]; ok {
		return fields
	}
	var fields map[string]any
	set := func(name string, v any) {
		if fields == nil {
			fields = map[string]any{}
		}
		fields[name] = v
	}
	if name, field, ok := annotation(annotations, policyAnnotation); ok {
		for name, v := range t.upstreamPolicy(service, name, field) {
			set(name, v)
		}
	}
	if host, field, ok := annotation(annotations, "host-header"); ok {
		if regexp.MustCompile(`^[0-9A-Za-z._-]+(:[0-9]{1,5})?$`).MatchString(host) {
			set("host_header", host)
		} else {
			t.report(invalidAnnotation(service, field, fmt.Sprintf("%q is no hostname with or without a port", host)))
		}
	}
	if v, ok := annotations[serviceUpstream]; ok && v != "true" && v != "false" {
		t.report(invalidAnnotation(service, "metadata.annotations["+serviceUpstream+"]", fmt.Sprintf(`%q is neither "true" nor "false"`, v)))
	}
	if _, field, ok := annotation(annotations, "override"); ok {
		f := invalidAnnotation(service, field, "KongIngress is deprecated and has no effect")
		f.Severity, f.Hint = diag.Warning, "write a KongUpstreamPolicy and annotate the Service with konghq.com/upstream-policy"
		t.report(f)
	}
	t.upstreams[service.Ref] = fields
	return fields
}

// inconsistent says that the Services of two backends ask for different things of what they share.
func inconsistent(r *rule, first, second bind.Backend) diag.Finding {
	f := unsupported(r.bound.Object, fmt.Sprintf("spec.rules[%d].backendRefs[%d]", r.rule.Index, second.Index),
		fmt.Sprintf("annotations of %s and %s differ, but the backends of a rule share one Kong upstream", first.Object.Ref, second.Object.Ref))
	f.Code = InconsistentAnnotations
	f.Related = []diag.Pos{first.Object.At("metadata.annotations"), second.Object.At("metadata.annotations")}
	return f
}
