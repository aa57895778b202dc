package manifest

import (
	"fmt"
	"strings"

	"github.com/gwsync/gwsync/render/manifest/konghq"
)

// pluginRules are the rules of KongPlugins and KongClusterPlugins, which their CRDs have in CEL or leave to the controller.
func pluginRules(p *konghq.Plugin, r report) {
	if p.ConfigFrom != nil && p.Config != nil {
		r(CodeInvalidValue, "configFrom", "must not be there beside config", "configPatches add values of Secrets to config")
	}
	if p.ConfigFrom != nil && len(p.ConfigPatches) > 0 {
		r(CodeInvalidValue, "configPatches", "must not be there beside configFrom", "write config, and what is secret as configPatches")
	}
	for i, patch := range p.ConfigPatches {
		if patch.Path != "" && !strings.HasPrefix(patch.Path, "/") {
			r.invalid(fmt.Sprintf("configPatches[%d].path", i), "must be a JSON pointer such as /redis/password, not "+quote(patch.Path))
		}
	}
}

// kongPluginRules are those of KongPlugins alone: they may name no Secret of another namespace.
func kongPluginRules(p *konghq.KongPlugin, r report) {
	own := func(ref konghq.SecretKeyRef, field string) {
		if ref.Namespace != "" {
			r(CodeUnknownField, field+".secretKeyRef.namespace", "a KongPlugin has no namespace here: its Secrets are in its own", "remove it")
		}
	}
	if p.ConfigFrom != nil {
		own(p.ConfigFrom.SecretKeyRef, "configFrom")
	}
	for i, patch := range p.ConfigPatches {
		own(patch.ValueFrom.SecretKeyRef, fmt.Sprintf("configPatches[%d].valueFrom", i))
	}
	pluginRules(&p.Plugin, r)
}
