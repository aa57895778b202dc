package manifest

import "github.com/gwsync/gwsync/render/manifest/konghq"

// consumerRules are the rules of KongConsumers, which their CRD has in CEL.
func consumerRules(c *konghq.KongConsumer, r report) {
	if c.Username == "" && c.CustomID == "" {
		r(CodeMissingField, "username", "username or custom_id is required", "")
	}
	controlPlaneRules(c.Spec.ControlPlaneRef, r)
}

// controlPlaneRules are the rules of references to control planes.
func controlPlaneRules(ref *konghq.ControlPlaneRef, r report) {
	const field = "spec.controlPlaneRef"
	switch {
	case ref == nil:
	case ref.Type == "konnectID":
		r.invalid(field+".type", "konnectID is not supported by the CRD")
	case ref.Type == "konnectNamespacedRef" && ref.KonnectNamespacedRef == nil:
		r(CodeMissingField, field+".konnectNamespacedRef", "konnectNamespacedRef is required for that type", "")
	case !ref.Konnect() && ref.KonnectNamespacedRef != nil:
		r.invalid(field+".konnectNamespacedRef", "must be set for the type konnectNamespacedRef only")
	case ref.KonnectID != "":
		r.invalid(field+".konnectID", "must be set for the type konnectID only")
	}
}
