package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// Explanation says why an entity is there and what it is made of.
type Explanation struct {
	Entity kong.Entity
	// Sources are the parts of the manifests behind the entity's fields, by field. What none is for follows from the part of a manifest
	// that the entity comes from as a whole, its Origin, or is the same for all.
	Sources []Source
}

// Source is a part of a manifest that a field of an entity was made of.
type Source struct {
	// Field is the entity's: "hosts", "config.add.headers".
	Field string
	kong.Origin
}

// Explain returns what each entity that [Translate] makes of a graph comes from, in the order of the state.
//
// Of plugins it is what the translation itself noted. Of other kinds it is what the fields of the kind are made of: every part of the
// manifests that has a say in the field, though another may have had the last word.
func Explain(g *bind.Graph, target Target) []Explanation {
	t := &translator{notes: newNotes(true)}
	state := t.translate(g, target)
	x := explainer{graph: g, objects: map[diag.Object]manifest.Object{}}
	for o := range g.Set().All() {
		x.objects[o.Ref.Diag()] = o
	}
	var out []Explanation
	for e := range state.All() {
		sources := append(x.sources(e), t.sources[e.Key()]...)
		slices.SortFunc(sources, compareSources)
		out = append(out, Explanation{Entity: e, Sources: slices.Compact(sources)})
	}
	return out
}

func compareSources(a, b Source) int {
	return cmp.Or(cmp.Compare(a.Field, b.Field), compareOrigins(a.Origin, b.Origin))
}

// explainPlugin notes what a plugin was merged of.
func (t *translator) explainPlugin(e made, p *plugin, origin *kong.Origin) {
	if e.isZero() || t.sources == nil {
		return
	}
	parts := p.merged
	if parts == nil {
		parts = []*plugin{p}
	}
	for _, part := range parts {
		from := *origin
		if !part.pos.IsZero() {
			from = kong.Origin{Object: part.diag(origin.Object), Field: part.field, Pos: part.pos}
		}
		fields := slices.Collect(leaves(part.config, "config"))
		fields = slices.AppendSeq(fields, maps.Keys(part.fields))
		for _, f := range fields {
			t.sources[e.Key] = append(t.sources[e.Key], Source{Field: f, Origin: from})
		}
	}
}

// leaves iterates over the paths of all values in m that are no maps.
func leaves(m map[string]any, path string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k, v := range m {
			if below, ok := v.(map[string]any); ok && len(below) > 0 {
				for p := range leaves(below, path+"."+k) {
					if !yield(p) {
						return
					}
				}
			} else if !yield(path + "." + k) {
				return
			}
		}
	}
}

// explainer finds the parts of manifests behind entities.
type explainer struct {
	graph   *bind.Graph
	objects map[diag.Object]manifest.Object
}

// sources returns what the fields of an entity are made of.
func (x *explainer) sources(e kong.Entity) []Source {
	o, ok := x.objects[e.Origin().Object]
	if !ok || e.Kind() == kong.Plugins {
		return nil
	}
	objects := []manifest.Object{o}
	parts := map[string][]kong.Origin{}
	if r, ok := x.graph.Route(o.Ref); ok {
		rule := ruleOf(r, e.Origin().Field)
		parts = partsOf(r, rule, e)
		if rule != nil {
			for _, b := range rule.Backends {
				if b.Service != nil {
					objects = append(objects, *b.Object)
				}
			}
		}
	}
	var out []Source
	for name := range e.Fields() {
		for _, from := range parts[name] {
			out = append(out, Source{Field: name, Origin: from})
		}
		for _, o := range objects {
			if from, ok := annotationFor(o, name); ok {
				out = append(out, Source{Field: name, Origin: from})
			}
		}
	}
	return out
}

// ruleOf returns the rule that a field stands in, nil if it stands in none.
func ruleOf(r *bind.Route, field string) *bind.Rule {
	var i int
	if _, err := fmt.Sscanf(field, "spec.rules[%d]", &i); err != nil || i < 0 || i >= len(r.Rules) {
		return nil
	}
	return &r.Rules[i]
}

// annotationFor returns where an object's annotation stands that is for a field of an entity: konghq.com/read-timeout for read_timeout.
func annotationFor(o manifest.Object, field string) (kong.Origin, bool) {
	_, at, ok := annotation(o.Annotations(), strings.ReplaceAll(field, "_", "-"))
	return kong.Origin{Object: o.Ref.Diag(), Field: at, Pos: o.At(at)}, ok
}

// partsOf returns the parts of a route, and of what it refers to, behind the fields of an entity.
func partsOf(r *bind.Route, rule *bind.Rule, e kong.Entity) map[string][]kong.Origin {
	whole := []kong.Origin{e.Origin()}
	hostnames := listenersOf(r)
	if len(r.Hostnames) > 0 {
		hostnames = append(hostnames, partOf(r.Object, "spec.hostnames"))
	}
	switch e.Kind() {
	case kong.Routes:
		match := slices.Concat(whole, hostnames)
		parts := map[string][]kong.Origin{
			"expression": match, "priority": match, "regex_priority": match, "hosts": hostnames, "snis": hostnames,
			"paths": whole, "methods": whole, "headers": whole, "protocols": listenersOf(r), "destinations": listenersOf(r),
		}
		if rule != nil {
			parts["service"], parts["strip_path"] = backendsOf(r, rule), prefixesOf(r, rule)
		}
		return parts
	case kong.Services:
		return servicePartsOf(r, rule)
	case kong.Upstreams, kong.Targets:
		if rule != nil {
			backends := backendsOf(r, rule)
			return map[string][]kong.Origin{"name": backends, "target": backends, "weight": backends}
		}
	}
	return nil
}

// servicePartsOf is [partsOf] for the Service of a rule.
func servicePartsOf(r *bind.Route, rule *bind.Rule) map[string][]kong.Origin {
	if rule == nil {
		return nil
	}
	backends := backendsOf(r, rule)
	parts := map[string][]kong.Origin{"host": backends, "port": backends, "path": prefixesOf(r, rule)}
	at := func(field string) kong.Origin {
		return partOf(r.Object, fmt.Sprintf("spec.rules[%d].%s", rule.Index, field))
	}
	if h := rule.HTTP; h != nil && h.Timeouts != nil {
		for _, name := range []string{"connect_timeout", "read_timeout", "write_timeout", "retries"} {
			parts[name] = append(parts[name], at("timeouts"))
		}
	}
	if h := rule.HTTP; h != nil && h.Retry != nil {
		parts["retries"] = append(parts["retries"], at("retry"))
	}
	for _, b := range rule.Backends {
		if b.ServicePort != nil && b.ServicePort.AppProtocol != nil {
			i := slices.IndexFunc(b.Service.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == b.Port })
			parts["protocol"] = append(parts["protocol"], partOf(*b.Object, fmt.Sprintf("spec.ports[%d].appProtocol", i)))
		}
		if b.Policy == nil {
			continue
		}
		for _, name := range []string{"protocol", "tls_verify", "ca_certificates", "client_certificate", "tls_verify_depth"} {
			parts[name] = append(parts[name], partOf(b.Policy.Object, "spec.validation"))
		}
	}
	return parts
}

// listenersOf returns the listeners that serve a route.
func listenersOf(r *bind.Route) []kong.Origin {
	var out []kong.Origin
	for _, b := range r.Bindings() {
		l := b.Listener
		out = append(out, kong.Origin{Object: l.Object.Ref.Diag(), Field: fmt.Sprintf("spec.listeners[%d]", l.Index), Pos: l.Pos})
	}
	return out
}

// backendsOf returns the backendRefs of a route's rule.
func backendsOf(r *bind.Route, rule *bind.Rule) []kong.Origin {
	var out []kong.Origin
	for _, b := range rule.Backends {
		field := fmt.Sprintf("spec.rules[%d].backendRefs[%d]", rule.Index, b.Index)
		out = append(out, kong.Origin{Object: r.Object.Ref.Diag(), Field: field, Pos: b.Pos})
	}
	return out
}

// prefixesOf returns the filters of a rule that replace a prefix of the path.
func prefixesOf(r *bind.Route, rule *bind.Rule) []kong.Origin {
	if rule.HTTP == nil {
		return nil
	}
	var out []kong.Origin
	for i, f := range rule.HTTP.Filters {
		if f.URLRewrite != nil && f.URLRewrite.Path != nil && f.URLRewrite.Path.ReplacePrefixMatch != nil {
			out = append(out, partOf(r.Object, fmt.Sprintf("spec.rules[%d].filters[%d]", rule.Index, i)))
		}
	}
	return out
}

func partOf(o manifest.Object, field string) kong.Origin {
	return kong.Origin{Object: o.Ref.Diag(), Field: field, Pos: o.At(field)}
}
