package manifest

import (
	"slices"

	"github.com/gwsync/gwsync/render/manifest/konghq"
)

// customEntityRules are the rules of KongCustomEntities, which their CRD has in CEL.
func customEntityRules(e *konghq.KongCustomEntity, r report) {
	core := []string{"services", "routes", "upstreams", "targets", "plugins", "consumers", "consumer_groups"}
	if slices.Contains(core, e.Spec.EntityType) {
		r(CodeInvalidValue, "spec.type", "must not be a type that has a kind of its own, such as "+quote(e.Spec.EntityType), "")
	}
}
