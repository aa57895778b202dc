package bind

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/manifest/konghq"
)

// configure puts the configuration of a plugin together, and notes what is wrong with it.
func (b *builder) configure(p *Plugin) {
	p.Config = p.Spec.Config
	if from := p.Spec.ConfigFrom; from != nil {
		b.configFrom(p, from.SecretKeyRef)
	}
	for i, patch := range p.Spec.ConfigPatches {
		b.configPatch(p, patch, fmt.Sprintf("configPatches[%d]", i))
	}
	p.refuseNulls()
	if p.Spec.Ordering != nil {
		p.wrong("ordering", "an open-source Kong has no ordering of plugins: their priorities decide", "remove it")
	}
	if p.Spec.ConsumerRef != "" {
		p.note(diag.Warning, "consumerRef", "consumerRef has no effect: the plugin is for whatever refers to it",
			"refer to the plugin in the annotation "+pluginsAnnotation+" of the KongConsumer")
	}
	if p.Spec.RunOn != "" {
		p.note(diag.Warning, "run_on", "run_on has no effect since Kong 2.0", "remove it")
	}
}

// refuseNulls refuses a configuration with nulls, which Kong tells from fields that are not there: those have their defaults.
func (p *Plugin) refuseNulls() {
	path, found := null(p.Spec.Config, "config")
	if !found {
		if _, found = null(p.Config, ""); !found {
			return
		}
		path = "configFrom" // what the Secret holds is not told
		if p.Spec.ConfigFrom == nil {
			path = "configPatches"
		}
	}
	p.wrong(path, "gwsync writes no null: Kong would take the field's default instead, where it has one",
		"write the value that is meant, or remove the field")
}

// wrong notes why a plugin cannot be used.
func (p *Plugin) wrong(field, message, hint string) {
	p.Reason, p.Config = InvalidPluginConfig, nil
	p.note(diag.Error, field, message, hint)
}

func (p *Plugin) note(severity diag.Severity, field, message, hint string) {
	p.problems = append(p.problems, diag.Finding{
		Severity: severity, Code: InvalidPluginConfig, Object: p.Object.Ref.Diag(), Pos: p.Object.At(field), Field: field,
		Message: message, Hint: hint,
	})
}

// configFrom takes the whole configuration from a Secret.
func (b *builder) configFrom(p *Plugin, ref konghq.SecretKeyRef) {
	const field = "configFrom"
	text, ok := b.secretKey(p, ref, field)
	if !ok {
		return
	}
	value, err := manifest.Value(text)
	config, isObject := value.(map[string]any)
	switch {
	case err != nil:
		p.wrong(field, say("the value of key %s of the Secret is no configuration: %s", ref.Key, err.Error()), "write it in JSON or YAML")
	case !isObject:
		p.wrong(field, say("the value of key %s of the Secret is no configuration: it is no object", ref.Key), "write it in JSON or YAML")
	default:
		p.Config, p.Secrets = config, [][]string{{}}
	}
}

// secretKey returns the text under a key of a Secret.
func (b *builder) secretKey(p *Plugin, ref konghq.SecretKeyRef, field string) ([]byte, bool) {
	target := manifest.Ref{Kind: kindSecret, Namespace: ref.Namespace, Name: ref.Name}
	if p.Object.Ref.Kind == kindKongPlugin {
		target.Namespace = p.Object.Ref.Namespace
	}
	field += ".secretKeyRef"
	if b.set.Invalid(target) {
		p.wrong(field+".name", say("%s has errors of its own", target), "correct them first")
		return nil, false
	}
	object, _ := b.set.Get(target)
	secret, ok := object.Typed.(*corev1.Secret)
	if !ok {
		p.wrong(field+".name", say("%s is not among the manifests", target), "add the Secret")
		return nil, false
	}
	text, ok := secret.Data[ref.Key]
	if !ok {
		p.wrong(field+".key", say("%s has no key %s", target, ref.Key), b.otherKeys(secret, ref.Key))
	}
	return text, ok
}

// otherKeys says which key of a Secret may have been meant.
func (b *builder) otherKeys(s *corev1.Secret, key string) string {
	keys := slices.Sorted(maps.Keys(s.Data))
	if near := b.guess.nearest(key, keys); len(near) > 0 {
		return say("did you mean %s?", either(near, 3))
	}
	if len(keys) == 0 {
		return "the Secret holds nothing"
	}
	return say("it has %s", some(keys, 5))
}

// configPatch adds a value of a Secret to the configuration.
func (b *builder) configPatch(p *Plugin, patch konghq.ConfigPatch, field string) {
	text, ok := b.secretKey(p, patch.ValueFrom.SecretKeyRef, field+".valueFrom")
	if !ok || p.Reason != "" {
		return
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&value); err != nil || len(bytes.TrimSpace(text[d.InputOffset():])) > 0 {
		p.wrong(field+".valueFrom", say("the value of key %s of the Secret is not JSON", patch.ValueFrom.SecretKeyRef.Key),
			"write text in double quotes within the Secret")
		return
	}
	config, at, err := addAt(p.Config, pointer(patch.Path), value)
	if err != nil {
		p.wrong(field+".path", say("nothing can be added at %s: %s", patch.Path, err.Error()), "")
		return
	}
	if object, ok := config.(map[string]any); ok {
		p.Config, p.Secrets = object, append(p.Secrets, at)
	} else {
		p.wrong(field+".valueFrom", "a configuration must be an object", "")
	}
}

// pointer returns the steps of a JSON pointer (RFC 6901); none for all of a document.
func pointer(path string) []string {
	if path == "" {
		return nil
	}
	steps := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
	}
	return steps
}

// addAt returns a document with a value added as the operation "add" of RFC 6902 does it, and where it is now. Objects and lists on the way
// that are not there are made, as the Ingress Controller makes them. What it is given stays as it is.
func addAt(v any, steps []string, value any) (any, []string, error) {
	if len(steps) == 0 {
		return value, nil, nil
	}
	if v == nil && (steps[0] == "-" || steps[0] == "0") {
		v = []any{}
	}
	switch v := v.(type) {
	case nil:
		return addToObject(nil, steps, value)
	case map[string]any:
		return addToObject(v, steps, value)
	case []any:
		return addToList(v, steps, value)
	}
	return nil, nil, fmt.Errorf("there is no object or list around %s", steps[0])
}

func addToObject(v map[string]any, steps []string, value any) (any, []string, error) {
	below, at, err := addAt(v[steps[0]], steps[1:], value)
	if err != nil {
		return nil, nil, err
	}
	out := maps.Clone(v)
	if out == nil {
		out = map[string]any{}
	}
	out[steps[0]] = below
	return out, append([]string{steps[0]}, at...), nil
}

// addToList inserts a value, or adds it to an item. All of the list counts as what the Secret holds: items move.
func addToList(v []any, steps []string, value any) (any, []string, error) {
	if steps[0] == "-" {
		steps = append([]string{strconv.Itoa(len(v))}, steps[1:]...)
	}
	i, err := strconv.Atoi(steps[0])
	if err != nil || i < 0 || i > len(v) || strconv.Itoa(i) != steps[0] {
		return nil, nil, errors.New("the list has " + count(len(v), "item"))
	}
	if len(steps) == 1 {
		return slices.Insert(slices.Clone(v), i, value), nil, nil
	}
	var item any
	if i < len(v) {
		item = v[i]
	}
	below, _, err := addAt(item, steps[1:], value)
	if err != nil {
		return nil, nil, err
	}
	out := slices.Clone(v)
	if i == len(v) {
		out = append(out, nil)
	}
	out[i] = below
	return out, nil, nil
}

// null returns the place of an object's field that is null, if there is one.
func null(v any, path string) (string, bool) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if v[key] == nil {
				return path + "." + key, true
			}
			if at, found := null(v[key], path+"."+key); found {
				return at, true
			}
		}
	case []any:
		for i := range v {
			if at, found := null(v[i], path+"["+strconv.Itoa(i)+"]"); found {
				return at, true
			}
		}
	}
	return "", false
}
