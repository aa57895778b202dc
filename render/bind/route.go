package bind

import (
	"strconv"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/manifest"
)

// newRoute returns what an object says as a route, of whatever kind, with nothing resolved yet; false if it is no route.
func newRoute(o manifest.Object, names fieldNames) (*Route, bool) {
	r := routeReader{&Route{Object: o}, names}
	switch t := o.Typed.(type) {
	case *gatewayv1.HTTPRoute:
		r.Hostnames = hostnames(t.Spec.Hostnames)
		r.addAliases()
		r.addParents(t.Spec.ParentRefs)
		r.Rules = make([]Rule, 0, len(t.Spec.Rules))
		for i := range t.Spec.Rules {
			rule := r.addRule(t.Spec.Rules[i].Name)
			rule.HTTP = &t.Spec.Rules[i]
			rule.Filters = r.httpFilters(r.fieldOf(rule), rule.HTTP.Filters)
			rule.Backends = make([]Backend, 0, len(rule.HTTP.BackendRefs))
			for j := range rule.HTTP.BackendRefs {
				b := r.addBackend(rule, &rule.HTTP.BackendRefs[j].BackendRef)
				b.Filters = r.httpFilters(b.field, rule.HTTP.BackendRefs[j].Filters)
			}
		}
	case *gatewayv1.GRPCRoute:
		r.Hostnames = hostnames(t.Spec.Hostnames)
		r.addAliases()
		r.addParents(t.Spec.ParentRefs)
		r.Rules = make([]Rule, 0, len(t.Spec.Rules))
		for i := range t.Spec.Rules {
			rule := r.addRule(t.Spec.Rules[i].Name)
			rule.GRPC = &t.Spec.Rules[i]
			rule.Filters = r.grpcFilters(r.fieldOf(rule), rule.GRPC.Filters)
			rule.Backends = make([]Backend, 0, len(rule.GRPC.BackendRefs))
			for j := range rule.GRPC.BackendRefs {
				b := r.addBackend(rule, &rule.GRPC.BackendRefs[j].BackendRef)
				b.Filters = r.grpcFilters(b.field, rule.GRPC.BackendRefs[j].Filters)
			}
		}
	case *gatewayv1.TLSRoute:
		r.Hostnames = hostnames(t.Spec.Hostnames)
		r.addParents(t.Spec.ParentRefs)
		for _, spec := range t.Spec.Rules {
			r.addBackends(r.addRule(spec.Name), spec.BackendRefs)
		}
	case *gatewayv1.TCPRoute:
		r.addParents(t.Spec.ParentRefs)
		for _, spec := range t.Spec.Rules {
			r.addBackends(r.addRule(spec.Name), spec.BackendRefs)
		}
	case *gatewayv1.UDPRoute:
		r.addParents(t.Spec.ParentRefs)
		for _, spec := range t.Spec.Rules {
			r.addBackends(r.addRule(spec.Name), spec.BackendRefs)
		}
	default:
		return nil, false
	}
	return r.Route, true
}

// routeReader fills in a route.
type routeReader struct {
	*Route
	names fieldNames
}

// fieldNames are the names of fields that are items of lists, each in memory once: routes have the same ones.
type fieldNames map[fieldName]string

// fieldName is an item of a list that is a field of another one.
type fieldName struct {
	below, list string
	i           int
}

func (n fieldNames) of(below, list string, i int) string {
	key := fieldName{below, list, i}
	name, ok := n[key]
	if !ok {
		name = indexed(below+list, i)
		n[key] = name
	}
	return name
}

func (r routeReader) addParents(refs []gatewayv1.ParentReference) {
	r.Parents = make([]Parent, 0, len(refs))
	for i := range refs {
		ref := &refs[i]
		p := Parent{
			Index: i, Ref: ref, field: r.names.of("spec", ".parentRefs", i),
			Target: manifest.Ref{
				Group: string(or(ref.Group, gatewayGroup)), Kind: string(or(ref.Kind, kindGateway)),
				Namespace: string(or(ref.Namespace, gatewayv1.Namespace(r.Object.Ref.Namespace))), Name: string(ref.Name),
			},
		}
		p.Pos = r.Object.At(p.field)
		r.Parents = append(r.Parents, p)
	}
}

func (r routeReader) addRule(name *gatewayv1.SectionName) *Rule {
	rule := Rule{Index: len(r.Rules), Name: string(or(name, ""))}
	rule.Pos = r.Object.At(r.fieldOf(&rule))
	r.Rules = append(r.Rules, rule)
	return &r.Rules[rule.Index]
}

func (r *Route) ruleField(rule *Rule) string { return "spec.rules[" + strconv.Itoa(rule.Index) + "]" }

// fieldOf does as ruleField.
func (r routeReader) fieldOf(rule *Rule) string { return r.names.of("spec", ".rules", rule.Index) }

func (r routeReader) addBackends(rule *Rule, refs []gatewayv1.BackendRef) {
	for i := range refs {
		r.addBackend(rule, &refs[i])
	}
}

func (r routeReader) addBackend(rule *Rule, ref *gatewayv1.BackendRef) *Backend {
	b := r.newBackend(r.names.of(r.fieldOf(rule), ".backendRefs", len(rule.Backends)), ref.BackendObjectReference)
	b.Index, b.Spec, b.Weight = len(rule.Backends), ref, max(0, or(ref.Weight, 1))
	rule.Backends = append(rule.Backends, b)
	return &rule.Backends[b.Index]
}

// newBackend returns what a reference in a field names, with all defaults.
func (r routeReader) newBackend(field string, ref gatewayv1.BackendObjectReference) Backend {
	return Backend{
		field: field, Pos: r.Object.At(field), Port: or(ref.Port, 0),
		Target: manifest.Ref{
			Group: string(or(ref.Group, "")), Kind: string(or(ref.Kind, kindService)),
			Namespace: string(or(ref.Namespace, gatewayv1.Namespace(r.Object.Ref.Namespace))), Name: string(ref.Name),
		},
	}
}

// httpFilters returns the filters below a field.
func (r routeReader) httpFilters(below string, in []gatewayv1.HTTPRouteFilter) []Filter {
	out := make([]Filter, 0, len(in))
	for i := range in {
		f := r.newFilter(below, i, string(in[i].Type), in[i].RequestMirror, in[i].ExtensionRef)
		f.HTTP = &in[i]
		if auth := in[i].ExternalAuth; auth != nil {
			k := r.newBackend(f.field+".externalAuth.backendRef", auth.BackendRef)
			f.Auth = &k
		}
		out = append(out, f)
	}
	return out
}

// grpcFilters does as httpFilters.
func (r routeReader) grpcFilters(below string, in []gatewayv1.GRPCRouteFilter) []Filter {
	out := make([]Filter, 0, len(in))
	for i := range in {
		f := r.newFilter(below, i, string(in[i].Type), in[i].RequestMirror, in[i].ExtensionRef)
		f.GRPC = &in[i]
		out = append(out, f)
	}
	return out
}

func (r routeReader) newFilter(
	below string, i int, of string, mirror *gatewayv1.HTTPRequestMirrorFilter, extension *gatewayv1.LocalObjectReference,
) Filter {
	f := Filter{Index: i, Type: of, field: r.names.of(below, ".filters", i)}
	f.Pos = r.Object.At(f.field)
	if mirror != nil {
		b := r.newBackend(f.field+".requestMirror.backendRef", mirror.BackendRef)
		f.Mirror = &b
	}
	if extension != nil {
		f.Extension = manifest.Ref{
			Group: string(extension.Group), Kind: string(extension.Kind), Namespace: r.Object.Ref.Namespace, Name: string(extension.Name),
		}
	}
	return f
}
