package render

import (
	"cmp"
	"fmt"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/manifest/konghq"
)

// consumers renders the KongConsumers of this Kong with their credentials, and reports what is a credential of nobody.
func (t *translator) consumers() {
	c := credentials{translator: t, owners: map[credentialKey]manifest.Object{}, used: map[manifest.Ref]bool{}}
	customIDs := map[string]manifest.Object{}
	for o, spec := range manifest.Of[konghq.KongConsumer](t.set) {
		if !t.ours(o) || t.konnect(o, spec.Spec.ControlPlaneRef) {
			continue
		}
		if first, ok := customIDs[spec.CustomID]; ok && spec.CustomID != "" {
			t.report(collision(o, "custom_id", fmt.Sprintf("its custom_id is that of %s", first.Ref), first.At("custom_id")))
			continue
		}
		customIDs[spec.CustomID] = o
		e := t.consumer(o, spec)
		if e.isZero() {
			continue
		}
		t.consumerPlugins(o, e)
		for i := range spec.Credentials {
			c.add(o, spec, i, e)
		}
	}
	t.refuseGroups()
	c.warnOfUnused()
}

// consumer adds the Consumer of a KongConsumer. Its id is the Ingress Controller's, if it has a username.
func (t *translator) consumer(o manifest.Object, spec *konghq.KongConsumer) made {
	fields, field := map[string]any{}, "custom_id"
	if spec.CustomID != "" {
		fields["custom_id"] = spec.CustomID
	}
	if spec.Username != "" {
		fields["username"], field = spec.Username, "username"
	}
	id := kong.ID(kong.Consumers, cmp.Or(spec.Username, "custom_id:"+spec.CustomID))
	for i := range spec.ConsumerGroups {
		t.report(unsupported(o, fmt.Sprintf("consumerGroups[%d]", i),
			"an open-source Kong has no consumer groups: they need Kong Enterprise"))
	}
	return t.add(kong.Consumers, id, fields, t.tagsOf(o), &kong.Origin{Object: o.Ref.Diag(), Field: field, Pos: o.At("")})
}

// refuseGroups reports the KongConsumerGroups of this Kong, which it cannot have.
func (t *translator) refuseGroups() {
	for o, spec := range manifest.Of[konghq.KongConsumerGroup](t.set) {
		if !t.ours(o) || t.konnect(o, spec.Spec.ControlPlaneRef) {
			continue
		}
		f := unsupported(o, "", "an open-source Kong has no consumer groups: they need Kong Enterprise")
		f.Hint = "give the consumers credentials of type acl, and the routes plugin acl"
		t.report(f)
	}
}

// konnect reports whether an object is for a control plane in Kong Konnect, and says so.
func (t *translator) konnect(o manifest.Object, ref *konghq.ControlPlaneRef) bool {
	if ref.Konnect() {
		t.foreign(o, "spec.controlPlaneRef", "konnect")
	}
	return ref.Konnect()
}

// collision says that an object's entity would be called as that of another.
func collision(o manifest.Object, field, message string, first diag.Pos) diag.Finding {
	f := unsupported(o, field, message)
	f.Code, f.Related = NameCollision, []diag.Pos{first}
	f.Hint = "change one of the two"
	return f
}
