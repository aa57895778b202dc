package bind

import (
	"fmt"
	"iter"

	corev1 "k8s.io/api/core/v1"

	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/manifest/konghq"
)

const (
	kindKongConsumerGroup  = "KongConsumerGroup"
	kindKongUpstreamPolicy = "KongUpstreamPolicy"
	// policyAnnotation names the KongUpstreamPolicy of a Service.
	policyAnnotation = "konghq.com/upstream-policy"
)

// explainKong explains an object of the Ingress Controller's kinds that is no plugin of ours.
func (c checker) explainKong(o manifest.Object) (Explanation, bool) {
	e := c.explainTarget(o)
	switch t := o.Typed.(type) {
	case *konghq.KongUpstreamPolicy:
		return e, true
	case *konghq.KongConsumer:
		e.Verdict = "a Consumer of Kong"
	case *konghq.KongConsumerGroup:
		e.OK, e.Verdict = false, "of no effect: an open-source Kong has no consumer groups"
	case *konghq.KongVault:
		e.Verdict = "a Vault of Kong"
	case *konghq.KongCustomEntity:
		e.Verdict = say("one of Kong's %s", t.Spec.EntityType)
		if t.Spec.ControllerName != c.IngressClass() {
			return notOurs(e, t.Spec.ControllerName, c.IngressClass()), true
		}
	case *konghq.KongClusterPlugin:
	default:
		return e, false
	}
	if !c.ofOurClass(o) {
		return notOurs(e, o.Annotations()[classAnnotation], c.IngressClass()), true
	}
	for n := range namings(o) {
		part := c.explainNaming(n)
		e.Parts, e.OK = append(e.Parts, part), e.OK && part.OK
	}
	for _, part := range c.explainPlugins(o) {
		e.Parts, e.OK = append(e.Parts, part), e.OK && part.OK
	}
	return e, true
}

// notOurs says that an object is for another controller.
func notOurs(e Explanation, class, ours string) Explanation {
	e.OK, e.Verdict = true, say("not ours: it is of the Ingress class %s, not %s", class, ours)
	return e
}

// naming is what an object names that no ReferenceGrant has a say in: what the Ingress Controller reads there.
type naming struct {
	object manifest.Object
	field  string
	target manifest.Ref
}

// namings iterates over what an object of the Ingress Controller's kinds, or the annotation of a Service, names beside plugins.
func namings(o manifest.Object) iter.Seq[naming] {
	return func(yield func(naming) bool) {
		own := func(field, group, kind, name string) bool {
			return yield(naming{o, field, manifest.Ref{Group: group, Kind: kind, Namespace: o.Ref.Namespace, Name: name}})
		}
		switch t := o.Typed.(type) {
		case *konghq.KongConsumer:
			for i, name := range t.Credentials {
				if !own(fmt.Sprintf("credentials[%d]", i), "", kindSecret, name) {
					return
				}
			}
			for i, name := range t.ConsumerGroups {
				if !own(fmt.Sprintf("consumerGroups[%d]", i), konghq.Group, kindKongConsumerGroup, name) {
					return
				}
			}
		case *konghq.KongPlugin:
			secretNamings(o, &t.Plugin, yield)
		case *konghq.KongClusterPlugin:
			secretNamings(o, &t.Plugin, yield)
		case *corev1.Service:
			if name := t.Annotations[policyAnnotation]; name != "" {
				own("metadata.annotations["+policyAnnotation+"]", konghq.Group, kindKongUpstreamPolicy, name)
			}
		}
	}
}

// secretNamings iterates over the Secrets that hold configuration of a plugin.
func secretNamings(o manifest.Object, p *konghq.Plugin, yield func(naming) bool) {
	secret := func(field string, r konghq.SecretKeyRef) bool {
		target := manifest.Ref{Kind: kindSecret, Namespace: o.Ref.Namespace, Name: r.Name}
		if o.Ref.Kind == kindKongClusterPlugin {
			target.Namespace = r.Namespace
		}
		return yield(naming{o, field, target})
	}
	if p.ConfigFrom != nil && !secret("configFrom", p.ConfigFrom.SecretKeyRef) {
		return
	}
	for i, patch := range p.ConfigPatches {
		if !secret(fmt.Sprintf("configPatches[%d]", i), patch.ValueFrom.SecretKeyRef) {
			return
		}
	}
}

// explainNaming tells whether what is named is there.
func (c checker) explainNaming(n naming) Explanation {
	pos := n.object.At(n.field)
	e := Explanation{Title: say("%s: %s", n.field, n.target), Pos: pos, OK: true, Verdict: "resolved"}
	if o, ok := c.set.Get(n.target); ok {
		e.Checks = []Check{pass(checkExists, o.At(""), "%s is there", n.target)}
		return e
	}
	meant := func() string { return say("add the %s", n.target) }
	e.OK, e.Verdict = false, "not resolved: "+UnsupportedValue
	e.Checks = []Check{c.absent(checkExists, UnsupportedValue, pos, n.target, meant).in(n.field)}
	return e
}

// namedBy tells which objects name another.
func (c checker) namedBy(r manifest.Ref) []Explanation {
	var out []Explanation
	for o := range c.set.All() {
		for n := range namings(o) {
			if n.target == r {
				out = append(out, Explanation{Title: say("%s %s", o.Ref, n.field), Pos: o.At(n.field), OK: true, Verdict: "resolved"})
			}
		}
	}
	return out
}
