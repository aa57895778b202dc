package render

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// addresses returns where Kong reaches a backend: a Service without a selector at its endpoints, as far as the manifests tell them.
func (t *translator) addresses(r *rule, b bind.Backend) ([]share, error) {
	if r.isStream() && r.broken(b) {
		return []share{nobody}, nil
	}
	if _, ok := t.target.Addresses.exception(b.Target, b.Port); ok || len(b.Endpoints) == 0 || t.byName(b) {
		host, port, err := t.address(r, b)
		return []share{{host: host, port: port}}, err
	}
	var out []share
	for _, e := range b.Endpoints {
		host := e.Address
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		host, port, err := t.target.Addresses.split(host + ":" + strconv.Itoa(int(e.Port)))
		if err != nil {
			return nil, fmt.Errorf("endpoint of %s: %w", b.Object.Ref, err)
		}
		out = append(out, share{host: host, port: port})
	}
	return out, nil
}

// address returns where Kong reaches a backend by one address: an ExternalName Service is its name.
func (t *translator) address(r *rule, b bind.Backend) (string, int64, error) {
	if name := b.Service.Spec.ExternalName; name != "" && b.Service.Spec.Type == corev1.ServiceTypeExternalName {
		return t.target.Addresses.split(name + ":" + strconv.Itoa(int(b.Port)))
	}
	addresses := t.target.Addresses
	if _, ok := addresses.exception(b.Target, b.Port); ok || b.Service.Spec.ClusterIP != corev1.ClusterIPNone {
		return addresses.Of(b.Target, b.Port)
	}
	return addresses.fill(b.Target, t.podPort(r, b))
}

// podPort returns the port at which the pods of a headless Service listen. Its name leads straight to them, and nothing maps the
// Service's port to theirs. A targetPort that is a name stands for a number that only the pods know.
func (t *translator) podPort(r *rule, b bind.Backend) int32 {
	switch target := b.ServicePort.TargetPort; {
	case target.Type == intstr.String && target.StrVal != "":
		f := unsupported(r.bound.Object, fmt.Sprintf("spec.rules[%d].backendRefs[%d]", r.rule.Index, b.Index), fmt.Sprintf(
			"%s has no address of its own, and its targetPort %s is no number: Kong reaches its pods at port %d unless DNS says another",
			b.Object.Ref, target.StrVal, b.Port))
		f.Severity, f.Code = diag.Warning, UnknownPort
		f.Related = []diag.Pos{b.Object.At("spec.ports")}
		f.Hint = "write the targetPort as a number, or give the backend an address by --backend-map"
		t.report(f)
	case target.IntVal != 0:
		return target.IntVal
	}
	return b.Port
}

// serviceFields returns the fields that the backends' Services set. All must agree: Kong has one Service for them.
func (t *translator) serviceFields(r *rule, usable []bind.Backend) map[string]any {
	fields := map[string]any{}
	mixed := r.mixesSchemes(usable)
	for i, b := range usable {
		f, annotations := protocol(b), b.Service.Annotations
		switch {
		case r.rule.GRPC != nil:
			f = callProtocol(b)
		case r.isStream():
			f, annotations = r.streamFields(b)
		}
		t.serviceAnnotations(*b.Object, annotations, f)
		maps.Copy(f, t.annotatedTLS(b, r.protocolTo(b)).fields)
		if i > 0 && mixed {
			f["protocol"] = fields["protocol"]
		}
		if i > 0 && !reflect.DeepEqual(f, fields) {
			finding := unsupported(r.bound.Object, fmt.Sprintf("spec.rules[%d].backendRefs[%d]", r.rule.Index, b.Index),
				fmt.Sprintf(
					"annotations or appProtocol of %s port %d and %s port %d differ, but the backends of a rule share one Kong service",
					usable[0].Object.Ref, usable[0].Port, b.Object.Ref, b.Port))
			finding.Code = InconsistentAnnotations
			finding.Related = slices.Compact([]diag.Pos{usable[0].Object.At("metadata.annotations"), b.Object.At("metadata.annotations")})
			t.report(finding)
		}
		if i == 0 {
			if fields = f; mixed {
				fields["protocol"] = "https" // what it has to know of TLS does no harm to the others
			}
		}
	}
	return fields
}

// mixesSchemes reports whether some of a rule's backends are to be reached by HTTPS and others without, and nothing else. That is said
// request by request then. With HTTP/2 Kong speaks to all backends of a Service or to none.
func (r *rule) mixesSchemes(usable []bind.Backend) bool {
	if r.isStream() || r.rule.GRPC != nil {
		return false
	}
	found := map[string]bool{}
	for _, b := range usable {
		if b.Policy != nil {
			return false
		}
		found[cmp.Or(r.protocolTo(b), "http")] = true
	}
	return len(found) == 2 && found["http"] && found["https"]
}

// protocol returns the field that a Service port's appProtocol sets (HTTPBackendRef in the specification, KEP-3726), unless an
// annotation says another. A Service of protocol grpc is how Kong speaks HTTP/2 to a backend; WebSockets need no more than http. Others
// are refused by package bind.
func protocol(b bind.Backend) map[string]any {
	fields := map[string]any{}
	if _, _, ok := annotation(b.Service.Annotations, "protocol"); ok || b.ServicePort == nil || b.ServicePort.AppProtocol == nil {
		return fields
	}
	switch strings.ToLower(*b.ServicePort.AppProtocol) {
	case "https", "kubernetes.io/wss":
		fields["protocol"] = "https"
	case "grpc", "kubernetes.io/h2c":
		fields["protocol"] = "grpc"
	}
	return fields
}

// serviceAnnotations sets the Kong fields that a Service's annotations ask for.
//
// Ranges: Kong 3.9.3, kong/db/schema/entities/services.lua.
func (t *translator) serviceAnnotations(o manifest.Object, annotations map[string]string, fields map[string]any) {
	if v, at, ok := annotation(annotations, "protocol"); ok {
		if slices.Contains([]string{"http", "https", "grpc", "grpcs"}, v) {
			fields["protocol"] = v
		} else {
			t.report(invalidAnnotation(o, at, fmt.Sprintf("protocol %q is none of http, https, grpc and grpcs", v)))
		}
	}
	if v, at, ok := annotation(annotations, "path"); ok {
		switch protocol, problem := fields["protocol"], refusedPath(v); {
		case protocol == "grpc" || protocol == "grpcs":
			t.report(invalidAnnotation(o, at, "Kong takes no path with protocol grpc or grpcs"))
		case problem != "":
			t.report(invalidAnnotation(o, at, problem))
		default:
			fields["path"] = v
		}
	}
	const maxTimeout = 1<<31 - 2
	for _, n := range []struct {
		annotation, field string
		low, high         int64
	}{
		{"connect-timeout", "connect_timeout", 1, maxTimeout},
		{"read-timeout", "read_timeout", 1, maxTimeout},
		{"write-timeout", "write_timeout", 1, maxTimeout},
		{"retries", "retries", 0, 1<<15 - 1},
	} {
		v, at, ok := annotation(annotations, n.annotation)
		if !ok {
			continue
		}
		i, err := strconv.ParseInt(v, 10, 64)
		if err != nil || i < n.low || i > n.high {
			t.report(invalidAnnotation(o, at, fmt.Sprintf("%q is not a whole number from %d to %d", v, n.low, n.high)))
			continue
		}
		fields[n.field] = i
	}
}
