package config

import (
	"strings"

	"github.com/spf13/pflag"
)

// Schema returns the JSON schema of a configuration file, for editors. The flags are those of all verbs.
func Schema(flags *pflag.FlagSet) map[string]any {
	settings := map[string]any{}
	flags.VisitAll(func(f *pflag.Flag) {
		if !Excluded(f.Name) && !IsSecret(f.Name) {
			settings[f.Name] = property(f)
		}
	})
	top := map[string]any{targetsKey: map[string]any{
		"description":   "Kongs by name, for --target and --all-targets",
		"type":          "object",
		"propertyNames": map[string]any{"pattern": "^[A-Za-z0-9._-]+$"},
		"additionalProperties": map[string]any{
			"type": []string{"object", "null"}, "properties": settings, "additionalProperties": false,
		},
	}}
	for name, p := range settings {
		top[name] = p
	}
	return map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "gwsync configuration (" + Name + ")",
		"type": "object", "properties": top, "additionalProperties": false,
	}
}

// property returns the schema of a flag's value. YAML's scalars are taken as they are written, so that a number is a text, too.
func property(f *pflag.Flag) map[string]any {
	_, usage := pflag.UnquoteUsage(f)
	out := map[string]any{"description": strings.ReplaceAll(usage, "\n", " ")}
	scalar := []string{"string", "number", "boolean"}
	switch f.Value.Type() {
	case "bool":
		scalar = []string{"boolean"}
	case "int":
		scalar = []string{"integer"}
	}
	out["type"] = scalar
	if _, many := f.Value.(pflag.SliceValue); many {
		out["type"] = append(scalar, "array")
		out["items"] = map[string]any{"type": scalar}
	}
	return out
}
