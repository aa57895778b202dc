package render

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/manifest/konghq"
)

// vaults renders the KongVaults of this Kong.
func (t *translator) vaults() {
	owners := map[string]manifest.Object{}
	for o, v := range manifest.Of[konghq.KongVault](t.set) {
		if !t.ours(o) || t.konnect(o, v.Spec.ControlPlaneRef) {
			continue
		}
		if first, ok := owners[v.Spec.Prefix]; ok {
			t.report(collision(o, "spec.prefix", fmt.Sprintf("its prefix is that of %s", first.Ref), first.At("spec.prefix")))
			continue
		}
		owners[v.Spec.Prefix] = o
		if field, err := checkVault(v.Spec); err != nil {
			t.report(unsupported(o, field, err.Error()))
			continue
		}
		fields := map[string]any{"name": v.Spec.Backend, "prefix": v.Spec.Prefix}
		if v.Spec.Description != "" {
			fields["description"] = v.Spec.Description
		}
		if v.Spec.Config != nil {
			fields["config"] = v.Spec.Config
		}
		t.add(kong.Vaults, kong.ID(kong.Vaults, v.Spec.Prefix), fields, append(t.tagsOf(o), v.Spec.Tags...),
			&kong.Origin{Object: o.Ref.Diag(), Field: "spec", Pos: o.At("spec")})
	}
}

// checkVault returns what an open-source Kong would not take of a vault, and the field.
//
// Source: Kong 3.9.3, kong/db/schema/entities/vaults.lua and kong/vaults/env/schema.lua.
func checkVault(v konghq.KongVaultSpec) (field string, err error) {
	prefix := regexp.MustCompile(`^[a-z][-a-z0-9]*[a-z0-9]$`)
	switch {
	case v.Backend != "env":
		return "spec.backend", errors.New("an open-source Kong has vaults of type env only: others take an Enterprise Kong")
	case v.Prefix == "env":
		return "spec.prefix", errors.New(`"env" is the prefix of the vault that Kong has by itself`)
	case !prefix.MatchString(v.Prefix):
		return "spec.prefix", errors.New("kong takes a prefix of two or more lower-case letters, digits and hyphens, that begins with a letter " +
			"and does not end with a hyphen")
	}
	variable := regexp.MustCompile(`^[-_a-zA-Z][-_a-zA-Z0-9]*$`)
	for _, name := range slices.Sorted(maps.Keys(v.Config)) {
		field := "spec.config." + name
		if name != "prefix" {
			return field, fmt.Errorf("a vault of type env has no %s, but only prefix", strings.TrimPrefix(field, "spec."))
		}
		if s, ok := v.Config[name].(string); !ok || !variable.MatchString(s) {
			return field, errors.New("it is the beginning of the names of environment variables: want letters, digits, '_' and '-'")
		}
	}
	return "", nil
}
